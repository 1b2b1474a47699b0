"""Output items of the Responses format -> parts of an answer, and why it ended."""

from collections.abc import Iterable, Iterator

from pointsman.core.chat.answer import AnswerPart, FinishReason, TokenLogprob
from pointsman.core.chat.conversation import JsonObject, Media, Native, Refusal, Text, ToolCall
from pointsman.core.dialects.openai_responses.read_items import read_thought
from pointsman.core.dialects.openai_responses.read_parts import NAME

_INCOMPLETE: dict[object, FinishReason] = {"max_output_tokens": "length", "content_filter": "content_filter"}


def read_item(item: JsonObject) -> Iterator[AnswerPart]:
    """What an item says.

    Raises:
        KeyError, TypeError, ValueError: for an item that only looks like one.
    """
    kind = item["type"]
    if kind == "message":
        yield from _read_message(item)
    elif kind == "function_call":
        yield read_call(item)
    elif kind == "reasoning":
        thought = read_thought(item)
        if thought is not None:
            yield thought
    elif kind == "image_generation_call" and type(item.get("result")) is str:
        yield read_image(item)
    else:
        yield Native(NAME, expect_text(kind), item)


def read_call(item: JsonObject) -> ToolCall:
    """The call that an item is."""
    call_id = item.get("call_id") or item["id"]
    return ToolCall(expect_text(call_id), expect_text(item["name"]), expect_text(item.get("arguments", "")) or "{}")


def read_image(item: JsonObject) -> Media:
    """The image that a tool of the provider's made."""
    form = item.get("output_format")
    return Media("image", f"image/{form if type(form) is str else 'png'}", expect_text(item["result"]))


def read_logprobs(items: Iterable[JsonObject]) -> tuple[TokenLogprob, ...] | None:
    """The probabilities of all texts of some items, or `None` where there are none."""
    tokens: list[TokenLogprob] = []
    for item in items:
        if item.get("type") == "message":
            for part in item["content"]:  # type: ignore[attr-defined]
                tokens += read_tokens(part.get("logprobs")) or ()
    return tuple(tokens) or None


def read_tokens(reported: object) -> tuple[TokenLogprob, ...] | None:
    """The probabilities of the tokens of one text, or `None`."""
    if type(reported) is not list or not reported:
        return None
    return tuple([_read_token(token, tuple([_read_token(top) for top in _tops(token)])) for token in reported])


def find_finish(response: JsonObject, *, has_calls: bool, has_refusal: bool, has_text: bool) -> FinishReason:
    """Why an answer ended."""
    if response.get("status") == "incomplete":
        details = response.get("incomplete_details")
        reason = details.get("reason") if type(details) is dict else None
        return _INCOMPLETE.get(reason, "stop") if type(reason) is str else "stop"
    if has_calls:
        return "tool_calls"
    return "refusal" if has_refusal and not has_text else "stop"


def expect_text(value: object) -> str:
    """A string, or TypeError."""
    if type(value) is not str:
        raise TypeError("a string is missing")
    return value


def _read_message(item: JsonObject) -> Iterator[AnswerPart]:
    content = item["content"]
    if type(content) is not list:
        raise TypeError("a message has no list of parts")
    for part in content:
        kind = part["type"]
        if kind == "output_text":
            yield Text(expect_text(part["text"]))
        elif kind == "refusal":
            yield Refusal(expect_text(part["refusal"]))
        else:
            yield Native(NAME, expect_text(kind), part)


def _tops(token: JsonObject) -> list[JsonObject]:
    tops = token.get("top_logprobs")
    return tops if type(tops) is list else []


def _read_token(token: JsonObject, tops: tuple[TokenLogprob, ...] = ()) -> TokenLogprob:
    text, logprob, data = token["token"], token["logprob"], token.get("bytes")
    if type(text) is not str or type(logprob) not in (int, float):
        raise TypeError("a token has no probability")
    return TokenLogprob(text, float(logprob), tuple(data) if type(data) is list else None, tops)  # type: ignore[arg-type]
