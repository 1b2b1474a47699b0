"""Tries the decision's models in order; the next one only while no content has gone to the client."""

import asyncio

from pointsman.core.chat.failures import POLICIES, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.routing.decision import Decision
from pointsman.relay.attempt_notes import accept_answer, begin_attempt, find_cause, note_failure
from pointsman.relay.call import Progress, Relay
from pointsman.relay.hedging import try_two_models
from pointsman.relay.order import place_order
from pointsman.relay.repetition import find_wait_s
from pointsman.relay.try_model import Answer, try_model
from pointsman.relay.verification import check_answer


async def try_in_order(relay: Relay, progress: Progress, decision: Decision, request: ChatRequest) -> Answer:
    """Return the first good answer, checked where the decision asks for that.

    Raises:
        UpstreamFailure: of the last model that was asked, when there is no other or none may be tried after it.
        EgressRefused: when the request was about to go where it may not; nothing was sent there.
    """
    order = place_order(progress, decision, request)
    hedges = decision.hedges and len(decision.attempts) > 1
    while True:
        try:
            if hedges:
                hedges = False
                answer = await try_two_models(relay, progress, order)
            else:
                attempt = begin_attempt(progress, decision)
                answer = await try_model(relay, order, attempt.model, progress.sending)
                accept_answer(progress, answer)
        except UpstreamFailure as failure:
            note_failure(progress, failure)
            if not POLICIES[failure.kind].try_next:
                raise
            if progress.attempts >= len(decision.attempts):
                wait_s = find_wait_s(relay, progress, decision, failure)
                if wait_s is None:
                    raise find_cause(progress, failure) from None
                await asyncio.sleep(wait_s)
            continue
        return answer if decision.check is None else await check_answer(relay, progress, order, answer)
