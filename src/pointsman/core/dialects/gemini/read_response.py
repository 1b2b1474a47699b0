"""Gemini answer -> hub. A prompt that was blocked is an answer without content, never a failure."""

from datetime import datetime

import msgspec

from pointsman.core.chat.answer import AnswerPart, ChatAnswer, Choice
from pointsman.core.chat.conversation import JsonObject, Reasoning, ToolCall
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.gemini.errors import classify_error
from pointsman.core.dialects.gemini.finish_reasons import is_failed_call, read_finish
from pointsman.core.dialects.gemini.logprobs import read_logprobs
from pointsman.core.dialects.gemini.names import GEMINI
from pointsman.core.dialects.gemini.read_candidate import (
    list_candidate_parts,
    list_objects,
    read_index,
    read_part,
)
from pointsman.core.dialects.gemini.usage import read_usage
from pointsman.core.dialects.moments import read_moment
from pointsman.core.dialects.rejections import show_error

FAILED_CALL = "the answer is a call of a tool that the provider could not read, and nothing else"
_decode = msgspec.json.Decoder(dict[str, object]).decode


def read_response(body: bytes) -> ChatAnswer:
    """A plain answer's body with status 200 in the hub.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer; what an error says that came with status 200.
    """
    try:
        answer = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is not a JSON object", sent=True) from None
    error = answer.get("error")
    if error is not None and not answer.get("candidates"):
        shown = show_error(error.get("message"), error.get("status")) if type(error) is dict else None
        raise UpstreamFailure(classify_error(error), "the answer is an error with status 200", sent=True, shown=shown)
    try:
        read = _read_answer(answer)
        ends = [candidate.get("finishReason") for candidate in list_objects(answer, "candidates")]
    except (LookupError, TypeError, ValueError, AttributeError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer has not Gemini's form", sent=True) from None
    if any(map(is_failed_call, ends)) and not any(choice.parts for choice in read.choices):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, FAILED_CALL, sent=True)
    return read


def find_block(answer: JsonObject) -> JsonObject | None:
    """What the provider says of a prompt that it will not answer, or `None`."""
    feedback = answer.get("promptFeedback")
    return feedback if type(feedback) is dict and type(feedback.get("blockReason")) is str else None


def read_text(answer: JsonObject, name: str) -> str:
    """A member of the answer that is a string or left out."""
    value = answer.get(name)
    return value if type(value) is str else ""


def read_created(answer: JsonObject) -> int:
    """When the answer was made, where the provider says so, which Vertex AI does."""
    try:
        return read_moment(datetime.fromisoformat(read_text(answer, "createTime")).timestamp())
    except (ValueError, OverflowError):
        return 0


def _read_answer(answer: JsonObject) -> ChatAnswer:
    response_id = read_text(answer, "responseId")
    candidates = list_objects(answer, "candidates")
    choices = [_read_choice(candidate, response_id, place) for place, candidate in enumerate(candidates)]
    extra: JsonObject = {}
    if not choices:
        feedback = find_block(answer)
        if feedback is None:
            raise ValueError("the answer has no candidates")
        choices = [Choice((), "content_filter")]
        extra = {"promptFeedback": feedback}
    choices.sort(key=lambda choice: choice.index)
    return ChatAnswer(
        response_id,
        read_text(answer, "modelVersion"),
        tuple(choices),
        read_usage(answer.get("usageMetadata")),
        read_created(answer),
        extra=extra,
        extra_dialect=GEMINI if extra else "",
    )


def _read_choice(candidate: JsonObject, response_id: str, place: int) -> Choice:
    parts: list[AnswerPart] = []
    calls = 0
    index = read_index(candidate, place)
    for item in list_candidate_parts(candidate):
        part, signature = read_part(item, response_id, index, calls)
        calls += isinstance(part, ToolCall)
        if part is not None and not (isinstance(part, Reasoning) and not part.text):
            parts.append(part)
        if signature:
            _sign(parts, signature)
    finish = read_finish(candidate.get("finishReason"), calls > 0)
    return Choice(tuple(parts), finish, "", read_logprobs(candidate.get("logprobsResult")), index)


def _sign(parts: list[AnswerPart], signature: str) -> None:
    """A signature belongs to the thought right before it, or else stands for a thought that nobody sees."""
    last = parts[-1] if parts else None
    if isinstance(last, Reasoning) and not last.signature:
        parts[-1] = Reasoning(last.text, signature, GEMINI)
    else:
        parts.append(Reasoning("", signature, GEMINI))
