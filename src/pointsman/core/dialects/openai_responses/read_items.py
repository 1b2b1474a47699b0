"""Items of the Responses format -> messages of the hub: what the model says in a row becomes one turn of it."""

from collections.abc import Callable

from pointsman.core.chat.conversation import JsonObject, Message, Native, Part, Reasoning, ToolCall, ToolResult
from pointsman.core.chat.signatures import unwrap_signature
from pointsman.core.dialects.openai_responses.check_items import find_type
from pointsman.core.dialects.openai_responses.read_parts import NAME, note_rest, read_content

SIGNATURE_OF_CALL = "rs_for_"
"""Begins the id of a thought that is the signature of the call whose id follows."""

_USER_ENDINGS = ("_output", "_response")
_KNOWN_OF_MESSAGE = frozenset({"type", "role", "content", "id", "status"})
_KNOWN_OF_CALL = frozenset({"type", "call_id", "name", "arguments", "id", "status"})
_KNOWN_OF_RESULT = frozenset({"type", "call_id", "output", "name", "id", "status"})
_KNOWN_OF_THOUGHT = frozenset({"type", "id", "summary", "content", "encrypted_content", "status"})


def read_items(items: list[object], notes: JsonObject) -> list[Message]:
    """The messages that checked items are.

    Args:
        items: of a request.
        notes: takes what no other format has, by its path.
    """
    reading = _Reading(notes)
    for place, item in enumerate(items):
        assert isinstance(item, dict)
        kind = str(find_type(item))
        read = _READERS.get(kind)
        if read is not None:
            read(reading, item, f"input[{place}]")
        else:
            reading.add("user" if kind.endswith(_USER_ENDINGS) else "assistant", Native(NAME, kind, item))
    reading.close()
    return reading.messages


class _Reading:
    """Messages so far, and the turn that is open."""

    __slots__ = ("_parts", "_role", "messages", "notes")

    def __init__(self, notes: JsonObject) -> None:
        self.messages: list[Message] = []
        self.notes = notes
        self._role = ""
        self._parts: list[Part] = []

    def add(self, role: str, *parts: Part) -> None:
        """Add to the turn of the assistant or of its tools; any other message stands alone."""
        if role != self._role:
            self.close()
            self._role = role
        self._parts += parts
        if role not in ("assistant", "tool"):
            self.close()

    def close(self) -> None:
        if self._role:
            self.messages.append(Message(self._role, tuple(self._parts)))  # type: ignore[arg-type]
        self._role, self._parts = "", []

    def take_signature(self, call_id: str) -> tuple[str, str]:
        """The signature of a call, where it stands as a thought right before it."""
        last = self._parts[-1] if self._parts and self._role == "assistant" else None
        if isinstance(last, Reasoning) and last.id == SIGNATURE_OF_CALL + call_id:
            self._parts.pop()
            return last.signature, last.origin
        return "", ""


def _read_message(reading: _Reading, item: JsonObject, path: str) -> None:
    reading.add(str(item["role"]), *read_content(item["content"], f"{path}.content", reading.notes))
    note_rest(item, _KNOWN_OF_MESSAGE, path, reading.notes)


def _read_call(reading: _Reading, item: JsonObject, path: str) -> None:
    call_id = str(item["call_id"])
    signature, origin = reading.take_signature(call_id)
    reading.add("assistant", ToolCall(call_id, str(item["name"]), str(item["arguments"]) or "{}", signature, origin))
    note_rest(item, _KNOWN_OF_CALL, path, reading.notes)


def _read_result(reading: _Reading, item: JsonObject, path: str) -> None:
    parts = read_content(item["output"], f"{path}.output", reading.notes)
    reading.add("tool", ToolResult(str(item["call_id"]), parts))
    note_rest(item, _KNOWN_OF_RESULT, path, reading.notes)


def _read_thought(reading: _Reading, item: JsonObject, path: str) -> None:
    thought = read_thought(item)
    if thought is not None:
        reading.add("assistant", thought)
    elif item.get("id"):
        reading.notes[path] = item
    note_rest(item, _KNOWN_OF_THOUGHT, path, reading.notes)


def read_thought(item: JsonObject) -> Reasoning | None:
    """The thought of a reasoning item, or `None` for one that says nothing outside its provider's store."""
    texts = [
        part["text"]
        for name in ("content", "summary")
        for part in (item.get(name) or ())  # type: ignore[attr-defined]
    ]
    encrypted, own_id = item.get("encrypted_content"), item.get("id")
    signature, origin = unwrap_signature(encrypted, NAME) if type(encrypted) is str else ("", "")
    if not texts and not signature:
        return None
    return Reasoning("\n\n".join(texts), signature, origin, not texts, own_id if type(own_id) is str else "")


def _note_reference(reading: _Reading, item: JsonObject, path: str) -> None:
    reading.notes[path] = item


_READERS: dict[str, Callable[[_Reading, JsonObject, str], None]] = {
    "message": _read_message,
    "function_call": _read_call,
    "function_call_output": _read_result,
    "reasoning": _read_thought,
    "item_reference": _note_reference,
}
