"""The chat request, read as strictly as OpenAI's API reads it: what the gateway rewrites wrongly fails loudly here.

Fields of the top level must be known and well-typed; inside messages and tools, unknown fields pass.
"""

import json
import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from pointsman.simulator.refusal import Refusal

JsonObject = dict[str, Any]
"""A JSON object whose inside belongs to the caller: a schema, arguments, metadata."""

IMAGE_TOKENS = 765
LOW_DETAIL_IMAGE_TOKENS = 85
ATTACHMENT_TOKENS = 250

Count = Annotated[int, Meta(ge=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]


class ImageUrl(Struct):
    """Where an image is, and how closely to look."""

    url: str
    detail: str = "auto"


class TextPart(Struct, tag_field="type", tag="text"):
    """A text part of a message."""

    text: str


class RefusalPart(Struct, tag_field="type", tag="refusal"):
    """An earlier refusal of the assistant, given back."""

    refusal: str


class ImagePart(Struct, tag_field="type", tag="image_url"):
    """An image part of a message; it costs a flat number of tokens."""

    image_url: ImageUrl


class AudioPart(Struct, tag_field="type", tag="input_audio"):
    """A sound part of a message; it costs a flat number of tokens."""

    input_audio: JsonObject


class FilePart(Struct, tag_field="type", tag="file"):
    """A file part of a message; it costs a flat number of tokens."""

    file: JsonObject


Part = TextPart | RefusalPart | ImagePart | AudioPart | FilePart


class CalledFunction(Struct):
    """The function of an earlier tool call."""

    name: str
    arguments: str


class EarlierCall(Struct):
    """A tool call that the assistant made before, given back."""

    id: str
    function: CalledFunction
    type: Literal["function"] = "function"


class Message(Struct):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[EarlierCall] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """All text of the message, parts joined by line ends."""
        if self.content is None:
            return ""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def attachment_tokens(self) -> int:
        """What images, sounds and files of the message cost."""
        parts = [] if self.content is None or isinstance(self.content, str) else self.content
        return sum(_flat_cost_tokens(part) for part in parts)


def _flat_cost_tokens(part: Part) -> int:
    if isinstance(part, TextPart | RefusalPart):
        return 0
    if isinstance(part, ImagePart):
        return LOW_DETAIL_IMAGE_TOKENS if part.image_url.detail == "low" else IMAGE_TOKENS
    return ATTACHMENT_TOKENS


class Function(Struct):
    """What a tool is called and takes; `parameters` is a JSON Schema."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    description: str = ""
    parameters: JsonObject | None = None
    strict: bool | None = None


class Tool(Struct):
    """A tool the model may call."""

    type: Literal["function"]
    function: Function


class NamedFunction(Struct):
    """The function a tool choice points at."""

    name: str


class AllowedTools(Struct):
    """A subset of the tools, and whether one must be called."""

    mode: Literal["auto", "required"]
    tools: list[JsonObject]


class ForcedTool(Struct, tag_field="type", tag="function"):
    """`tool_choice` that demands one function."""

    function: NamedFunction


class AllowedToolChoice(Struct, tag_field="type", tag="allowed_tools"):
    """`tool_choice` that narrows the tools."""

    allowed_tools: AllowedTools


class JsonSchema(Struct):
    """The schema an answer must obey."""

    name: str
    schema: JsonObject = {}
    description: str = ""
    strict: bool | None = None


class TextFormat(Struct, tag_field="type", tag="text"):
    """`response_format` of plain text."""


class JsonObjectFormat(Struct, tag_field="type", tag="json_object"):
    """`response_format` of any JSON object."""


class JsonSchemaFormat(Struct, tag_field="type", tag="json_schema"):
    """`response_format` of an instance of a schema."""

    json_schema: JsonSchema


class StreamOptions(Struct, forbid_unknown_fields=True):
    """What a stream carries beside content."""

    include_usage: bool = False
    include_obfuscation: bool = True


class ChatRequest(Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/chat/completions`."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    messages: Annotated[list[Message], Meta(min_length=1)]
    audio: JsonObject | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: dict[str, Annotated[int, Meta(ge=-100, le=100)]] | None = None
    logprobs: bool | None = None
    max_completion_tokens: Count | None = None
    max_tokens: Count | None = None
    metadata: dict[str, str] | None = None
    modalities: list[Literal["text", "audio"]] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    parallel_tool_calls: bool | None = None
    prediction: JsonObject | None = None
    presence_penalty: Penalty | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    reasoning_effort: Effort | None = None
    response_format: TextFormat | JsonObjectFormat | JsonSchemaFormat | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ForcedTool | AllowedToolChoice | None = None
    tools: Annotated[list[Tool], Meta(min_length=1, max_length=128)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    web_search_options: JsonObject | None = None

    @property
    def choices(self) -> int:
        """How many answers are asked for."""
        return self.n or 1

    @property
    def stop_sequences(self) -> list[str]:
        """The texts at which an answer ends; empty ones mean nothing."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [sequence for sequence in stop if sequence]

    @property
    def wants_usage_chunk(self) -> bool:
        """Whether the stream ends with a usage chunk."""
        return self.stream_options is not None and self.stream_options.include_usage


_DECODER = msgspec.json.Decoder(ChatRequest)
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*?)`")
_PLACE = re.compile(r" - at `\$\.?(.*)`$")


def read_chat_request(body: bytes) -> ChatRequest:
    """Decode and check a request.

    Raises:
        Refusal: 400 in OpenAI's shape, naming the field at fault.
    """
    _refuse_duplicate_keys(body)
    try:
        request = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise _name_field(str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Refusal(400, _NOT_JSON) from None
    _refuse_contradictions(request)
    return request


_NOT_JSON = "We could not parse the JSON body of your request. The API expects a JSON payload."


def _refuse_duplicate_keys(body: bytes) -> None:
    """A repeated key reads differently in different parsers; only a rewriting gone wrong produces one."""

    def check(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            repeated = next(name for name in names if names.count(name) > 1)
            raise Refusal(400, f"Duplicate key: '{repeated}'.", code="duplicate_key", param=repeated)

    try:
        json.loads(body, object_pairs_hook=check)
    except (ValueError, RecursionError):
        raise Refusal(400, _NOT_JSON) from None


def _name_field(text: str) -> Refusal:
    place = _PLACE.search(text)
    path = place.group(1) if place else ""
    unknown = _UNKNOWN_FIELD.search(text)
    if unknown:
        param = f"{path}.{unknown.group(1)}".lstrip(".")
        return Refusal(400, f"Unknown parameter: '{param}'.", code="unknown_parameter", param=param)
    missing = re.search(r"missing required field `(.*?)`", text)
    if missing:
        param = f"{path}.{missing.group(1)}".lstrip(".")
        message = f"Missing required parameter: '{param}'."
        return Refusal(400, message, code="missing_required_parameter", param=param)
    message = f"Invalid value for '{path}': {_PLACE.sub('', text)}."
    return Refusal(400, message, code="invalid_value", param=path or None)


def _refuse_contradictions(request: ChatRequest) -> None:
    """Combinations of fields that OpenAI refuses, each with its own sentence."""
    names = {tool.function.name for tool in request.tools or []}
    choice = request.tool_choice
    if choice not in (None, "none") and not names:
        raise Refusal(400, "'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
    if isinstance(choice, ForcedTool) and choice.function.name not in names:
        raise Refusal(400, f"Tool choice '{choice.function.name}' not found in 'tools'.", param="tool_choice")
    if request.stream_options is not None and not request.stream:
        raise Refusal(400, "'stream_options' is only allowed when 'stream' is enabled.", param="stream_options")
    if request.top_logprobs is not None and not request.logprobs:
        raise Refusal(400, "'top_logprobs' is only allowed when 'logprobs' is enabled.", param="top_logprobs")
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        raise Refusal(400, "'max_tokens' and 'max_completion_tokens' exclude each other.", param="max_tokens")
    _refuse_unanswered_calls(request.messages)


def _refuse_unanswered_calls(messages: list[Message]) -> None:
    """A user, tool or system message needs content; a tool message answers a call that was made."""
    called: set[str] = set()
    for place, message in enumerate(messages):
        called.update(call.id for call in message.tool_calls or [])
        if message.content is None and not message.tool_calls:
            param = f"messages[{place}].content"
            raise Refusal(400, f"Invalid value for '{param}': expected text or parts, got null.", param=param)
        if message.role == "tool" and message.tool_call_id not in called:
            param = f"messages[{place}].role"
            raise Refusal(400, "A message with role 'tool' must answer a preceding 'tool_calls'.", param=param)
