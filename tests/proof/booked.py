"""What a gateway on SQLite has booked of one call, found by the marker that was its session."""

from itertools import count
from typing import Any

from proving import Stored

from running import RunningGateway, await_value

_numbers = count(1)


def new_marker() -> str:
    """A name that no other call has."""
    return f"asked-{next(_numbers)}"


def read_row(gateway: RunningGateway, marker: str) -> tuple[Any, ...]:
    """The only usage row of a call, once it is there: operation, status of HTTP, attempts, cost, how sure."""
    stored = Stored(gateway.home / "pointsman.db")
    asked = f"SELECT operation, status, attempts, cost_nusd, cost_status FROM usage WHERE session = '{marker}'"
    rows = await_value(lambda: stored.read(asked) or None)
    assert len(rows) == 1
    row: tuple[Any, ...] = rows[0]
    return row


def read_entries(gateway: RunningGateway, marker: str) -> list[tuple[Any, ...]]:
    """Its entries, once its row is there: attempt, kind, part, failure, status, cost."""
    read_row(gateway, marker)
    asked = f"SELECT attempt, kind, part, failure, status, cost_nusd FROM ledger WHERE session = '{marker}'"
    return Stored(gateway.home / "pointsman.db").read(f"{asked} ORDER BY attempt, kind")
