"""An outcome as a row of `usage`: integers for money and time, and text that any SQL store can keep."""

from functools import lru_cache

import msgspec
from sqlalchemy.dialects import sqlite

from pointsman.core.routing.outcome import FurtherCost, Outcome
from pointsman.storage.tables import usage

UsageValues = tuple[str | int | None, ...]
"""The values of one row, in the order of `COLUMNS`."""

COLUMNS = tuple(column.name for column in usage.columns if column.name != "seq")

ROWS_PER_STATEMENT = 100

_INSERT_ROW = str(
    sqlite.insert(usage)
    .values(dict.fromkeys(COLUMNS, 0))
    # Not INSERT OR IGNORE: that would also swallow a missing value.
    .on_conflict_do_nothing(index_elements=["request_id"])
    .compile(dialect=sqlite.dialect())
)

LARGEST_VOCABULARY = 4_096
MOST_COST_NUSD = 10**15
"""A million dollars for one request is a mistake, and would in the end overflow the sums."""


@lru_cache(ROWS_PER_STATEMENT)
def insert_rows(count: int) -> str:
    """One statement for `count` rows, to be run with all their values in one tuple.

    One, because the driver lets go of Python's lock and takes it again for each statement that it runs: with one per
    row, writing beside a busy event loop cost more in handing the lock over than in writing.
    """
    row = f"({', '.join('?' * len(COLUMNS))})"
    assert _INSERT_ROW.count(row) == 1
    return _INSERT_ROW.replace(row, ", ".join([row] * count))


def row_values(outcome: Outcome) -> UsageValues:
    """The row of an outcome.

    Raises:
        ValueError: when its cost is absurd.
    """
    if outcome.cost_nusd is not None and not 0 <= outcome.cost_nusd <= MOST_COST_NUSD:
        raise ValueError(f"a cost of {outcome.cost_nusd} nUSD is absurd")
    usage = outcome.usage
    return (
        storable_text(outcome.request_id),
        outcome.at_ms,
        _known_text(outcome.agent),
        _known_text(outcome.model),
        _known_text(outcome.provider),
        _known_text(outcome.upstream_model),
        _known_text(outcome.key_id),
        _known_text(outcome.revision),
        outcome.status,
        _known_text(outcome.failure),
        int(outcome.stream),
        outcome.attempts,
        usage.input_tokens if usage is not None else None,
        usage.output_tokens if usage is not None else None,
        usage.cached_input_tokens if usage is not None else None,
        usage.reasoning_tokens if usage is not None else None,
        outcome.cost_nusd,
        outcome.cost_status,
        round(outcome.latency_ms * 1_000),
        round(outcome.first_content_ms * 1_000) if outcome.first_content_ms is not None else None,
        _tags_text(outcome.tags),
        _known_text(outcome.interaction),
        _known_text(outcome.team),
        storable_text(outcome.user),
        outcome.location,
        _further_text(outcome.further) if outcome.further else None,
    )


def storable_text(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD: SQLite cuts at the one, no encoder takes the other."""
    if "\0" not in text and (text.isascii() or _is_encodable(text)):
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


# These texts come from the configuration or a closed set, so few of them cover all rows.
_known_text = lru_cache(LARGEST_VOCABULARY)(storable_text)


def _further_text(further: tuple[FurtherCost, ...]) -> str:
    storable = [
        msgspec.structs.replace(each, model=_known_text(each.model), provider=_known_text(each.provider))
        for each in further
    ]
    return msgspec.json.encode(storable).decode()


@lru_cache(LARGEST_VOCABULARY)
def _tags_text(tags: tuple[str, ...]) -> str:
    return msgspec.json.encode([storable_text(tag) for tag in tags]).decode()
