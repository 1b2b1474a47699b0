"""Shows a local answer to a cloud model where the decision asks for that; what is not passed is answered anew.

A stream cannot be held back, and whatever keeps an answer from being checked is said beside it.
"""

import asyncio
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
from pointsman.core.routing.decision import Decision
from pointsman.core.routing.estimate_cost import estimate_cost, expect_tokens
from pointsman.core.routing.estimate_tokens import estimate_tokens
from pointsman.relay.attempt_notes import accept_answer, note_failure
from pointsman.relay.call import Progress, Relay
from pointsman.relay.egress import EgressRefused
from pointsman.relay.order import Order
from pointsman.relay.sending import Sending
from pointsman.relay.settle import price, set_aside
from pointsman.relay.try_model import Answer, PlainAnswer, try_model

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
    calls = [expect_tokens(facts.tokens, facts.most_output_tokens, case.order.decision.agent)]
    if question is not None:
        calls.append(expect_tokens(estimate_tokens(question), question.output_limit, None))
    left_nusd = facts.max_cost_nusd
    costs = [estimate_cost(case.model, tokens) for tokens in calls]
    for cost_nusd in (price(case.progress).cost_nusd, *(cost.high if cost else None for cost in costs)):
        if cost_nusd is None or cost_nusd > left_nusd:
            raise _Skipped("max_cost")
        left_nusd -= cost_nusd


async def _ask_for_verdict(case: _Case, question: ChatRequest) -> Verdict | None:
    case.progress.attempts += 1
    sending = Sending()
    try:
        answer = await try_model(case.relay, _order_verdict(case, question), case.model, sending)
    except EgressRefused:
        case.progress.attempts -= 1
        raise _Skipped("private") from None
    except UpstreamFailure as failure:
        note_failure(case.progress, failure)
        raise _Skipped(POLICIES[failure.kind].code) from None
    except asyncio.CancelledError:
        if sending.has_begun:
            set_aside(case.progress, case.model, None)
        raise
    assert isinstance(answer, PlainAnswer), "a verdict is not asked for as a stream"
    set_aside(case.progress, case.model, answer.usage, len(answer.body))
    return read_verdict(read_answer(answer.body).text)


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
    progress, degraded = case.progress, case.progress.degraded
    set_aside(progress, case.local, case.answer.usage, len(case.answer.body))
    progress.usage, progress.content_bytes, progress.sending = None, 0, Sending()
    progress.attempts += 1
    progress.model, progress.degraded = case.model, ""
    try:
        again = await try_model(case.relay, case.order, case.model, progress.sending)
    except (UpstreamFailure, EgressRefused) as failure:
        if isinstance(failure, UpstreamFailure):
            note_failure(progress, failure)
        else:
            progress.attempts -= 1
        if case.only_below is None:
            raise
        progress.model, progress.degraded = case.local, degraded
        code = POLICIES[failure.kind].code if isinstance(failure, UpstreamFailure) else "private"
        raise _Skipped(code) from None
    accept_answer(progress, again)
    return again
