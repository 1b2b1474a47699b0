"""Shows a local answer to a cloud model where the decision asks for that; what is not passed is answered anew.

A stream cannot be held back, and whatever keeps an answer from being checked is said beside it.
"""

import asyncio
import logging
from dataclasses import dataclass
from hashlib import blake2b

from msgspec.structs import replace

from pointsman.core.chat.failures import POLICIES, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.verification import MILLIONTHS, MOST_MATERIAL_BYTES, Verdict, read_verdict
from pointsman.core.config.snapshot import Model
from pointsman.core.dialects.openai_chat.read_answer import read_answer
from pointsman.core.dialects.openai_chat.write_verification import write_verification
from pointsman.core.dialects.outline import outline_request
from pointsman.core.routing.decision import Attempt, Decision
from pointsman.core.routing.estimate_cost import estimate_cost, expect_tokens
from pointsman.core.routing.estimate_tokens import estimate_tokens
from pointsman.relay.attempt_notes import accept_answer, admit_call, begin_attempt, note_failure
from pointsman.relay.call import Progress, Relay
from pointsman.relay.egress import EgressRefused
from pointsman.relay.holding import LimitReached, take_hold
from pointsman.relay.order import Order
from pointsman.relay.settle import Called, set_aside, total
from pointsman.relay.try_model import Answer, PlainAnswer, try_model

_log = logging.getLogger(__name__)

MOST_ANSWER_BYTES = 4 * MOST_MATERIAL_BYTES
"""A larger answer, with all that belongs to it, is not even read for a check."""


class _Skipped(Exception):
    """The check cannot be done; the argument is a word that says why."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One answer before the model that checks it."""

    relay: Relay
    progress: Progress
    order: Order
    answer: PlainAnswer
    local: Model
    model: Model
    only_below: int | None


async def check_answer(relay: Relay, progress: Progress, order: Order, answer: Answer) -> Answer:
    """The answer itself where it has passed or cannot be checked, else the checking model's own.

    What came of the check is in `progress.verification`; every call that it takes counts as an attempt and is charged.

    Raises:
        UpstreamFailure: of the checking model's own answer, where one is required: a local answer that is known not to
            have passed is not given out in its place.
        EgressRefused: likewise.
    """
    if not _is_meant(order.decision, progress.model):
        return answer
    try:
        case = _open_case(relay, progress, order, answer)
        passed, words = _weigh(await _judge(case), case.only_below)
        if not passed:
            answer = await _ask_again(case)
        progress.verification = f"{'passed' if passed else 'failed'}; {words}model={case.model.name}"
    except _Skipped as skipped:
        progress.verification = f"skipped; {skipped}"
    return answer


def _is_meant(decision: Decision, model: Model | None) -> bool:
    """Whether a check was meant for this answer, or for that of the first choice; else nothing is said of one."""
    check = decision.check
    if check is None or model is None:
        return False
    return not check.shown or model.name in check.shown or decision.attempts[0].model.name in check.shown


def _open_case(relay: Relay, progress: Progress, order: Order, answer: Answer) -> _Case:
    """What there is to check. Raises `_Skipped` where it cannot be done."""
    decision = order.decision
    check, local = decision.check, progress.model
    if local is None or local.deployment.location != "local":
        raise _Skipped("cloud_answer")
    if decision.stays_local is not None:
        raise _Skipped("private")
    if check is None or check.model is None:
        raise _Skipped("no_cloud_model")
    if check.shown and local.name not in check.shown:
        raise _Skipped("not_asked_for")
    if not isinstance(answer, PlainAnswer):
        raise _Skipped("stream")
    if len(answer.body) > MOST_ANSWER_BYTES:
        raise _Skipped("too_large")
    return _Case(relay, progress, order, answer, local, check.model, check.only_below)


async def _judge(case: _Case) -> Verdict | int | None:
    """The answer's own confidence where that decides and is told, else the checking model's verdict."""
    read = case.progress.call.client.read_answer(case.answer.body)
    if case.only_below is not None and read.confidence is not None:
        if read.confidence < case.only_below:
            _need_attempts(case.progress, 1)
            _need_money(case, None)
        return read.confidence
    _need_attempts(case.progress, 2)
    call = case.progress.call
    mark = f"material-{blake2b(call.request_id.encode(), digest_size=12).hexdigest()}"
    has_schemas = "structured_output" not in case.model.lacks
    messages = outline_request(case.order.request).get("messages")
    question = write_verification(messages, read.text, mark, has_schemas)
    if question is None:
        raise _Skipped("too_large")
    _need_money(case, question)
    return await _ask_for_verdict(case, question)


def _need_attempts(progress: Progress, needed: int) -> None:
    if progress.attempts + needed > progress.snapshot.settings.attempts:
        raise _Skipped("no_attempts_left")


def _need_money(case: _Case, question: ChatRequest | None) -> None:
    """Where the request may cost so much at most, the check and a second answer have to fit in beside the first."""
    facts = case.progress.facts
    if facts is None or facts.max_cost_nusd is None:
        return
    tokens = facts.most_tokens or facts.tokens
    calls = [expect_tokens(tokens, facts.most_output_tokens, case.order.decision.agent, facts.learned)]
    if question is not None:
        calls.append(expect_tokens(estimate_tokens(question), question.output_limit, None))
    left_nusd = facts.max_cost_nusd
    costs = [estimate_cost(case.model, tokens) for tokens in calls]
    for cost_nusd in (total(case.progress).cost_nusd, *(cost.high if cost else None for cost in costs)):
        if cost_nusd is None or cost_nusd > left_nusd:
            raise _Skipped("max_cost")
        left_nusd -= cost_nusd


async def _ask_for_verdict(case: _Case, question: ChatRequest) -> Verdict | None:
    relay, progress = case.relay, case.progress
    order = await _hold_money(case, _order_verdict(case, question))
    number = progress.attempts + 1
    sending = admit_call(relay, progress, case.model, number)
    progress.attempts = number
    try:
        answer = await try_model(relay, order, case.model, sending)
    except EgressRefused:
        progress.attempts -= 1
        relay.open_calls.end(progress.call.request_id, number)
        raise _Skipped("private") from None
    except UpstreamFailure as failure:
        code = POLICIES[failure.kind].code
        _log.warning("call %s, attempt %d, a check: %s", progress.call.request_id, number, failure)
        set_aside(relay, progress, Called(number, case.model, failure.sent), "check", failure)
        raise _Skipped(code) from None
    except asyncio.CancelledError:
        set_aside(relay, progress, Called(number, case.model, sending.has_begun), "check")
        raise
    assert isinstance(answer, PlainAnswer), "a verdict is not asked for as a stream"
    called = Called(number, case.model, True, answer.usage, None, len(answer.body))
    set_aside(relay, progress, called, "check")
    return read_verdict(read_answer(answer.body).text)


async def _hold_money(case: _Case, order: Order) -> Order:
    """Have the limits hold what a further call may cost beside what they hold for the answer."""
    try:
        return await take_hold(case.relay, case.progress, order, case.model)
    except LimitReached as reached:
        raise _Skipped(reached.code) from None


def _order_verdict(case: _Case, question: ChatRequest) -> Order:
    """The order for a verdict; a policy about losses is about the caller's request, and so are the caller's headers."""
    return Order(case.order.decision, replace(case.order.asking, request=question, headers=()))


def _weigh(judged: Verdict | int | None, only_below: int | None) -> tuple[bool, str]:
    """Whether the answer has passed, and what to tell beside that. A verdict that cannot be read has not passed it."""
    if only_below is None:
        return isinstance(judged, Verdict) and judged.passed, ""
    score = judged.score if isinstance(judged, Verdict) else judged
    if score is None:
        return False, ""
    return score >= only_below, f"confidence={score / MILLIONTHS:.3f}; "


async def _ask_again(case: _Case) -> Answer:
    """The checking model's own answer to the request, in place of the local one, which is charged all the same."""
    relay, progress, degraded = case.relay, case.progress, case.progress.degraded
    order = await _hold_money(case, case.order)
    local = Called(progress.number, case.local, True, case.answer.usage, None, len(case.answer.body))
    set_aside(relay, progress, local, "replaced")
    progress.usage, progress.content_bytes, progress.number = None, 0, 0
    begin_attempt(relay, progress, order.decision, Attempt(case.model, "the check"))
    progress.degraded = ""
    try:
        again = await try_model(relay, order, case.model, progress.sending)
    except (UpstreamFailure, EgressRefused) as failure:
        if isinstance(failure, UpstreamFailure):
            note_failure(relay, progress, failure)
        else:
            relay.open_calls.end(progress.call.request_id, progress.number)
            progress.attempts -= 1
            progress.number = 0
        if case.only_below is None:
            raise
        progress.model, progress.degraded = case.local, degraded
        code = POLICIES[failure.kind].code if isinstance(failure, UpstreamFailure) else "private"
        raise _Skipped(code) from None
    accept_answer(progress, again)
    return again
