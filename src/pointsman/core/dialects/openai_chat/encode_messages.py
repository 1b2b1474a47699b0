"""Hub -> messages for a provider; results of tools stand in messages of their own, right after the calls."""

from collections.abc import Sequence

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
from pointsman.core.dialects.openai_chat.encode_content import encode_content
from pointsman.core.dialects.openai_chat.reasoning import GOOGLE, NAME, write_call_signature, write_details

Placed = tuple[str, Part]
"""A part and the path under which a loss of it is told."""


def encode_messages(messages: Sequence[Message], model: str, losses: list[str]) -> list[JsonObject]:
    """Write all messages.

    Args:
        messages: of the conversation.
        model: the provider's id of the model; thoughts of Google's are for its models only.
        losses: takes what cannot be said.
    """
    encoder = _Encoder(model, losses, _find_open_turn(messages))
    for place, message in enumerate(messages):
        encoder.encode(place, message)
    return encoder.finish()


def _find_open_turn(messages: Sequence[Message]) -> int:
    """Where what follows the user's last words begins."""
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if message.role == "user" and not all(isinstance(part, ToolResult) for part in message.parts):
            return place + 1
    return 0


class _Encoder:
    def __init__(self, model: str, losses: list[str], open_turn: int) -> None:
        self._losses = losses
        self._open_turn = open_turn
        self._takes_google = "gemini" in model.lower()
        self._written: list[JsonObject] = []
        self._moved: list[Placed] = []

    def encode(self, place: int, message: Message) -> None:
        parts, role = message.parts, message.role
        if len(parts) == 1 and type(parts[0]) is Text and not parts[0].cache:
            self._flush()
            self._write({"role": "user" if role == "tool" else role, "content": parts[0].text}, message.name)
            return
        path = f"messages[{place}].parts"
        if role == "assistant":
            self._flush()
            self._encode_assistant(place, message, path)
            return
        rest: list[Placed] = []
        for number, part in enumerate(parts):
            if isinstance(part, ToolResult):
                self._encode_result(part, f"{path}[{number}]", message.name)
            else:
                rest.append((f"{path}[{number}]", part))
        if not rest and parts:
            return
        self._flush()
        fields: JsonObject = {"role": "user" if role == "tool" else role}
        fields["content"] = encode_content(rest, self._losses)
        self._write(fields, message.name)

    def finish(self) -> list[JsonObject]:
        self._flush()
        return self._written

    def _encode_result(self, result: ToolResult, path: str, name: str) -> None:
        """Write a result; images in it follow in a message of the user's, for a tool can only say words here."""
        parts = result.parts
        if len(parts) == 1 and type(parts[0]) is Text and not (parts[0].cache or result.cache or result.is_error):
            fields: JsonObject = {"role": "tool", "tool_call_id": result.call_id, "content": parts[0].text}
            self._write(fields, result.name or name)
            return
        words: list[Placed] = []
        for number, part in enumerate(parts):
            placed = (f"{path}.parts[{number}]", part)
            if isinstance(part, Media) and not part.text:
                self._moved.append(placed)
                self._losses.append(placed[0])
            else:
                words.append(placed)
        if result.cache:
            self._losses.append(f"{path}.cache")
        if result.is_error:
            self._losses.append(f"{path}.is_error")
        fields = {"role": "tool", "tool_call_id": result.call_id}
        fields["content"] = encode_content(words, self._losses)
        self._write(fields, result.name or name)

    def _encode_assistant(self, place: int, message: Message, path: str) -> None:
        words: list[Placed] = []
        refusals: list[str] = []
        calls: list[JsonObject] = []
        thoughts: list[Reasoning] = []
        for number, part in enumerate(message.parts):
            if isinstance(part, ToolCall):
                calls.append(self._encode_call(part, f"{path}[{number}]"))
            elif isinstance(part, Reasoning):
                thoughts.append(part)
            elif isinstance(part, Refusal):
                refusals.append(part.text)
            elif isinstance(part, Native) and part.dialect == NAME and part.kind == "custom_tool_call":
                calls.append(part.value)  # type: ignore[arg-type]
            else:
                words.append((f"{path}[{number}]", part))
        fields: JsonObject = {"role": "assistant"}
        if words or not (calls or refusals):
            fields["content"] = encode_content(words, self._losses)
        else:
            fields["content"] = None
        if refusals:
            fields["refusal"] = "".join(refusals)
        if thoughts:
            fields |= self._encode_thoughts(thoughts, needs_words=bool(calls) and place >= self._open_turn)
        if calls:
            fields["tool_calls"] = calls
        self._write(fields, message.name)

    def _encode_call(self, call: ToolCall, path: str) -> JsonObject:
        if call.cache:
            self._losses.append(f"{path}.cache")
        function = {"name": call.name, "arguments": call.arguments}
        written: JsonObject = {"id": call.id, "type": "function", "function": function}
        if call.signature and call.origin == GOOGLE and self._takes_google:
            written |= write_call_signature(call.signature, call.origin)
        elif call.signature:
            self._lose_thinking()
        return written

    def _encode_thoughts(self, thoughts: list[Reasoning], *, needs_words: bool) -> JsonObject:
        """Write thoughts where their provider wants them back.

        Signed ones always, to the one who signed. Unsigned ones while a model waits for the results of its calls:
        DeepSeek and others then demand them, and at any other time some servers refuse them.
        """
        members: JsonObject = {}
        own = [thought for thought in thoughts if thought.origin == NAME and thought.signature]
        plain = [thought.text for thought in thoughts if not thought.signature]
        if own:
            members["reasoning_details"] = write_details(
                [thought for thought in thoughts if thought.origin in ("", NAME)]
            )
        elif plain and needs_words:
            members["reasoning_content"] = "".join(plain)
        elif plain:
            self._lose_thinking()
        if any(thought.signature and thought.origin != NAME for thought in thoughts):
            self._lose_thinking()
        return members

    def _lose_thinking(self) -> None:
        if "thinking" not in self._losses:
            self._losses.append("thinking")

    def _flush(self) -> None:
        """Write what tools gave beside words, once all results that belong together are written."""
        if self._moved:
            # Losses in it were told already, or are those of the same part.
            self._write({"role": "user", "content": encode_content(self._moved, [])}, "")
            self._moved = []

    def _write(self, fields: JsonObject, name: str) -> None:
        if name:
            fields["name"] = name
        self._written.append(fields)
