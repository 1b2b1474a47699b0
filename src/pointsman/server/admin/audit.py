"""`GET /api/v1/audit`: every change of configuration and overrides, who made it and why."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from pointsman.core.ports import MOST_LISTED, AuditRecord, ConfigStore
from pointsman.server.admin.signature import write_time


class AuditView(BaseModel):
    """One change; `at` is ISO 8601 in UTC."""

    seq: int
    at: str
    author: str
    action: str
    subject: str
    reason: str
    details: dict[str, Any]


class AuditList(BaseModel):
    """Changes, the newest first."""

    entries: list[AuditView]


def build_audit(store: ConfigStore) -> APIRouter:
    """The audit, to read; nothing changes it."""
    router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

    @router.get("")
    async def list_audit(
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50, before: Annotated[int | None, Query(ge=1)] = None
    ) -> AuditList:
        """The newest changes; `before` with the `seq` of the last one listed gives those before it."""
        return AuditList(entries=[_view_entry(each) for each in await store.list_audit(limit, before)])

    return router


def _view_entry(record: AuditRecord) -> AuditView:
    return AuditView(
        seq=record.seq,
        at=write_time(record.at_ms),
        author=record.author,
        action=record.action,
        subject=record.subject,
        reason=record.reason,
        details=dict(record.details),
    )
