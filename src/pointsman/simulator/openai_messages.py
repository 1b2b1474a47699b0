"""Messages of OpenAI's chat format, every field known: what OpenAI documents, and four habits of other providers.

The habits are `reasoning_content`, `reasoning_details`, `cache_control` and `extra_content`.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from pointsman.simulator.asked import (
    ATTACHMENT_TOKENS,
    IMAGE_TOKENS,
    LOW_DETAIL_IMAGE_TOKENS,
    Block,
    JsonObject,
    MadeCall,
    Turn,
)


class CacheControl(Struct, forbid_unknown_fields=True):
    """A mark up to which the prompt is to be kept."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class CacheBreakpoint(Struct, forbid_unknown_fields=True):
    """OpenAI's own mark."""

    mode: Literal["explicit"]
    ttl: Literal["30m", "12h"] = "30m"


class ImageUrl(Struct, forbid_unknown_fields=True):
    """Where an image is, and how closely to look."""

    url: Annotated[str, Meta(min_length=1)]
    detail: Literal["auto", "low", "high", "original"] | None = None


class Sound(Struct, forbid_unknown_fields=True):
    """Sound data in base64."""

    data: str
    format: Literal["wav", "mp3"]


class File(Struct, forbid_unknown_fields=True):
    """A file, uploaded before or sent along."""

    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class _Marked(Struct, forbid_unknown_fields=True, tag_field="type", kw_only=True):
    """What any part of a user's message may carry."""

    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: CacheBreakpoint | None = None

    @property
    def cache(self) -> str:
        """How long the prompt up to here is kept."""
        if self.cache_control is not None:
            return self.cache_control.ttl
        return "1h" if self.prompt_cache_breakpoint is not None else ""


class TextPart(_Marked, tag="text"):
    """A text part of a message."""

    text: str

    def show(self) -> Block:
        """The part without its dialect."""
        return Block(self.text, cache=self.cache)


class RefusalPart(_Marked, tag="refusal"):
    """An earlier refusal of the assistant, given back."""

    refusal: str

    def show(self) -> Block:
        """The part without its dialect."""
        return Block(self.refusal, cache=self.cache)


class ImagePart(_Marked, tag="image_url"):
    """An image part of a message; it costs a flat number of tokens."""

    image_url: ImageUrl

    def show(self) -> Block:
        """The part without its dialect."""
        tokens = LOW_DETAIL_IMAGE_TOKENS if self.image_url.detail == "low" else IMAGE_TOKENS
        return Block(attachment=self.image_url.url, attachment_tokens=tokens, cache=self.cache)


class AudioPart(_Marked, tag="input_audio"):
    """A sound part of a message; it costs a flat number of tokens."""

    input_audio: Sound

    def show(self) -> Block:
        """The part without its dialect."""
        return Block(attachment=self.input_audio.data, attachment_tokens=ATTACHMENT_TOKENS, cache=self.cache)


class FilePart(_Marked, tag="file"):
    """A file part of a message; it costs a flat number of tokens."""

    file: File

    def show(self) -> Block:
        """The part without its dialect."""
        data = self.file.file_data or self.file.file_id or ""
        return Block(attachment=data, attachment_tokens=ATTACHMENT_TOKENS, cache=self.cache)


class CalledFunction(Struct, forbid_unknown_fields=True):
    """The function of an earlier tool call."""

    name: str
    arguments: str


class CalledCustomTool(Struct, forbid_unknown_fields=True):
    """The custom tool of an earlier call."""

    name: str
    input: str


class EarlierCall(Struct, forbid_unknown_fields=True, tag_field="type", tag="function"):
    """A function call that the assistant made before, given back."""

    id: str
    function: CalledFunction
    extra_content: JsonObject | None = None

    def show(self) -> MadeCall:
        """The call without its dialect."""
        return MadeCall(self.function.name, self.function.arguments)


class EarlierCustomCall(Struct, forbid_unknown_fields=True, tag_field="type", tag="custom"):
    """A call of a custom tool, given back."""

    id: str
    custom: CalledCustomTool

    def show(self) -> MadeCall:
        """The call without its dialect."""
        return MadeCall(self.custom.name, self.custom.input)


class ReasoningDetail(Struct, forbid_unknown_fields=True):
    """A thought as some providers give it back."""

    type: Literal["reasoning.text", "reasoning.encrypted", "reasoning.summary"]
    text: str | None = None
    data: str | None = None
    summary: str | None = None
    signature: str | None = None
    id: str | None = None
    format: str | None = None
    index: int | None = None


class _Message(Struct, forbid_unknown_fields=True, tag_field="role", kw_only=True):
    """What every message may carry."""

    name: str | None = None
    cache_control: CacheControl | None = None

    @property
    def role(self) -> str:
        """Who speaks."""
        return str(self.__struct_config__.tag)


class SystemMessage(_Message, tag="system"):
    """What the operator says."""

    content: str | list[TextPart] | None = None


class DeveloperMessage(_Message, tag="developer"):
    """What the developer says; newer models know it in place of `system`."""

    content: str | list[TextPart] | None = None


class UserMessage(_Message, tag="user"):
    """What the user says."""

    content: str | list[TextPart | ImagePart | AudioPart | FilePart] | None = None


class EarlierAudio(Struct, forbid_unknown_fields=True):
    """A sound that the assistant made before, by its id."""

    id: str


class AssistantMessage(_Message, tag="assistant"):
    """What the assistant said and called, given back; answers hold `annotations`, so it may come back."""

    content: str | list[TextPart | RefusalPart] | None = None
    refusal: str | None = None
    audio: EarlierAudio | None = None
    annotations: list[JsonObject] | None = None
    tool_calls: Annotated[list[EarlierCall | EarlierCustomCall], Meta(min_length=1)] | None = None
    function_call: CalledFunction | None = None
    reasoning_content: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None


class ToolMessage(_Message, tag="tool"):
    """What a tool answered."""

    tool_call_id: str
    content: str | list[TextPart] | None = None


class FunctionMessage(_Message, tag="function"):
    """What a function answered, in the older form of tools."""

    content: str | None = None


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage


def show_turn(message: Message) -> Turn:
    """A message without its dialect."""
    mark = message.cache_control.ttl if message.cache_control else ""
    content = message.content or ""
    blocks = (Block(content, cache=mark),) if isinstance(content, str) else tuple(part.show() for part in content)
    calls: tuple[MadeCall, ...] = ()
    if isinstance(message, AssistantMessage):
        calls = tuple(call.show() for call in message.tool_calls or [])
        if message.function_call is not None:
            calls = (MadeCall(message.function_call.name, message.function_call.arguments),)
    role = "tool" if isinstance(message, FunctionMessage) else message.role
    return Turn(role, blocks, calls, message.name or "")
