"""Thoughts in OpenAI's format: `reasoning_content` to read, and OpenRouter's `reasoning_details` to send back unharmed.

A signature's `format` there is kept in front of it in the hub, so that its provider gets back exactly what it gave.
"""

from collections.abc import Iterable

from pointsman.core.chat.answer import ReasoningSigned
from pointsman.core.chat.conversation import JsonObject, Reasoning
from pointsman.core.chat.signatures import unwrap_signature, wrap_signature
from pointsman.core.dialects.openai_chat.wire import Detail

NAME = "openai_chat"
GOOGLE = "gemini"
_ENCRYPTED = "reasoning.encrypted"


def read_detail(detail: Detail) -> Reasoning:
    """One piece of a thought as a provider sends it."""
    signature = (detail.data if detail.type == _ENCRYPTED else detail.signature) or ""
    if signature:
        signature = _pack(signature, detail.format or "")
    text = detail.text or detail.summary or ""
    origin = NAME if signature else ""
    return Reasoning(text, signature, origin, detail.type == _ENCRYPTED, detail.id or "")


def unwrap_reasoning(reasoning: Reasoning) -> Reasoning:
    """The same as a client sends it back: what came from another format's provider is that one's again."""
    signature, origin = unwrap_signature(_unpack(reasoning.signature)[1], NAME)
    if origin in ("", NAME):
        return reasoning
    return Reasoning(reasoning.text, signature, origin, reasoning.is_hidden, reasoning.id)


def write_details(thoughts: Iterable[Reasoning]) -> list[JsonObject]:
    """Thoughts for a client, or for the provider whose own they are."""
    details: list[JsonObject] = []
    for thought in thoughts:
        if thought.text or not thought.is_hidden:
            words: JsonObject = {"type": "reasoning.text", "text": thought.text}
            if not thought.is_hidden:
                words |= write_signature(thought)
            details.append(words | {"index": len(details)})
        if thought.is_hidden:
            details.append({"type": _ENCRYPTED, **write_signature(thought), "index": len(details)})
    return details


def write_signature(thought: Reasoning | ReasoningSigned) -> JsonObject:
    """The members of a detail that prove a thought."""
    members: JsonObject = {}
    if thought.signature:
        kind, signature = _unpack(thought.signature) if thought.origin == NAME else ("", thought.signature)
        members["data" if thought.is_hidden else "signature"] = wrap_signature(signature, thought.origin, NAME)
        if kind:
            members["format"] = kind
    if thought.id:
        members["id"] = thought.id
    return members


def read_call_signature(extra: object) -> tuple[str, str]:
    """The thought that belongs to a call, and whose it is; where Gemini's own endpoint of this format has it."""
    google = extra.get("google") if type(extra) is dict else None
    signature = google.get("thought_signature") if type(google) is dict else None
    return unwrap_signature(signature, GOOGLE) if type(signature) is str else ("", "")


def write_call_signature(signature: str, origin: str) -> JsonObject:
    """The members of a call that hold the thought that belongs to it."""
    if not signature:
        return {}
    return {"extra_content": {"google": {"thought_signature": wrap_signature(signature, origin, GOOGLE)}}}


def _pack(signature: str, kind: str) -> str:
    return f"{kind}#{signature}" if kind or "#" in signature else signature


def _unpack(signature: str) -> tuple[str, str]:
    kind, mark, rest = signature.partition("#")
    return (kind, rest) if mark else ("", signature)
