"""Hub -> Gemini request: leading instructions apart, every answer of tools right behind its calls, in one content."""

from collections.abc import Sequence

from pointsman.core.chat.conversation import (
    Conversation,
    JsonObject,
    Media,
    Message,
    Native,
    Part,
    Reasoning,
    Refusal,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    demands_call,
    find_tool_names,
)
from pointsman.core.dialects.dialect import Draft, Target
from pointsman.core.dialects.gemini.generation import UNSIGNED, is_third
from pointsman.core.dialects.gemini.media import can_write, list_unsaid
from pointsman.core.dialects.gemini.names import GEMINI
from pointsman.core.dialects.gemini.write_config import write_choice, write_config, write_tools
from pointsman.core.dialects.gemini.write_parts import read_arguments, write_part, write_parts, write_result

TIERS = {
    "default": "standard",
    "standard": "standard",
    "standard_only": "standard",
    "flex": "flex",
    "priority": "priority",
}
_FIRST_WORDS = "."
_INSTRUCTING = ("system", "developer")


def encode_request(conversation: Conversation, stream: bool, target: Target) -> Draft:
    """The body for a provider; the model and whether to stream stand in the path."""
    losses: list[str] = []
    fields: JsonObject = {}
    messages = conversation.messages
    leading = _count_leading(messages)
    if leading:
        fields["systemInstruction"] = {"parts": _write_instructions(messages[:leading], losses)}
    writer = _Contents(is_third(target.model), find_tool_names(messages), losses)
    for place in range(leading, len(messages)):
        writer.add(messages[place], place)
    # What is said may be nothing at all; a content there must be.
    fields["contents"] = writer.contents or [{"role": "user", "parts": [{"text": ""}]}]
    if conversation.tools and (tools := write_tools(conversation, losses)):
        fields["tools"] = tools
    if conversation.tool_choice is not None:
        if any(isinstance(tool, Tool) for tool in conversation.tools):
            fields["toolConfig"] = {"functionCallingConfig": write_choice(conversation.tool_choice)}
        elif demands_call(conversation.tool_choice):
            losses.append("tool_choice")
    config = write_config(conversation, target.model, losses)
    if config:
        fields["generationConfig"] = config
    _write_rest(conversation, fields, losses)
    return Draft(fields, losses)


def _count_leading(messages: Sequence[Message]) -> int:
    leading = next((place for place, message in enumerate(messages) if message.role not in _INSTRUCTING), None)
    # A conversation of instructions alone still needs a content: the last of them becomes one.
    return len(messages) - 1 if leading is None else leading


def _write_instructions(messages: Sequence[Message], losses: list[str]) -> list[JsonObject]:
    written: list[JsonObject] = []
    for place, message in enumerate(messages):
        for number, part in enumerate(message.parts):
            path = f"messages[{place}].parts[{number}]"
            if isinstance(part, Text):
                written.append({"text": part.text})
                if part.cache:
                    losses.append(f"{path}.cache")
            elif isinstance(part, Native) and (item := write_part(part)) is not None:
                written.append(item)
            else:
                losses.append(path)
    return written


def _write_rest(conversation: Conversation, fields: JsonObject, losses: list[str]) -> None:
    """What stands beside the messages, and what of it Gemini has no word for."""
    if conversation.metadata:
        if conversation.extra_dialect == GEMINI:
            fields["labels"] = conversation.metadata
        else:
            losses.append("metadata")  # labels exist on Vertex AI only, with rules of their own
    tier = conversation.service_tier
    if tier in TIERS:
        fields["serviceTier"] = TIERS[tier]
    elif tier not in ("", "auto"):
        losses.append("service_tier")
    if conversation.parallel_tool_calls is False:
        losses.append("parallel_tool_calls")
    losses.extend([name for name in ("verbosity", "user") if getattr(conversation, name)])
    if conversation.cache_key:
        losses.append("prompt_cache_key")
    for name, value in conversation.extra.items():
        if conversation.extra_dialect != GEMINI or name.startswith("tools["):
            losses.append(name)
        else:
            _set_path(fields, name, value)


def _set_path(fields: JsonObject, path: str, value: object) -> None:
    *holders, name = path.split(".")
    for holder in holders:
        inner = fields.get(holder)
        if type(inner) is not dict:
            inner = fields[holder] = {}
        fields = inner
    fields[name] = value


class _Contents:
    """The contents so far."""

    __slots__ = ("_follows_calls", "_losses", "_names", "_signs", "_speaker", "contents")

    def __init__(self, signs: bool, names: dict[str, str], losses: list[str]) -> None:
        self.contents: list[JsonObject] = []
        self._signs = signs
        self._names = names
        self._losses = losses
        self._speaker = ""
        self._follows_calls = False

    def add(self, message: Message, place: int) -> None:
        """One message more. Calls made at once, and their results, each stand in one content."""
        path = f"messages[{place}]"
        parts = message.parts
        role = message.role
        if message.name:
            self._losses.append(f"{path}.name")
        if role in _INSTRUCTING:
            self._losses.append(f"{path}.role")
        self._note_losses(parts, path)
        if role == "assistant":
            written = write_parts(parts, self._sign)
        elif any(type(part) is ToolResult for part in parts):
            written = self._write_results(parts)
        else:
            written = [item for part in parts if (item := write_part(part)) is not None]
        if written or role != "assistant":
            self._append(role, written or [{"text": ""}], path)

    def _append(self, role: str, written: list[JsonObject], path: str) -> None:
        has_calls = role == "assistant" and any("functionCall" in item for item in written)
        joins = role == self._speaker and (role == "tool" or has_calls)
        if joins:
            held = self.contents[-1]["parts"]
            assert type(held) is list, "written below"
            held.extend(written)
        else:
            if role == "assistant" and not self.contents:
                # Google refuses a conversation that begins with the model, at least where it calls something.
                self.contents.append({"role": "user", "parts": [{"text": _FIRST_WORDS}]})
                self._losses.append(f"{path}.role")
            self.contents.append({"role": "model" if role == "assistant" else "user", "parts": written})
            self._follows_calls = False
        if has_calls and not self._follows_calls and self._signs:
            first = next(item for item in written if "functionCall" in item)
            first.setdefault("thoughtSignature", UNSIGNED)
        self._speaker, self._follows_calls = role, has_calls or self._follows_calls

    def _write_results(self, parts: Sequence[Part]) -> list[JsonObject]:
        """Results; models before the third generation take the images of one only beside it."""
        written: list[JsonObject] = []
        beside: list[JsonObject] = []
        for part in parts:
            if not isinstance(part, ToolResult):
                if (item := write_part(part)) is not None:
                    written.append(item)
                continue
            name = self._names.get(part.call_id) or part.name or part.call_id
            result, held = write_result(part, name)
            if held and self._signs:
                result["parts"] = held
            else:
                beside.extend(held)
            written.append({"functionResponse": result})
        return [*written, *beside]

    def _sign(self, thought: Reasoning) -> str | None:
        if thought.signature and thought.origin != GEMINI:
            return None
        return thought.signature

    def _note_losses(self, parts: Sequence[Part], path: str) -> None:
        for number, part in enumerate(parts):
            where = f"{path}.parts[{number}]"
            match part:
                case Text() if not part.cache:
                    continue
                case Media():
                    self._note_media(part, where)
                case Reasoning():
                    if part.signature and part.origin != GEMINI and "thinking" not in self._losses:
                        self._losses.append("thinking")
                case Refusal():
                    self._losses.append(f"{where}.refusal")
                case Native() if part.dialect != GEMINI or type(part.value) is not dict:
                    self._losses.append(where)
                case ToolCall() if read_arguments(part.arguments) is None and part.arguments:
                    self._losses.append(f"{where}.arguments")
                case ToolResult():
                    self._note_losses(part.parts, where)
            if getattr(part, "cache", "") and not isinstance(part, Media):
                self._losses.append(f"{where}.cache")

    def _note_media(self, media: Media, where: str) -> None:
        if not can_write(media):
            self._losses.append(where)
            return
        self._losses.extend([f"{where}.{name}" for name in list_unsaid(media)])
