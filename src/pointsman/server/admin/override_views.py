"""How overrides are told: those that count, those just made, and those that have ended."""

from pydantic import BaseModel

from pointsman.control.override_ends import TIME_HAS_COME
from pointsman.core.ports import OverrideRecord
from pointsman.server.admin.signature import write_time


class OverrideView(BaseModel):
    """One override; times are ISO 8601 in UTC. `value` is the model, or the strategy."""

    id: str
    kind: str
    target: str
    value: str
    author: str
    reason: str
    created_at: str
    expires_at: str | None


class NewOverrideView(OverrideView):
    """An override that has just come into force, and what it leads to that one might not expect."""

    warnings: list[str]


class EndedOverrideView(OverrideView):
    """An override that counts no more: since when, who ended it and why."""

    ended_at: str
    ended_by: str
    end_reason: str


class OverrideList(BaseModel):
    """All overrides that count now, the oldest first."""

    overrides: list[OverrideView]


class EndedOverrideList(BaseModel):
    """The overrides that ended last, the last one first."""

    overrides: list[EndedOverrideView]


def view_override(record: OverrideRecord) -> OverrideView:
    """An override as it was made."""
    return OverrideView(
        id=record.id,
        kind=record.kind,
        target=record.target,
        value=str(record.value.get("strategy") or record.value.get("model")),
        author=record.author,
        reason=record.reason,
        created_at=write_time(record.created_at_ms),
        expires_at=None if record.expires_at_ms is None else write_time(record.expires_at_ms),
    )


def view_ended(record: OverrideRecord) -> EndedOverrideView:
    """An override that has ended; where its end is not put down yet, its time has just come."""
    by, why = (record.ended_by or "", record.end_reason or "")
    ended_at_ms = record.ended_at_ms
    if ended_at_ms is None:
        by, why = TIME_HAS_COME.author, TIME_HAS_COME.reason
        ended_at_ms = record.expires_at_ms if record.expires_at_ms is not None else record.created_at_ms
    return EndedOverrideView(
        **view_override(record).model_dump(), ended_at=write_time(ended_at_ms), ended_by=by, end_reason=why
    )
