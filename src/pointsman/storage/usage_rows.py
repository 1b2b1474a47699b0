"""Outcomes and ledger entries as rows: integers for money and time, and text that any SQL store can keep."""

import json
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Row

from pointsman.core.chat.usage import Usage, restore_further, write_further
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.core.routing.outcome import Outcome
from pointsman.storage.money_tables import ledger
from pointsman.storage.tables import usage

Values = tuple[str | int | None, ...]
"""The values of one row, in the order of its columns."""

USAGE_COLUMNS = tuple(column.name for column in usage.columns if column.name != "seq")
LEDGER_COLUMNS = tuple(column.name for column in ledger.columns if column.name != "seq")

_ENTRY_TEXTS = (
    "agent", "interaction", "task", "team", "user", "key_id", "experiment", "session",
    "model", "provider", "upstream_model", "location", "operation", "part", "failure", "status", "prices",
)  # fmt: skip

LARGEST_VOCABULARY = 4_096
MOST_COST_NUSD = 10**15
"""A million dollars for one request is a mistake, and would in the end overflow the sums."""


def request_values(outcome: Outcome) -> Values:
    """The row of an outcome.

    Raises:
        ValueError: when its cost is absurd.
    """
    _check_cost(outcome.cost_nusd)
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
        tags_text(outcome.tags),
        _known_text(outcome.interaction),
        _known_text(outcome.team),
        storable_text(outcome.user),
        outcome.location,
        outcome.operation,
        _known_text(outcome.task),
        _known_text(outcome.experiment),
        storable_text(outcome.session),
        usage.cache_write_tokens if usage is not None else None,
    )


def entry_values(entry: LedgerEntry, now_ms: int) -> Values:
    """The row of an entry; one that does not say when it was made is made now.

    Raises:
        ValueError: when its cost is absurd.
    """
    _check_cost(entry.cost_nusd if entry.cost_nusd is None else abs(entry.cost_nusd))
    usage = entry.usage
    return (
        storable_text(entry.request_id),
        entry.attempt,
        entry.kind,
        entry.at_ms,
        entry.booked_at_ms or now_ms,
        _known_text(entry.agent),
        _known_text(entry.interaction),
        _known_text(entry.task),
        _known_text(entry.team),
        storable_text(entry.user),
        _known_text(entry.key_id),
        _known_text(entry.experiment),
        storable_text(entry.session),
        tags_text(entry.tags),
        _known_text(entry.model),
        _known_text(entry.provider),
        _known_text(entry.upstream_model),
        entry.location,
        entry.operation,
        entry.part,
        _known_text(entry.failure),
        usage.input_tokens if usage is not None else None,
        usage.output_tokens if usage is not None else None,
        usage.cached_input_tokens if usage is not None else None,
        usage.cache_write_tokens if usage is not None else None,
        usage.reasoning_tokens if usage is not None else None,
        entry.cost_nusd,
        entry.status,
        _known_text(entry.prices),
        write_further(usage),
    )


def storable_text(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD: SQLite cuts at the one, no encoder takes the other."""
    if "\0" not in text and (text.isascii() or _is_encodable(text)):
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _check_cost(cost_nusd: int | None) -> None:
    if cost_nusd is not None and not 0 <= cost_nusd <= MOST_COST_NUSD:
        raise ValueError(f"a cost of {cost_nusd} nUSD is absurd")


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


# These texts come from the configuration or a closed set, so few of them cover all rows.
_known_text = lru_cache(LARGEST_VOCABULARY)(storable_text)


@lru_cache(LARGEST_VOCABULARY)
def tags_text(tags: tuple[str, ...]) -> str:
    """Tags as a JSON list."""
    return msgspec.json.encode([storable_text(tag) for tag in tags]).decode()


def read_entry(row: Row[*tuple[Any, ...]]) -> LedgerEntry:
    """A row of the ledger as an entry."""
    values = row._mapping
    usage = None
    if values["input_tokens"] is not None and values["output_tokens"] is not None:
        usage = Usage(
            values["input_tokens"],
            values["output_tokens"],
            values["cached_input_tokens"] or 0,
            values["reasoning_tokens"] or 0,
            values["cache_write_tokens"] or 0,
            restore_further(values["further_counts"]),
        )
    return LedgerEntry(
        request_id=values["request_id"],
        attempt=values["attempt"],
        kind=values["kind"],
        at_ms=values["at_ms"],
        booked_at_ms=values["booked_at_ms"],
        tags=tuple(json.loads(values["tags"])),
        usage=usage,
        cost_nusd=values["cost_nusd"],
        **{name: values[name] for name in _ENTRY_TEXTS},
    )
