"""Runtime overrides: `POST /api/agents/{agent}/model`, and `/api/v1/overrides` to list and cancel them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from pointsman.control.overrides import Overrides, read_override_duration
from pointsman.core.ports import OverrideRecord
from pointsman.server.admin.signature import Name, Signed, refuse_change, sign, write_time
from pointsman.server.errors import OperatorError


class NewAgentModel(Signed):
    """Which model an agent runs on, and for how long: until it is cancelled unless a duration such as `2h` is said."""

    model_id: Annotated[str, Field(min_length=1, max_length=256)]
    duration: Annotated[str, Field(max_length=16)] | None = None


class OverrideView(BaseModel):
    """One override; times are ISO 8601 in UTC."""

    id: str
    kind: str
    target: str
    value: str
    author: str
    reason: str
    created_at: str
    expires_at: str | None


class OverrideList(BaseModel):
    """All overrides that count now, the oldest first."""

    overrides: list[OverrideView]


def build_overrides(overrides: Overrides) -> APIRouter:
    """The overrides resource."""
    router = APIRouter(prefix="/api", tags=["overrides"])

    @router.post("/agents/{agent_id}/model", status_code=201)
    async def set_agent_model(agent_id: str, new: NewAgentModel) -> OverrideView:
        """Run an agent on another model, from the next request on; an earlier override of the agent ends."""
        with refuse_change():
            duration_ms = None if new.duration is None else read_override_duration(new.duration)
            record = await overrides.set_agent_model(agent_id, new.model_id, sign(new), duration_ms)
        return _view_override(record)

    @router.get("/v1/overrides")
    async def list_overrides() -> OverrideList:
        """The overrides that count."""
        return OverrideList(overrides=[_view_override(each) for each in overrides.list_live()])

    @router.delete("/v1/overrides/{override_id}", status_code=204)
    async def cancel_override(
        override_id: str,
        author: Annotated[Name, Query()] = "admin",
        reason: Annotated[str, Query(max_length=1_024)] = "",
    ) -> Response:
        """End an override before its time."""
        with refuse_change():
            found = await overrides.cancel(override_id, sign(Signed(author=author, reason=reason)))
        if not found:
            raise OperatorError(404, "not_found", "No override with this id counts; GET /api/v1/overrides lists them.")
        return Response(status_code=204)

    return router


def _view_override(record: OverrideRecord) -> OverrideView:
    return OverrideView(
        id=record.id,
        kind=record.kind,
        target=record.target,
        value=str(record.value["model"]),
        author=record.author,
        reason=record.reason,
        created_at=write_time(record.created_at_ms),
        expires_at=None if record.expires_at_ms is None else write_time(record.expires_at_ms),
    )
