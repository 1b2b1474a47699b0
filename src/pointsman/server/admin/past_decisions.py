"""`GET /api/v1/decisions`: what was decided about past requests, and whether a replay comes to the same."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from pointsman.control.replay import PastDecisions, Replay
from pointsman.core.chat.money import format_usd
from pointsman.core.config.written_form import write_period
from pointsman.core.ports import MOST_LISTED
from pointsman.core.routing.record import Decided, DecisionRow, Happened, Spent
from pointsman.server.admin.signature import write_time
from pointsman.server.errors import OperatorError

LONGEST_ID = 256

_encode = msgspec.json.Encoder(order="deterministic").encode

Name = Annotated[str, Query(min_length=1, max_length=LONGEST_ID)]


def build_past_decisions(past: PastDecisions) -> APIRouter:
    """The decisions on record, to read; nothing changes them."""
    router = APIRouter(prefix="/api/v1/decisions", tags=["decisions"])

    @router.get("")
    async def list_decisions(
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
        before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
        agent: Name | None = None,
    ) -> Response:
        """The newest decisions; `before` with the `next` of one answer gives those before it.

        `agent` is an agent's name, `interaction:NAME` or `task:TYPE`.
        """
        rows = await past.list_decisions(limit, before, agent)
        # A full page may be the last one; an empty one after it says so.
        following = rows[-1].seq if len(rows) == limit else None
        return await _answer({"decisions": [_view_briefly(row) for row in rows], "next": following})

    @router.get("/{request_id}")
    async def read_decision(request_id: str) -> Response:
        """One decision: what was recorded, whether a replay comes to the same, and the explanation of the replay.

        `request_id` is ours, or the one on the answer; where a client used one several times, the newest decision.
        """
        row = await past.find(request_id) if len(request_id) <= LONGEST_ID else None
        if row is None:
            detail = (
                f"No decision about such a request is on record; they are kept for {write_period(past.kept_s)}"
                " (retention.decisions). GET /api/v1/decisions lists them."
            )
            raise OperatorError(404, "not_found", detail)
        replay = await past.replay(row)
        told: dict[str, object] = msgspec.structs.asdict(replay.explanation)
        return await _answer(told | {"recorded": _view_recorded(row), "replayed": _view_replay(replay)})

    return router


def _view_recorded(row: DecisionRow) -> dict[str, object]:
    """All that is on record of a decision."""
    view: dict[str, object] = {
        "request_id": row.request_id,
        "shown_id": row.shown_id,
        "at": write_time(row.at_ms),
        "agent": row.caller,
    }
    recorded = row.recorded
    if recorded is None:
        return view
    return view | {
        "key_id": recorded.key_id,
        "revision": recorded.revision,
        "facts": recorded.facts,
        "live": recorded.live,
        **_view_decided(recorded.decided),
        "dropped": [{"model": model, "code": code} for model, code in recorded.decided.dropped],
        "outcome": _view_outcome(recorded.happened, row.spent),
    }


def _view_briefly(row: DecisionRow) -> dict[str, object]:
    view: dict[str, object] = {
        "seq": row.seq,
        "request_id": row.request_id,
        "shown_id": row.shown_id,
        "at": write_time(row.at_ms),
        "agent": row.caller,
    }
    recorded = row.recorded
    if recorded is None:
        return view
    happened = _view_outcome(recorded.happened, row.spent)
    return view | {"revision": recorded.revision, **_view_decided(recorded.decided), "outcome": happened}


def _view_decided(decided: Decided) -> dict[str, object]:
    return {
        "model": decided.attempts[0] if decided.attempts else None,
        "attempts": decided.attempts,
        "decided_by": {"kind": decided.decided_by, "name": decided.name} if decided.attempts else None,
        "refused": decided.refusal or None,
    }


def _view_outcome(happened: Happened, spent: Spent | None) -> dict[str, object]:
    """How a call went and what it came to; `null` is unknown, never 0."""
    used = spent.usage if spent is not None else None
    return {
        "model": happened.model or None,
        "attempts": happened.attempts,
        "status": happened.status,
        "failure": happened.failure or None,
        "degraded": happened.degraded,
        "verification": happened.verification or None,
        "input_tokens": used.input_tokens if used is not None else None,
        "output_tokens": used.output_tokens if used is not None else None,
        "cost_usd": format_usd(spent.cost_nusd) if spent is not None and spent.cost_nusd is not None else None,
        "cost_status": spent.cost_status if spent is not None else None,
    }


def _view_replay(replay: Replay) -> dict[str, object]:
    if replay.identical:
        return {"identical": True}
    differences = [
        {"part": each.part, "recorded": each.recorded, "replayed": each.replayed} for each in replay.differences
    ]
    return {"identical": False, "reason": replay.reason, "differences": differences}


async def _answer(view: dict[str, object]) -> Response:
    return Response(await asyncio.to_thread(_encode, view), media_type="application/json")
