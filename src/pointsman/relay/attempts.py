"""Tries the decision's models in order; the next one only while no content has gone to the client."""

import asyncio

from pointsman.core.chat.failures import POLICIES, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.routing.decision import Decision
from pointsman.relay.attempt_notes import accept_answer, begin_attempt, find_cause, note_failure, pick_attempt
from pointsman.relay.call import Progress, Relay
from pointsman.relay.hedging import try_two_models
from pointsman.relay.holding import LimitReached, take_hold
from pointsman.relay.order import Order, place_order
from pointsman.relay.repetition import find_wait_s
from pointsman.relay.try_model import Answer, try_model
from pointsman.relay.verification import check_answer


async def try_in_order(relay: Relay, progress: Progress, decision: Decision, request: ChatRequest) -> Answer:
    """Return the first good answer, checked where the decision asks for that.

    Raises:
        UpstreamFailure: of the last model that was asked, when there is no other or none may be tried after it.
        LimitReached: when no model was asked, because limits have nothing left for any of them.
        EgressRefused: when the request was about to go where it may not; nothing was sent there.
    """
    order = place_order(progress, decision, request)
    hedges = decision.hedges and len(decision.attempts) > 1
    while True:
        try:
            answer = await _try_next(relay, progress, order, hedges=hedges)
        except LimitReached as reached:
            hedges = False
            if progress.asked is not None:
                raise find_cause(progress, progress.asked[0]) from None
            if not reached.leaves_others or progress.next_place >= len(decision.attempts):
                raise
            continue
        except UpstreamFailure as failure:
            hedges = False
            note_failure(relay, progress, failure)
            if not POLICIES[failure.kind].try_next:
                raise
            if progress.next_place >= len(decision.attempts):
                wait_s = find_wait_s(relay, progress, decision, failure)
                if wait_s is None:
                    raise find_cause(progress, failure) from None
                await asyncio.sleep(wait_s)
            continue
        return answer if decision.check is None else await check_answer(relay, progress, order, answer)


async def _try_next(relay: Relay, progress: Progress, order: Order, *, hedges: bool) -> Answer:
    if hedges:
        return await try_two_models(relay, progress, order)
    attempt = pick_attempt(progress, order.decision)
    limited = await take_hold(relay, progress, order, attempt.model)
    begin_attempt(relay, progress, order.decision, attempt)
    answer = await try_model(relay, limited, attempt.model, progress.sending)
    accept_answer(progress, answer)
    return answer
