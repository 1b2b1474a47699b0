"""Hub -> Anthropic answer, as Anthropic's SDKs parse it; of several choices the first, for the format has but one."""

from collections.abc import Iterable, Iterator

import msgspec

from pointsman.core.chat.answer import AnswerPart, ChatAnswer, Choice
from pointsman.core.chat.conversation import JsonObject, Native, Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.signatures import wrap_signature
from pointsman.core.dialects.anthropic_messages.arguments import write_input
from pointsman.core.dialects.anthropic_messages.put_back import find_paths, put_back
from pointsman.core.dialects.anthropic_messages.read_blocks import CALL_MARK, pack_thought
from pointsman.core.dialects.anthropic_messages.terms import (
    NAME,
    TIERS_SERVED,
    write_stop_reason,
)
from pointsman.core.dialects.anthropic_messages.usage import write_usage
from pointsman.core.dialects.dialect import Asking

_NOTHING = Choice((), None)
_encode = msgspec.json.Encoder().encode


def write_response(answer: ChatAnswer, asking: Asking) -> bytes:
    """The body of a plain answer."""
    choice = answer.choices[0] if answer.choices else _NOTHING
    is_refusal = any(isinstance(part, Refusal) for part in choice.parts)
    usage = write_usage(answer.usage)
    if answer.service_tier in TIERS_SERVED:
        usage["service_tier"] = TIERS_SERVED[answer.service_tier]
    message: JsonObject = {
        "id": answer.id or f"msg_{asking.request_id}",
        "type": "message",
        "role": "assistant",
        "model": answer.model or asking.request.model,
        "content": list(_write_parts(choice.parts)),
        "stop_reason": write_stop_reason(choice.finish, choice.stop_sequence, is_refusal=is_refusal),
        "stop_sequence": choice.stop_sequence or None,
        "usage": usage,
    }
    if answer.extra and answer.extra_dialect == NAME:
        paths = find_paths(answer.extra)
        message.update({name: value for name, value in answer.extra.items() if name not in paths})
        for path, value in paths.items():
            put_back(message, path, value)
    return _encode(message)


def write_call_signature(call_signature: str, origin: str) -> JsonObject:
    """The block that carries another format's signature of a call through a client, and stands before the call."""
    return {"type": "redacted_thinking", "data": wrap_signature(CALL_MARK + call_signature, origin, NAME)}


def write_thought(thought: Reasoning) -> JsonObject:
    """The block of a thought; one from elsewhere carries its signature marked with where it is from."""
    signature = pack_thought(thought)
    if thought.is_hidden:
        return {"type": "redacted_thinking", "data": signature}
    return {"type": "thinking", "thinking": thought.text, "signature": signature}


def _write_parts(parts: Iterable[AnswerPart]) -> Iterator[JsonObject]:
    """The blocks of an answer; images and sounds are left out, for no answer of Anthropic's has any."""
    for part in parts:
        match part:
            case Text() | Refusal():
                if part.text:
                    yield {"type": "text", "text": part.text}
            case Reasoning():
                yield write_thought(part)
            case ToolCall():
                if part.signature and part.origin != NAME:
                    yield write_call_signature(part.signature, part.origin)
                yield {"type": "tool_use", "id": part.id, "name": part.name, "input": write_input(part.arguments)[0]}
            case Native() if part.dialect == NAME and type(part.value) is dict:
                yield part.value
