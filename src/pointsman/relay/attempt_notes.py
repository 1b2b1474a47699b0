"""Notes how attempts begin and end, so that whatever cuts a call short finds out who was asked last."""

import logging

from pointsman.core.chat.failures import POLICIES, FailureKind, UpstreamFailure
from pointsman.core.routing.decision import Attempt, Decision
from pointsman.relay.call import Progress
from pointsman.relay.sending import Sending
from pointsman.relay.try_model import Answer, PlainAnswer

_log = logging.getLogger(__name__)


def begin_attempt(progress: Progress, decision: Decision) -> Attempt:
    """Count the next attempt of the decision; the last one stays the last, however often it is repeated."""
    place, attempts = progress.attempts, decision.attempts
    attempt = attempts[place if place < len(attempts) else -1]
    progress.attempts = place + 1
    progress.model = attempt.model
    progress.sending = Sending()
    progress.degraded = attempt.degraded or ("" if attempt is attempts[0] else "fallback")
    return attempt


def accept_answer(progress: Progress, answer: Answer) -> None:
    """Note what a good answer tells of its use."""
    if isinstance(answer, PlainAnswer):
        progress.usage = answer.usage
        progress.content_bytes = len(answer.body)
    else:
        progress.first_content_s = answer.first_content_s


def note_failure(progress: Progress, failure: UpstreamFailure) -> None:
    """Log a failed attempt, and whether its provider may bill it all the same; from now on nothing is under way."""
    if failure.kind is not FailureKind.UNTRANSLATABLE:
        progress.asked = (failure, progress.model, progress.degraded)
    _log.warning("call %s, attempt %d: %s", progress.call.request_id, progress.attempts, failure)
    progress.sending = Sending()
    progress.maybe_billed = progress.maybe_billed or (failure.sent and POLICIES[failure.kind].maybe_billed)


def find_cause(progress: Progress, last: UpstreamFailure) -> UpstreamFailure:
    """What the client is told where no model answered: what befell the last that was asked at all.

    That a model further on could not have been told the request is no mistake of a client whose first model could.
    """
    if last.kind is not FailureKind.UNTRANSLATABLE or progress.asked is None:
        return last
    failure, progress.model, progress.degraded = progress.asked
    return failure
