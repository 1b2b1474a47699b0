"""Decisions reach the database in batches, apart from usage: whatever becomes of a record, no money depends on it."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from pointsman.core.config.recorded_configuration import RecordedConfiguration
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.conceal import is_key
from pointsman.core.routing.decision import Refusal
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.record import Settled, build_record, encode_record, name_caller
from pointsman.storage.batch_writer import BatchWriter, RowKind, WriterLimits
from pointsman.storage.database import Database
from pointsman.storage.decisions_configurations import FollowedConfigurations
from pointsman.storage.insertions import Insertion, insert_new
from pointsman.storage.tables import decisions
from pointsman.storage.usage_rows import storable_text

LIMITS = WriterLimits(most_waiting_rows=20_000)
LARGEST_RECORD_BYTES = 1024 * 1024
MOST_PLAIN_RECORDS = 2_000

_COLUMNS = tuple(column.name for column in decisions.columns if column.name != "seq")
_ROWS = Insertion(decisions, _COLUMNS, ("request_id",))

Values = tuple[str | int | bytes | None, ...]


class DecisionsWriter(BatchWriter[Settled]):
    """Takes settled calls in and writes what is kept of their decisions."""

    def __init__(self, database: Database, limits: WriterLimits = LIMITS) -> None:
        self._configurations = FollowedConfigurations()
        self._plain = _PlainRecords()
        super().__init__(database, RowKind("decision record", self._write, _name_request), limits)

    def follow(self, snapshot: Snapshot, put_down: Callable[[], RecordedConfiguration]) -> None:
        """Remember what has come into force, so that decisions are recorded with the configuration they saw.

        Args:
            snapshot: as requests pin it.
            put_down: tells what it follows from; called in the database's thread, once, and only if it is needed.
        """
        self._configurations.follow(snapshot, put_down)

    def _write(self, batch: Sequence[Settled], connection: Connection) -> None:
        rows_of = self._store_configurations(batch, connection)
        rows = [_list_values(settled, rows_of[id(settled.snapshot)], self._plain) for settled in batch]
        insert_new(connection, _ROWS, rows)

    def _store_configurations(self, batch: Sequence[Settled], connection: Connection) -> dict[int, int | None]:
        """The rows of the configurations of a batch, by the snapshots' identity."""
        latest: dict[int, tuple[Snapshot, int]] = {}
        for settled in batch:
            known = latest.get(id(settled.snapshot))
            if known is None or known[1] < settled.outcome.at_ms:
                latest[id(settled.snapshot)] = settled.snapshot, settled.outcome.at_ms
        return {
            identity: self._configurations.store(connection, snapshot, at_ms)
            for identity, (snapshot, at_ms) in latest.items()
        }


class _PlainRecords:
    """Records of requests of which nothing was known but whom they are for: they are all alike, and written once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[Snapshot, bytes]] = {}

    def encode(self, settled: Settled) -> bytes:
        """What is kept of a call.

        Raises:
            ValueError, TypeError, OverflowError: when it cannot be kept.
        """
        facts, outcome = settled.facts, settled.outcome
        if settled.live or facts != Facts(facts.target) or isinstance(settled.answer, Refusal):
            return _encode(settled)
        key = (
            facts.target,
            outcome.key_id,
            outcome.model,
            outcome.attempts,
            outcome.status,
            outcome.failure,
            outcome.degraded,
            settled.verification,
        )
        snapshot, content = self._known.get(key, (None, b""))
        if snapshot is not settled.snapshot:
            content = _encode(settled)
            if len(self._known) >= MOST_PLAIN_RECORDS:
                self._known.clear()
            self._known[key] = settled.snapshot, content
        return content


def _encode(settled: Settled) -> bytes:
    content = encode_record(build_record(settled))
    if len(content) > LARGEST_RECORD_BYTES:
        raise ValueError(f"its record would have {len(content):,} bytes")
    return content


def _name_request(settled: Settled) -> str:
    return settled.outcome.request_id


def _list_values(settled: Settled, configuration: int | None, plain: _PlainRecords) -> Values:
    """The row of a call, its values in the order of the columns.

    Raises:
        ValueError, TypeError, OverflowError: when it cannot be kept.
    """
    outcome = settled.outcome
    return (
        storable_text(outcome.request_id),
        _shown_id(settled),
        outcome.at_ms,
        storable_text(name_caller(settled)),
        configuration,
        plain.encode(settled),
    )


def _shown_id(settled: Settled) -> str | None:
    """The client's own id of the request, where it sent one that may be kept."""
    shown_id = settled.shown_id
    return None if shown_id == settled.outcome.request_id or is_key(shown_id) else storable_text(shown_id)
