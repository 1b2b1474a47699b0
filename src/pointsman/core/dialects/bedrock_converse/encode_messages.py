"""Hub's messages -> Bedrock's system prompt and turns: those of one side that follow one another become one turn."""

import msgspec

from pointsman.core.chat.conversation import (
    JsonObject,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.core.dialects.bedrock_converse.media import MediaWriter
from pointsman.core.dialects.bedrock_converse.words import NAME
from pointsman.core.dialects.call_ids import fit_call_id

_SYSTEM = ("system", "developer")
_FIRST_WORDS = "."
_decode = msgspec.json.Decoder(dict[str, object]).decode


class MessagesWriter:
    """Writes the messages of one request.

    Attributes:
        system: the system prompt; whole after `write`.
        turns: what was said since, likewise.
    """

    __slots__ = ("_losses", "_media", "system", "turns")

    def __init__(self, losses: list[str]) -> None:
        self._losses = losses
        self._media = MediaWriter()
        self.system: list[JsonObject] = []
        self.turns: list[JsonObject] = []

    def write(self, messages: tuple[Message, ...]) -> None:
        """All messages, in order; a system prompt that comes late joins those before, which is told as a loss."""
        for place, message in enumerate(messages):
            path = f"messages[{place}]"
            if message.name:
                self._losses.append(f"{path}.name")
            if message.role in _SYSTEM:
                if self.turns:
                    self._losses.append(f"{path}.role")
                self._write_system(message, path)
            else:
                self._write_turn(message, path)
                if self.turns and self.turns[0]["role"] == "assistant":
                    # Bedrock refuses a conversation that begins with the model's words.
                    self.turns.insert(0, {"role": "user", "content": [{"text": _FIRST_WORDS}]})
                    self._losses.append(f"{path}.role")
        if not self.turns:
            # It refuses one without any words but the system's as well.
            self.turns, self.system = [{"role": "user", "content": self.system or [{"text": _FIRST_WORDS}]}], []
            self._losses.append("messages[0].role")
        if self.turns[-1]["role"] == "assistant" and messages[-1].role in ("user", "tool"):
            # Without what the user left blank, the model's last words would be the beginning of its answer.
            self.turns.append({"role": "user", "content": [{"text": _FIRST_WORDS}]})
            self._losses.append(f"messages[{len(messages) - 1}].parts")

    def _write_system(self, message: Message, path: str) -> None:
        for place, part in enumerate(message.parts):
            if not isinstance(part, Text):
                self._losses.append(f"{path}.parts[{place}]")
            elif part.text and not part.text.isspace():
                self.system.append({"text": part.text})
                _add_cache_point(part.cache, self.system)

    def _write_turn(self, message: Message, path: str) -> None:
        results: list[JsonObject] = []
        blocks: list[JsonObject] = []
        for place, part in enumerate(message.parts):
            into = results if isinstance(part, ToolResult) else blocks
            self._write_part(part, f"{path}.parts[{place}]", into)
        if not results and not blocks:
            return
        role = "assistant" if message.role == "assistant" else "user"
        if self.turns and self.turns[-1]["role"] == role:
            content = self.turns[-1]["content"]
            assert isinstance(content, list), "turns are written here only"
            content.extend(results + blocks)
        else:
            self.turns.append({"role": role, "content": results + blocks})

    def _write_part(self, part: Part, path: str, blocks: list[JsonObject]) -> None:
        match part:
            case Text() | Refusal():
                if part.text and not part.text.isspace():
                    blocks.append({"text": part.text})
            case Media():
                self._add_media(part, path, blocks)
            case ToolCall():
                blocks.append(self._write_call(part, path))
            case ToolResult():
                blocks.append(self._write_result(part, path))
            case Reasoning():
                self._add_thought(part, blocks)
            case _:
                self._losses.append(path)
        _add_cache_point(getattr(part, "cache", ""), blocks)

    def _add_media(self, media: Media, path: str, blocks: list[JsonObject]) -> None:
        block = self._media.write(media)
        if block is None:
            self._losses.append(path)
            return
        blocks.append(block)
        if media.detail not in ("", "auto"):
            self._losses.append(f"{path}.detail")

    def _add_thought(self, thought: Reasoning, blocks: list[JsonObject]) -> None:
        """A thought goes back only to whom it came from, with its proof."""
        if thought.origin != NAME or not thought.signature:
            self._lose_thought()
        elif thought.is_hidden:
            blocks.append({"reasoningContent": {"redactedContent": thought.signature}})
        else:
            words = {"text": thought.text, "signature": thought.signature}
            blocks.append({"reasoningContent": {"reasoningText": words}})

    def _write_call(self, call: ToolCall, path: str) -> JsonObject:
        if call.signature:
            self._lose_thought()
        arguments: JsonObject
        try:
            arguments = _decode(call.arguments)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            # Models do write arguments that are no JSON; the words stay, and that they moved is told.
            arguments = {"_raw": call.arguments}
            self._losses.append(f"{path}.arguments")
        return {"toolUse": {"toolUseId": fit_call_id(call.id), "name": call.name, "input": arguments}}

    def _write_result(self, result: ToolResult, path: str) -> JsonObject:
        content: list[JsonObject] = []
        for place, part in enumerate(result.parts):
            inner = f"{path}.parts[{place}]"
            if isinstance(part, Text):
                content.append({"text": part.text})
            elif isinstance(part, Media) and part.kind != "audio":
                self._add_media(part, inner, content)
            else:
                self._losses.append(inner)
            if getattr(part, "cache", ""):
                self._losses.append(f"{inner}.cache")
        written: JsonObject = {"toolUseId": fit_call_id(result.call_id), "content": content}
        if result.is_error:
            written["status"] = "error"
        return {"toolResult": written}

    def _lose_thought(self) -> None:
        if "thinking" not in self._losses:
            self._losses.append("thinking")


def _add_cache_point(cache: str, blocks: list[JsonObject]) -> None:
    """Mark the end of what is to be remembered; five minutes are what Bedrock takes for granted."""
    if cache and blocks:
        blocks.append({"cachePoint": {"type": "default", "ttl": "1h"} if cache == "1h" else {"type": "default"}})
