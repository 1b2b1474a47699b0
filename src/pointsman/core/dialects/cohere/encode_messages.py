"""Hub's messages -> Cohere's: one message of a tool for each result, and texts that a user hands over as documents."""

from pointsman.core.chat.conversation import (
    JsonObject,
    Media,
    Message,
    Native,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.core.dialects.cohere.documents import write_document
from pointsman.core.dialects.data_urls import write_data_url

_ROLES = {"system": "system", "developer": "system", "user": "user"}


class MessagesWriter:
    """Writes the messages of one request.

    Attributes:
        documents: what goes beside the messages; whole after `write`.
    """

    __slots__ = ("_losses", "_takes_documents", "documents")

    def __init__(self, losses: list[str], *, takes_documents: bool) -> None:
        self._losses = losses
        self._takes_documents = takes_documents
        self.documents: list[JsonObject] = []

    def write(self, messages: tuple[Message, ...]) -> list[JsonObject]:
        """All messages, in order."""
        written: list[JsonObject] = []
        for place, message in enumerate(messages):
            path = f"messages[{place}]"
            if message.name:
                self._losses.append(f"{path}.name")
            if message.role == "assistant":
                said = self._write_assistant(message, path)
                if said.get("content") or "tool_calls" in said:
                    written.append(said)
            else:
                self._write_other(message, path, written)
        return self._end_with_user(written, len(messages) - 1)

    def _end_with_user(self, written: list[JsonObject], last: int) -> list[JsonObject]:
        """Cohere refuses a conversation of nothing, and one that ends with the system's words."""
        if not written:
            return [{"role": "user", "content": ""}]
        if written[-1]["role"] == "system":
            written[-1]["role"] = "user"
            self._losses.append(f"messages[{last}].role")
        return written

    def _write_other(self, message: Message, path: str, written: list[JsonObject]) -> None:
        """A system's, user's or tool's message; results that stand within a user's become messages of their own."""
        content: list[JsonObject] = []
        others = 0
        for place, part in enumerate(message.parts):
            if isinstance(part, ToolResult):
                written.append(self._write_result(part, f"{path}.parts[{place}]"))
                continue
            others += 1
            self._write_part(part, f"{path}.parts[{place}]", content)
        if others or not message.parts:
            role = _ROLES.get(message.role, "user")
            written.append({"role": role, "content": _shorten(content)})

    def _write_part(self, part: Part, path: str, content: list[JsonObject]) -> None:
        match part:
            case Text() | Refusal():
                content.append({"type": "text", "text": part.text})
            case Media(kind="image", file_id=""):
                content.append(_write_image(part))
            case Media(kind="document") if part.text:
                self._add_document(part, path, content)
            case Native(dialect="cohere") if type(part.value) is dict:
                content.append(part.value)
            case _:
                self._losses.append(path)
        if getattr(part, "cache", ""):
            self._losses.append(f"{path}.cache")

    def _write_result(self, result: ToolResult, path: str) -> JsonObject:
        content: list[JsonObject] = []
        for place, part in enumerate(result.parts):
            inner = f"{path}.parts[{place}]"
            match part:
                case Text():
                    content.append({"type": "text", "text": part.text})
                case Media(kind="document") if part.text:
                    content.append({"type": "document", "document": write_document(part)})
                    if part.context:
                        self._losses.append(f"{inner}.context")
                case Native(dialect="cohere") if type(part.value) is dict:
                    content.append(part.value)
                case _:
                    self._losses.append(inner)
            if getattr(part, "cache", ""):
                self._losses.append(f"{inner}.cache")
        if result.is_error:
            self._losses.append(f"{path}.is_error")
        if result.cache:
            self._losses.append(f"{path}.cache")
        return {"role": "tool", "tool_call_id": result.call_id, "content": _shorten(content)}

    def _write_assistant(self, message: Message, path: str) -> JsonObject:
        """An assistant's message; a thought right before its first call is the plan of the calls."""
        content: list[JsonObject] = []
        calls: list[JsonObject] = []
        written: JsonObject = {"role": "assistant"}
        parts = message.parts
        for place, part in enumerate(parts):
            inner = f"{path}.parts[{place}]"
            match part:
                case Text() | Refusal():
                    content.append({"type": "text", "text": part.text})
                case Reasoning(signature="", is_hidden=False):
                    if not calls and place + 1 < len(parts) and isinstance(parts[place + 1], ToolCall):
                        written["tool_plan"] = part.text
                    else:
                        content.append({"type": "thinking", "thinking": part.text})
                case Reasoning():
                    self._lose_thought()
                case ToolCall():
                    calls.append(self._write_call(part))
                case Native(dialect="cohere", kind="citations"):
                    written["citations"] = part.value
                case _:
                    self._losses.append(inner)
            if getattr(part, "cache", ""):
                self._losses.append(f"{inner}.cache")
        if content or not calls:
            written["content"] = _shorten(content)
        if calls:
            written["tool_calls"] = calls
        return written

    def _write_call(self, call: ToolCall) -> JsonObject:
        if call.signature:
            self._lose_thought()
        return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}

    def _lose_thought(self) -> None:
        """Cohere has no signatures, so that a signed thought is always another provider's."""
        if "thinking" not in self._losses:
            self._losses.append("thinking")

    def _add_document(self, document: Media, path: str, content: list[JsonObject]) -> None:
        """Documents go beside the messages, but Cohere takes none together with a form for the answer."""
        if self._takes_documents:
            self.documents.append(write_document(document))
        else:
            content.append({"type": "text", "text": document.text})
            if document.name:
                self._losses.append(f"{path}.name")
        if document.context:
            self._losses.append(f"{path}.context")


def _write_image(image: Media) -> JsonObject:
    address: JsonObject = {"url": image.url or write_data_url(image.media_type, image.data)}
    if image.detail:
        address["detail"] = image.detail
    return {"type": "image_url", "image_url": address}


def _shorten(content: list[JsonObject]) -> str | list[JsonObject]:
    """One text as a string, which is how most write it; nothing as an empty one."""
    if not content:
        return ""
    if len(content) == 1 and content[0].get("type") == "text":
        return str(content[0]["text"])
    return content
