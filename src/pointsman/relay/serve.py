"""The stops of one request, in order; every call ends in exactly one outcome, however it ends."""

import asyncio
import logging
from zlib import crc32

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.ports import Client
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import REFUSAL_STATUS, Refusal
from pointsman.core.routing.estimate_tokens import estimate_prompt
from pointsman.core.routing.facts import NOTHING_SEEN, Facts, LiveView
from pointsman.core.routing.outcome import CLIENT_DISCONNECTED
from pointsman.relay.attempt_notes import refuse_unaccounted
from pointsman.relay.attempts import try_in_order
from pointsman.relay.call import Call, Progress, Relay
from pointsman.relay.counting import COUNTING, find_counters, write_estimate
from pointsman.relay.holding import release_hold
from pointsman.relay.learn import learn_facts, learn_plainly
from pointsman.relay.live import compares_live
from pointsman.relay.remember import sum_up_decision
from pointsman.relay.respond import (
    refuse,
    report_failure,
    report_fault,
    report_shutdown,
    respond,
    respond_again,
    respond_estimated,
)
from pointsman.relay.reuse import find_answer, find_key, keep_answer
from pointsman.relay.settle import close_books
from pointsman.relay.try_model import Answer, PlainAnswer

_log = logging.getLogger(__name__)

LOTS = 16
"""Of so many requests that need no estimate, one is estimated all the same, to learn from what its provider says."""

STATEFUL = "openai_responses"
"""The format in which a request can go on from an earlier answer that its provider keeps."""

CLIENT_LEFT = 499
"""The status noted for a client that went away before its answer; nginx's number, and nobody else's."""


async def serve(relay: Relay, snapshot: Snapshot, call: Call, client: Client) -> None:
    """Answer one call. `snapshot` is pinned: it is all the call sees of the configuration.

    Cancelling means that the client has gone, or with a message that the server ends: the upstream call is aborted
    and the call is settled.
    """
    progress = Progress(call, snapshot)
    try:
        await _answer(relay, progress, client)
    except ClientError as error:
        refuse(relay, progress, client, error)
    except UpstreamFailure as failure:
        report_failure(relay, progress, client, failure)
    except asyncio.CancelledError as cancelled:
        if cancelled.args:  # the server gives a reason: the time for ending gently is over
            report_shutdown(relay, progress, client)
        else:
            progress.status = progress.status or CLIENT_LEFT
            progress.failure = CLIENT_DISCONNECTED
    except Exception as error:  # Whatever it is, it is ours: it costs this call, and nobody else's.
        report_fault(relay, progress, client, error)
    finally:
        # A failure holds the frames that it came through, and so this call and its body: a ring that would stay.
        progress.asked = None
        outcome = close_books(relay, progress)
        try:
            relay.record(outcome)
        except Exception:  # Whoever counts has no say in a call; the journal has it already.
            _log.exception("call %s could not be counted", call.request_id)
        release_hold(relay, progress, outcome)
        if progress.prompt is not None:
            relay.history.learn(outcome, progress.prompt)
        settled = sum_up_decision(progress, outcome)
        if settled is not None:
            relay.remember(settled)


async def _answer(relay: Relay, progress: Progress, client: Client) -> None:
    call = progress.call
    if relay.journal.is_full:
        raise refuse_unaccounted()
    request = call.decode(call.body)
    progress.stream, progress.operation = request.stream, request.operation
    plain = learn_plainly(progress.snapshot, call, request)
    progress.facts = plain or await learn_facts(relay, progress.snapshot, call, request)
    progress.live = _look_around(relay, progress.snapshot, progress.facts)
    # Nothing may wait from here to the call: of two requests that find a deployment rested, one may try it.
    if plain is not None and progress.live is NOTHING_SEEN:
        decision = relay.plain_decisions.decide(progress.snapshot, plain)
    else:
        decision = decide(progress.snapshot, progress.facts, progress.live)
    if progress.snapshot.routing.logs_decisions:
        relay.trace(call.request_id, progress.snapshot.revision, progress.facts, decision)
    if isinstance(decision, Refusal):
        progress.refusal = decision
        raise ClientError(REFUSAL_STATUS[decision.code], decision.code, decision.message, "model")
    if request.state_id:
        decision = relay.pins.keep_to(decision, request, call.key_id)
    progress.decision = decision
    if request.operation == COUNTING:
        counters = find_counters(decision)
        if counters is None:
            body = write_estimate(request, call.request_id, call.arrived_at_ms // 1_000)
            respond_estimated(relay, progress, decision, body, client)
            return
        decision = progress.decision = counters
    key = find_key(progress, decision, request) if decision.caches else None
    if key is not None and (kept := find_answer(relay, progress, key)) is not None:
        respond_again(relay, progress, decision, kept, client)
        return
    answer = await try_in_order(relay, progress, decision, request)
    if progress.facts.tokens or draw_lot(call.request_id) == 0:
        progress.prompt = estimate_prompt(request)
    if key is not None:
        keep_answer(relay, progress, decision, key, answer)
    if request.dialect == STATEFUL and progress.model is not None:
        _remember_state(relay, call, progress.model, answer)
    await respond(relay, progress, answer, client)


def draw_lot(request_id: str) -> int:
    """A number below `LOTS` that follows from a request's id."""
    return crc32(request_id.encode()) % LOTS


def _remember_state(relay: Relay, call: Call, model: Model, answer: Answer) -> None:
    if model.deployment.dialect == STATEFUL:
        first = answer.body if isinstance(answer, PlainAnswer) else answer.first
        relay.pins.remember(first, call.key_id, model.deployment.id)


def _look_around(relay: Relay, snapshot: Snapshot, facts: Facts) -> LiveView:
    """How the deployments are doing, as far as this decision can make use of it."""
    weighs = compares_live(snapshot, facts)
    return relay.live.view(snapshot.models.values(), relay.monotonic_s(), weighs=weighs)
