"""OpenAI Responses answer -> hub."""

import msgspec

from pointsman.core.chat.answer import AnswerPart, ChatAnswer, Choice
from pointsman.core.chat.conversation import JsonObject, Refusal, Text, ToolCall
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.moments import read_moment
from pointsman.core.dialects.openai_responses.errors import classify_error
from pointsman.core.dialects.openai_responses.read_output import find_finish, read_item, read_logprobs
from pointsman.core.dialects.openai_responses.usage import read_usage
from pointsman.core.dialects.rejections import show_error

_ENDED = ("completed", "incomplete", None)
_decode = msgspec.json.Decoder(dict[str, object]).decode


def read_response(body: bytes) -> ChatAnswer:
    """A plain answer with status 200 in the hub.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer; what the error means when it is a failed one.
    """
    try:
        response = _decode(body)
        return _read(response)
    except (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        detail = "the answer is not one of the Responses format"
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, detail, sent=True) from None


def read_failure(error: object) -> UpstreamFailure:
    """What an error object within an answer means."""
    said = error if type(error) is dict else {}
    shown = show_error(said.get("message"), said.get("code"), said.get("param"))
    return UpstreamFailure(classify_error(error), "the provider reports that the answer failed", sent=True, shown=shown)


def _read(response: JsonObject) -> ChatAnswer:
    items = response.get("output")
    if response.get("status") == "failed" or (type(items) is not list and response.get("error") is not None):
        raise read_failure(response.get("error"))
    if type(items) is not list or response.get("status") not in _ENDED:
        raise TypeError("the answer has no output, or has not ended")
    parts: list[AnswerPart] = []
    for item in items:
        parts += read_item(item)
    finish = find_finish(
        response,
        has_calls=any(type(part) is ToolCall for part in parts),
        has_refusal=any(type(part) is Refusal for part in parts),
        has_text=any(type(part) is Text for part in parts),
    )
    choice = Choice(tuple(parts), finish, logprobs=read_logprobs(items))
    return ChatAnswer(
        read_text(response, "id"),
        read_text(response, "model"),
        (choice,),
        read_usage(response.get("usage")),
        read_moment(response.get("created_at")),
        read_text(response, "service_tier"),
    )


def read_text(response: JsonObject, name: str) -> str:
    """A member that is a string, or `""`."""
    value = response.get(name)
    return value if type(value) is str else ""
