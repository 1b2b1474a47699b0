"""Cohere chat answer -> hub: thoughts and texts, the plan of the calls, then the calls themselves."""

import msgspec

from pointsman.core.chat.answer import AnswerPart, ChatAnswer, Choice, TokenLogprob
from pointsman.core.chat.conversation import JsonObject, Native, Reasoning, Text, ToolCall
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.signatures import unwrap_signature
from pointsman.core.dialects.cohere.usage import read_usage
from pointsman.core.dialects.cohere.words import FAILED_REASONS, NAME, read_finish

_decode = msgspec.json.Decoder(dict[str, object]).decode


def read_response(body: bytes) -> ChatAnswer:
    """A plain answer's body in the hub.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer; SERVER_ERROR when it is one that failed on its way.
    """
    try:
        answer = _decode(body)
        message = answer["message"]
        if type(message) is not dict:
            raise TypeError("the answer has no message")
        refuse_failed(answer.get("finish_reason"))
        parts = _read_parts(message)
        logprobs = read_logprobs(answer.get("logprobs"))
    except (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is none of Cohere's", sent=True) from None
    reason = answer.get("finish_reason")
    choice = Choice(tuple(parts), None if reason is None else read_finish(reason), logprobs=logprobs)
    return ChatAnswer(read_text(answer.get("id")), "", (choice,), read_usage(answer.get("usage")))


def refuse_failed(reason: object) -> None:
    """Raise what an answer means that says of itself that it failed."""
    if type(reason) is str and reason in FAILED_REASONS:
        detail = f"the provider ended the answer with {reason}"
        raise UpstreamFailure(FailureKind.SERVER_ERROR, detail, sent=True)


def read_thought(part: JsonObject) -> Reasoning:
    """A thought, with the members that we write for thoughts of other providers."""
    signature, origin = unwrap_signature(read_text(part.get("signature")), NAME)
    text, known = read_text(part.get("thinking")), read_text(part.get("id"))
    return Reasoning(text, signature, origin, part.get("is_hidden") is True, known)


def read_logprobs(items: object) -> tuple[TokenLogprob, ...] | None:
    """Cohere tells the texts of several tokens at once; the probability of such a piece is the product of theirs."""
    if type(items) is not list:
        return None
    return tuple([TokenLogprob(read_text(item.get("text")), float(sum(item.get("logprobs") or ()))) for item in items])


def read_text(value: object) -> str:
    """A text, or `""` where there is none."""
    return value if type(value) is str else ""


def read_call(call: JsonObject) -> ToolCall:
    """A call of a tool."""
    function = call["function"]
    if type(function) is not dict:
        raise TypeError("a tool call has no function")
    name, id = read_text(function["name"]), read_text(call.get("id"))
    signature, origin = unwrap_signature(read_text(call.get("signature")), NAME)
    return ToolCall(id or name, name, read_text(function.get("arguments")) or "{}", signature, origin)


def _read_parts(message: JsonObject) -> list[AnswerPart]:
    content = message.get("content")
    parts: list[AnswerPart] = []
    if type(content) is str and content:
        parts.append(Text(content))
    elif type(content) is list:
        for part in content:
            _add_part(part, parts)
    if plan := read_text(message.get("tool_plan")):
        parts.append(Reasoning(plan))
    calls = message.get("tool_calls")
    parts.extend([read_call(call) for call in (calls if type(calls) is list else ())])
    if message.get("citations"):
        parts.append(Native(NAME, "citations", message["citations"]))
    return parts


def _add_part(part: JsonObject, parts: list[AnswerPart]) -> None:
    """Empty parts say nothing, and a stream could not tell of them either."""
    kind = part.get("type")
    if kind == "thinking":
        thought = read_thought(part)
        if thought.text or thought.signature:
            parts.append(thought)
    elif kind == "text":
        if text := read_text(part.get("text")):
            parts.append(Text(text))
    else:
        parts.append(Native(NAME, read_text(kind) or "content", part))
