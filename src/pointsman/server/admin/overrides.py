"""Runtime overrides of an agent's model, the strategy, a task's model; `/api/v1/overrides` lists and ends them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from pointsman.control.override_duration import read_override_duration, read_task_duration
from pointsman.control.overrides import NewOverride, Overrides
from pointsman.core.ports import MOST_LISTED
from pointsman.core.routing.said import MOST_CHARACTERS
from pointsman.server.admin.override_views import (
    EndedOverrideList,
    NewOverrideView,
    OverrideList,
    view_ended,
    view_override,
)
from pointsman.server.admin.signature import Line, Name, Signed, refuse_change, sign
from pointsman.server.errors import OperatorError

ModelName = Annotated[str, Field(min_length=1, max_length=256)]
Duration = Annotated[str, Field(max_length=16)]
TaskId = Annotated[str, Path(min_length=1, max_length=MOST_CHARACTERS)]


class SignedLine(Signed):
    """Who overrides something and why: lists show each override on one line, so that the reason is one."""

    reason: Line = ""


class NewAgentModel(SignedLine):
    """Which model an agent runs on, and for how long: until it is cancelled unless a duration such as `2h` is said."""

    model_id: ModelName
    duration: Duration | None = None


class NewStrategy(SignedLine):
    """Which strategy orders the candidates, and for how long: until it is cancelled unless a duration is said."""

    strategy: Annotated[str, Field(min_length=1, max_length=256)]
    duration: Duration | None = None


class NewTaskModel(SignedLine):
    """Which model serves the requests of a task, and for how long: 24 hours unless less is said."""

    force_model: ModelName
    duration: Duration | None = None


def build_overrides(overrides: Overrides) -> APIRouter:
    """The overrides resource."""
    router = APIRouter(prefix="/api", tags=["overrides"])
    _add_making(router, overrides)
    _add_listing(router, overrides)
    return router


def _add_making(router: APIRouter, overrides: Overrides) -> None:
    @router.post("/agents/{agent_id}/model", status_code=201)
    async def set_agent_model(agent_id: str, new: NewAgentModel) -> NewOverrideView:
        """Run an agent on another model, from the next request on; an earlier override of the agent ends."""
        with refuse_change():
            duration_ms = None if new.duration is None else read_override_duration(new.duration)
            return _view_new(await overrides.set_agent_model(agent_id, new.model_id, sign(new), duration_ms))

    @router.post("/routing/strategy", status_code=201)
    async def set_strategy(new: NewStrategy) -> NewOverrideView:
        """Order the candidates by another strategy, from the next request on; an earlier override of it ends.

        Callers that this leaves without any model are refused until it ends; `warnings` names them.
        """
        with refuse_change():
            duration_ms = None if new.duration is None else read_override_duration(new.duration)
            return _view_new(await overrides.set_strategy(new.strategy, sign(new), duration_ms))

    # An id may hold slashes.
    @router.post("/tasks/{task_id:path}/routing", status_code=201)
    async def force_task_model(task_id: TaskId, new: NewTaskModel) -> NewOverrideView:
        """Serve each request that names this task by one model, from the next one on; no other stands in for it."""
        with refuse_change():
            duration_ms = None if new.duration is None else read_task_duration(new.duration)
            return _view_new(await overrides.force_task_model(task_id, new.force_model, sign(new), duration_ms))


def _add_listing(router: APIRouter, overrides: Overrides) -> None:
    @router.get("/v1/overrides")
    async def list_overrides(
        *, ended: bool = False, limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50
    ) -> OverrideList | EndedOverrideList:
        """The overrides that count; with `ended` the last ones that do no more, who ended them and why."""
        if ended:
            records = await overrides.list_ended(limit)
            return EndedOverrideList(overrides=[view_ended(each) for each in records])
        return OverrideList(overrides=[view_override(each) for each in overrides.list_live()])

    @router.delete("/v1/overrides/{override_id}", status_code=204)
    async def cancel_override(
        override_id: str,
        author: Annotated[Name, Query()] = "admin",
        reason: Annotated[Line, Query()] = "",
    ) -> Response:
        """End an override before its time."""
        with refuse_change():
            found = await overrides.cancel(override_id, sign(SignedLine(author=author, reason=reason)))
        if not found:
            raise OperatorError(404, "not_found", "No override with this id counts; GET /api/v1/overrides lists them.")
        return Response(status_code=204)


def _view_new(made: NewOverride) -> NewOverrideView:
    return NewOverrideView(**view_override(made.record).model_dump(), warnings=list(made.warnings))
