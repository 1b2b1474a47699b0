"""Gives an answer again to a request that is the same, and keeps good ones for that, where a decision allows it.

Asked only once the decision is made, so what is denied or refused never gets here; nothing private is kept or given.
"""

from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.privacy.labels import Label, is_cleared
from pointsman.core.routing.decision import Decision
from pointsman.relay.answer_cache import KeptAnswer
from pointsman.relay.answer_key import Question, digest_question
from pointsman.relay.call import Call, Progress, Relay
from pointsman.relay.order import find_terms
from pointsman.relay.try_model import Answer, PlainAnswer

CLEARANCE: Label = "medium"
"""The most private label whose answers are kept."""

NO_CACHE = b"x-pointsman-no-cache"
_REFUSING = frozenset({b"no-cache", b"no-store"})


def find_key(progress: Progress, decision: Decision, request: ChatRequest) -> bytes | None:
    """What the answer to a request is kept under, or `None` where none may be given or kept.

    A stream is always answered by a model, and so is what a model answers that merely stands in for another, and what
    goes on from something that its provider keeps: that may be another thing each time.
    """
    first = decision.attempts[0]
    if request.stream or request.state_id or first.degraded or not is_cleared(decision.label, CLEARANCE):
        return None
    if _is_declined(progress.call):
        return None
    call, caller = progress.call, decision.agent
    return digest_question(
        Question(
            scope=call.key_id,
            client_path=f"{request.dialect}/{request.operation}",
            model=first.model,
            parameters=caller.parameters if caller is not None else (),
            check=decision.check,
            terms=find_terms(progress, decision),
            passed=call.passed,
            fields=request.fields,
        )
    )


def find_answer(relay: Relay, progress: Progress, key: bytes) -> KeptAnswer | None:
    """The answer that may be given again, or `None`."""
    return relay.answers.find(key, progress.snapshot.settings.cache, relay.monotonic_s())


def keep_answer(relay: Relay, progress: Progress, decision: Decision, key: bytes, answer: Answer) -> None:
    """Keep an answer that is whole, good, and of the model that was to be asked first; others are left alone."""
    if not isinstance(answer, PlainAnswer) or not _is_good(progress, decision, answer):
        return
    told = Encoded(b"", answer.encoded.changes, answer.encoded.losses)
    kept = KeptAnswer(answer.body, answer.content_type, told, progress.verification, relay.monotonic_s())
    if relay.answers.keep(key, kept, progress.snapshot.settings.cache):
        progress.cache = "miss"


def _is_good(progress: Progress, decision: Decision, answer: PlainAnswer) -> bool:
    model, verification = decision.attempts[0].model, progress.verification
    if progress.model is not model or progress.degraded or not (not verification or verification.startswith("passed")):
        return False
    # Nothing but a chat is ever cut short.
    return progress.operation != "chat" or progress.call.client.read_answer(answer.body).is_complete


def _is_declined(call: Call) -> bool:
    """Whether the caller wants an answer of its own; a word that cannot be read says so, too."""
    if any(directive.strip().lower() in _REFUSING for directive in call.cache_control.split(b",")):
        return True
    return any(name == NO_CACHE and value.strip().lower() != b"false" for name, value in call.words)
