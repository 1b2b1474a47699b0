"""`/api/v1/usage/rerate`: what charges would be at corrected prices; a POST books the difference."""

import time
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from pointsman.control.rerating import Rerated, Rerating, Stretch
from pointsman.core.chat.money import format_usd
from pointsman.core.tenant_ports import ChangeNote
from pointsman.server.admin.signature import Signed, Text, refuse_change, sign
from pointsman.server.errors import OperatorError

LATEST = 2**53
Moment = Annotated[int, Field(ge=0, le=LATEST)]
Model = Annotated[str, Field(min_length=1, max_length=256)]


class RerateOrder(Signed):
    """Which charges are corrected, by whom and why; moments are milliseconds since the Unix epoch."""

    reason: Annotated[Text, Field(min_length=1)]
    since_ms: Moment
    until_ms: Moment
    model: Model | None = None
    after: Annotated[int, Field(ge=0, le=LATEST, description="`next` of the step before")] = 0


class ModelDifferenceView(BaseModel):
    """One model; amounts are exact decimal dollars."""

    model: str
    entries: int
    changed: int
    unknown: int
    still_unknown: int
    booked_usd: str
    would_be_usd: str
    difference_usd: str


class RerateStep(BaseModel):
    """What a step came to; `next` says where the following one goes on, and is null after the last."""

    models: list[ModelDifferenceView]
    booked: int
    next: int | None


def build_rerating(rerating: Rerating) -> APIRouter:
    """The resource."""
    router = APIRouter(prefix="/api/v1/usage/rerate", tags=["usage"])

    @router.get("")
    async def preview(
        since_ms: Annotated[int, Query(ge=0, le=LATEST)],
        until_ms: Annotated[int, Query(ge=0, le=LATEST)],
        model: Annotated[str | None, Query(min_length=1, max_length=256)] = None,
        after: Annotated[int, Query(ge=0, le=LATEST)] = 0,
    ) -> RerateStep:
        """Show what would change for a stretch of charges; nothing is booked."""
        return _view(await rerating.preview(_read_stretch(since_ms, until_ms, model, after)))

    @router.post("")
    async def apply(order: RerateOrder) -> RerateStep:
        """Book what would change for a stretch of charges; doing it again books nothing more."""
        stretch = _read_stretch(order.since_ms, order.until_ms, order.model, order.after)
        with refuse_change():
            signature = sign(order)
        note = ChangeNote(signature.author, time.time_ns() // 1_000_000, signature.reason)
        return _view(await rerating.apply(stretch, note))

    return router


def _read_stretch(since_ms: int, until_ms: int, model: str | None, after: int) -> Stretch:
    if until_ms <= since_ms:
        raise OperatorError(400, "invalid_range", "until_ms has to be later than since_ms.")
    return Stretch(since_ms, until_ms, model, after)


def _view(step: Rerated) -> RerateStep:
    models = [
        ModelDifferenceView(
            model=name,
            entries=each.entries,
            changed=each.changed,
            unknown=each.unknown,
            still_unknown=each.still_unknown,
            booked_usd=format_usd(each.booked_nusd),
            would_be_usd=format_usd(each.would_be_nusd),
            difference_usd=format_usd(each.difference_nusd),
        )
        for name, each in sorted(step.models.items())
    ]
    return RerateStep(models=models, booked=step.booked, next=step.next_seq)
