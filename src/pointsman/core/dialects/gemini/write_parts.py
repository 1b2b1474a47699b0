"""Hub parts -> Gemini's, for requests and answers alike; what is done with signatures comes in from outside."""

from collections.abc import Callable, Sequence

import msgspec

from pointsman.core.chat.conversation import (
    JsonObject,
    Media,
    Native,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.core.dialects.gemini.media import write_media
from pointsman.core.dialects.gemini.names import GEMINI

Sign = Callable[[Reasoning], str | None]
"""What stands as the signature of a thought, or `None` where the thought is left out altogether."""

RAW_ARGUMENTS = "_raw"
"""Where arguments stand that are no JSON object, which is all that Gemini can say."""

_decode = msgspec.json.Decoder().decode


def write_parts(parts: Sequence[Part], sign: Sign) -> list[JsonObject]:
    """The parts of one content but for results of tools; the writer of requests has those."""
    written: list[JsonObject] = []
    pending = ""
    for place, part in enumerate(parts):
        if type(part) is Reasoning:
            signature = sign(part)
            if signature is None:
                continue
            if signature and not part.text and part.origin == GEMINI and _is_of_next(parts, place):
                pending = signature
            else:
                _write_thought(part, signature, written)
        elif type(part) is ToolCall:
            written.append(_write_call(part, pending, sign))
            pending = ""
        elif (item := write_part(part)) is not None:
            written.append(item)
    return written


def write_part(part: Part) -> JsonObject | None:
    """A part that stands for itself; `None` for what Gemini has no word for."""
    match part:
        case Text() | Refusal():
            return {"text": part.text} if part.text else None
        case Media():
            return write_media(part)
        case Native() if part.dialect == GEMINI and type(part.value) is dict:
            return dict(part.value)
    return None


def read_arguments(arguments: str) -> JsonObject | None:
    """A call's arguments as an object, or `None` when they are none."""
    try:
        read = _decode(arguments)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return read if type(read) is dict else None


def _is_of_next(parts: Sequence[Part], place: int) -> bool:
    """Whether a signature without a text belongs to the call that follows."""
    following = parts[place + 1] if place + 1 < len(parts) else None
    return type(following) is ToolCall and not following.signature


def _write_thought(thought: Reasoning, signature: str, written: list[JsonObject]) -> None:
    last = written[-1] if written else None
    is_own = thought.origin == GEMINI and not thought.text
    if is_own and last is not None and not last.get("thought") and "thoughtSignature" not in last:
        last["thoughtSignature"] = signature
        return
    item: JsonObject = {"text": thought.text}
    if not is_own:
        item["thought"] = True
    if signature:
        item["thoughtSignature"] = signature
    if thought.text or signature:
        written.append(item)


def _write_call(call: ToolCall, pending: str, sign: Sign) -> JsonObject:
    arguments = read_arguments(call.arguments)
    if arguments is None:
        arguments = {RAW_ARGUMENTS: call.arguments} if call.arguments else {}
    item: JsonObject = {"functionCall": {"id": call.id, "name": call.name, "args": arguments}}
    signature = sign(Reasoning("", call.signature, call.origin)) if call.signature else pending
    if signature:
        item["thoughtSignature"] = signature
    return item


def write_result(result: ToolResult, name: str) -> tuple[JsonObject, list[JsonObject]]:
    """What came of a call, and beside it the images and files of it."""
    texts = [part.text for part in result.parts if isinstance(part, Text | Refusal)]
    held = [item for part in result.parts if isinstance(part, Media | Native) and (item := write_part(part))]
    said = {"error" if result.is_error else "output": "\n".join(texts)}
    return {"id": result.call_id, "name": name, "response": said}, held
