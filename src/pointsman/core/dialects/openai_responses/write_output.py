"""Parts of an answer -> output items of the Responses format, whose ids are made of the request's."""

from collections.abc import Iterator, Sequence

from pointsman.core.chat.answer import AnswerPart, Choice, TokenLogprob
from pointsman.core.chat.conversation import JsonObject, Media, Native, Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.signatures import wrap_signature
from pointsman.core.dialects.openai_responses.read_items import SIGNATURE_OF_CALL
from pointsman.core.dialects.openai_responses.read_parts import NAME


def write_output(choice: Choice, request_id: str) -> list[JsonObject]:
    """The items of an answer."""
    items: list[JsonObject] = []
    content: list[JsonObject] | None = None
    logprobs = choice.logprobs
    for part in choice.parts:
        if isinstance(part, Text | Refusal):
            if content is None:
                content = []
                items.append(write_message(make_id("msg", request_id, len(items)), content, "completed"))
            content.append(write_text(part.text, logprobs) if isinstance(part, Text) else write_refusal(part.text))
            logprobs = None if isinstance(part, Text) else logprobs
            continue
        content = None
        for item in write_part(part, request_id, len(items)):
            items.append(item)
    if choice.finish in ("length", "content_filter", "pause") and items and "status" in items[-1]:
        items[-1]["status"] = "incomplete"
    return items


def write_part(part: AnswerPart, request_id: str, place: int) -> Iterator[JsonObject]:
    """The items of a part that is no text; none where the format has no place for it. `place` is that of the first."""
    match part:
        case Reasoning():
            yield write_thought(part, choose_id(part.id, make_id("rs", request_id, place)))
        case ToolCall():
            if part.signature:
                yield write_signature(part.id, part.signature, part.origin)
                place += 1
            yield write_call(make_id("fc", request_id, place), part.id, part.name, part.arguments, "completed")
        case Media() if part.kind == "image" and part.data:
            yield write_image(part, make_id("ig", request_id, place))
        case Native() if part.dialect == NAME and isinstance(part.value, dict):
            yield part.value


def make_id(kind: str, request_id: str, place: int) -> str:
    """The id of the item at a place."""
    return f"{kind}_{request_id}_{place}"


def choose_id(given: str, made: str) -> str:
    """A thought's own id where it has one of this format, for its provider knows it by that."""
    return given if given.startswith("rs_") else made


def write_message(item_id: str, content: list[JsonObject], status: str) -> JsonObject:
    """A message of the assistant."""
    return {"id": item_id, "type": "message", "status": status, "role": "assistant", "content": content}


def write_text(text: str, logprobs: Sequence[TokenLogprob] | None) -> JsonObject:
    """A text within a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": write_tokens(logprobs or ())}


def write_refusal(text: str) -> JsonObject:
    """A refusal within a message."""
    return {"type": "refusal", "refusal": text}


def write_thought(thought: Reasoning, item_id: str) -> JsonObject:
    """A thought, with its signature marked where it is another format's."""
    has_words = thought.text or not thought.is_hidden
    return {
        "id": item_id,
        "type": "reasoning",
        "summary": [write_summary(thought.text)] if has_words else [],
        "encrypted_content": wrap_signature(thought.signature, thought.origin, NAME) or None,
    }


def write_summary(text: str) -> JsonObject:
    """A part of a thought."""
    return {"type": "summary_text", "text": text}


def write_signature(call_id: str, signature: str, origin: str) -> JsonObject:
    """The thought that belongs to a call; stands right before it, and is known by its id when it comes back."""
    return write_thought(Reasoning("", signature, origin, is_hidden=True), SIGNATURE_OF_CALL + call_id)


def write_call(item_id: str, call_id: str, name: str, arguments: str, status: str) -> JsonObject:
    """A call of a function."""
    return {
        "id": item_id,
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def write_image(media: Media, item_id: str) -> JsonObject:
    """An image, as the format's own tool for them gives it."""
    form = media.media_type.rpartition("/")[2] or "png"
    return {
        "id": item_id,
        "type": "image_generation_call",
        "status": "completed",
        "output_format": form,
        "result": media.data,
    }


def write_tokens(logprobs: Sequence[TokenLogprob]) -> list[JsonObject]:
    """Tokens with their probabilities; the format always has their bytes."""
    return [{**_write_token(token), "top_logprobs": [_write_token(top) for top in token.top]} for token in logprobs]


def _write_token(token: TokenLogprob) -> JsonObject:
    data = token.bytes if token.bytes is not None else tuple(token.token.encode())
    return {"token": token.token, "logprob": token.logprob, "bytes": data}
