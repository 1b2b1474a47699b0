"""Notes how attempts begin and end, so that whatever cuts a call short finds out who was asked last."""

import logging

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import reports_usage
from pointsman.core.config.snapshot import Model
from pointsman.core.routing.admitted import Admitted
from pointsman.core.routing.decision import Attempt, Decision
from pointsman.relay.call import Progress, Relay
from pointsman.relay.sending import Sending
from pointsman.relay.settle import close_attempt
from pointsman.relay.try_model import Answer, PlainAnswer

_log = logging.getLogger(__name__)


def pick_attempt(progress: Progress, decision: Decision) -> Attempt:
    """The next candidate of the decision; the last one stays the last, however often it is repeated."""
    place, attempts = progress.next_place, decision.attempts
    progress.next_place = place + 1
    return attempts[place if place < len(attempts) else -1]


def begin_attempt(relay: Relay, progress: Progress, decision: Decision, attempt: Attempt) -> None:
    """Count the attempt that is about to be made, and have it noted in the journal.

    Raises:
        ClientError: when nothing can be noted, so that nothing may be sent.
    """
    number = progress.attempts + 1
    progress.model = attempt.model
    progress.degraded = attempt.degraded or ("" if attempt is decision.attempts[0] else "fallback")
    progress.sending = admit_call(relay, progress, attempt.model, number)
    progress.attempts = progress.number = number


def admit_call(relay: Relay, progress: Progress, model: Model, number: int) -> Sending:
    """Note in the journal that a call is about to be made; answers what is to be told when its first byte goes out.

    Raises:
        ClientError: when it cannot be noted.
    """
    call, whose, place = progress.call, progress.whose(), model.deployment
    hold = progress.hold
    facts, decision = progress.facts, progress.decision
    admitted = Admitted(
        call.request_id,
        number,
        call.arrived_at_ms,
        whose.agent,
        whose.interaction,
        whose.task,
        whose.team,
        whose.user,
        call.key_id,
        whose.tags,
        whose.experiment,
        whose.session,
        progress.snapshot.revision,
        progress.operation,
        progress.stream,
        decision.label if decision is not None else "low",
        model.name,
        place.provider,
        place.upstream_model,
        place.location,
        (facts.tokens if facts is not None else 0) or -(-len(call.body) // 4),
        (hold.most_nusd or 0) if hold is not None else 0,
        model.prices_at(call.arrived_at_ms),
        progress.charges,
    )
    try:
        relay.journal.admit(admitted)
    except OSError as error:
        _log.error("a call cannot be noted in the journal, so it is not made: %s", error.strerror)
        raise refuse_unaccounted() from None
    return Sending(relay.journal, relay.open_calls.begin(admitted))


def refuse_unaccounted() -> ClientError:
    """What a client is told while nothing can be noted of its call."""
    message = "The gateway cannot keep its books at the moment, so it makes no calls; try again later."
    return ClientError(503, "accounting_unavailable", message)


def accept_answer(progress: Progress, answer: Answer) -> None:
    """Note what a good answer tells of its use."""
    if isinstance(answer, PlainAnswer):
        progress.usage = answer.usage
        progress.content_bytes = len(answer.body)
        progress.is_usage_rejected = answer.usage is None and reports_usage(answer.body)
    else:
        progress.first_content_s = answer.first_content_s
        if progress.sending.open_call is not None:
            progress.sending.open_call.answer = answer.reader


def note_failure(relay: Relay, progress: Progress, failure: UpstreamFailure) -> None:
    """Log a failed attempt, and book what it came to; from now on nothing is under way."""
    if failure.kind is not FailureKind.UNTRANSLATABLE:
        progress.asked = (failure, progress.model, progress.degraded)
    _log.warning("call %s, attempt %d: %s", progress.call.request_id, progress.attempts, failure)
    close_attempt(relay, progress, failure)
    progress.sending = Sending()


def find_cause(progress: Progress, last: UpstreamFailure) -> UpstreamFailure:
    """What the client is told where no model answered: what befell the last that was asked at all.

    That a model further on could not have been told the request is no mistake of a client whose first model could.
    """
    if last.kind is not FailureKind.UNTRANSLATABLE or progress.asked is None:
        return last
    failure, progress.model, progress.degraded = progress.asked
    return failure
