"""`/api/v1/alerts`: what operators were told, or will be, and that they have seen it."""

from collections.abc import Sequence
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Query, Response

from pointsman.core.limits.alert_texts import view_alert, view_state
from pointsman.core.limits.alerts import Alert
from pointsman.core.ports import MOST_LISTED
from pointsman.core.tenant_ports import ChangeNote
from pointsman.server.admin.signature import Signed, encode_answer
from pointsman.server.admin.versions import write_note
from pointsman.server.errors import OperatorError
from pointsman.storage.alerts_store import AlertsWanted

LARGEST_ID = 2**53


class KeptAlerts(Protocol):
    """Where alerts are kept."""

    async def list_newest(self, wanted: AlertsWanted) -> Sequence[Alert]:
        """The newest ones."""

    async def acknowledge(self, alert_id: int, note: ChangeNote) -> Alert | None:
        """Say that somebody has seen one; `None` when there is none of this id."""


def build_alerts(kept: KeptAlerts) -> APIRouter:
    """Alerts, to read and to acknowledge."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

    @router.get("")
    async def list_alerts(
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
        cursor: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="the `next` of the page before")] = None,
        budget: Annotated[str | None, Query(min_length=1, max_length=1_024)] = None,
        state: Literal["open", "acknowledged"] | None = None,
    ) -> Response:
        """The newest alerts; `open` are those that nobody has acknowledged."""
        is_open = None if state is None else state == "open"
        alerts = await kept.list_newest(AlertsWanted(limit, cursor, budget, is_open))
        # A full page may be the last one; an empty one after it says so.
        following = alerts[-1].id if len(alerts) == limit else None
        return await encode_answer({"alerts": [_view(alert) for alert in alerts], "next": following})

    @router.post("/{alert_id}/acknowledge")
    async def acknowledge_alert(alert_id: str, signed: Signed) -> Response:
        """Say that somebody has seen one; who was first stays."""
        alert = await kept.acknowledge(_read_id(alert_id), write_note(signed)) if _read_id(alert_id) else None
        if alert is None:
            raise OperatorError(404, "not_found", "There is no such alert. GET /api/v1/alerts lists them.")
        return await encode_answer(_view(alert))

    return router


def _read_id(text: str) -> int:
    """The number of an alert, or 0 for a text that is none."""
    return int(text) if len(text) < 17 and text.isascii() and text.isdigit() else 0


def _view(alert: Alert) -> dict[str, object]:
    return view_alert(alert) | view_state(alert)
