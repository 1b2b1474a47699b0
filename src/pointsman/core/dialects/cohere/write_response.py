"""Hub -> Cohere chat answer; a signed thought keeps its proof in members beside it, which Cohere's SDKs hand back."""

import msgspec

from pointsman.core.chat.answer import ChatAnswer, Choice, TokenLogprob
from pointsman.core.chat.conversation import JsonObject, Native, Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.signatures import wrap_signature
from pointsman.core.dialects.cohere.usage import write_usage
from pointsman.core.dialects.cohere.words import NAME, write_finish
from pointsman.core.dialects.dialect import Asking

_encode = msgspec.json.Encoder().encode
_EMPTY = Choice((), None)


def write_response(answer: ChatAnswer, asking: Asking) -> bytes:
    """The body of a plain answer; Cohere knows one choice only."""
    choice = answer.choices[0] if answer.choices else _EMPTY
    written: JsonObject = {
        "id": answer.id or asking.request_id,
        "finish_reason": write_finish(choice.finish, choice.stop_sequence),
        "message": _write_message(choice),
    }
    if answer.usage is not None:
        written["usage"] = write_usage(answer.usage)
    if choice.logprobs is not None:
        written["logprobs"] = [write_logprob(token) for token in choice.logprobs]
    return _encode(written)


def write_logprob(token: TokenLogprob) -> JsonObject:
    """A token's probability; its number in a vocabulary is not known."""
    return {"text": token.token, "token_ids": [], "logprobs": [token.logprob]}


def write_proof(signature: str, origin: str, is_hidden: bool, id: str) -> JsonObject:
    """The members beside `thinking` that prove whose thought it is."""
    proof: JsonObject = {}
    if signature:
        proof["signature"] = wrap_signature(signature, origin, NAME)
    if is_hidden:
        proof["is_hidden"] = True
    if id:
        proof["id"] = id
    return proof


def _write_message(choice: Choice) -> JsonObject:
    content: list[JsonObject] = []
    calls: list[JsonObject] = []
    message: JsonObject = {"role": "assistant"}
    parts = choice.parts
    for place, part in enumerate(parts):
        match part:
            case Text() | Refusal():
                content.append({"type": "text", "text": part.text})
            case Reasoning():
                proof = write_proof(part.signature, part.origin, part.is_hidden, part.id)
                is_plan = not proof and not calls and isinstance(_next(parts, place), ToolCall)
                if is_plan:
                    message["tool_plan"] = part.text
                else:
                    content.append({"type": "thinking", "thinking": part.text, **proof})
            case ToolCall():
                calls.append(_write_call(part))
            case Native(dialect="cohere", kind="citations"):
                message["citations"] = part.value
            case Native(dialect="cohere") if type(part.value) is dict:
                content.append(part.value)
    if content or not calls:
        message["content"] = content
    if calls:
        message["tool_calls"] = calls
    return message


def _next(parts: tuple[object, ...], place: int) -> object:
    return parts[place + 1] if place + 1 < len(parts) else None


def _write_call(call: ToolCall) -> JsonObject:
    written: JsonObject = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }
    if call.signature:
        written["signature"] = wrap_signature(call.signature, call.origin, NAME)
    return written
