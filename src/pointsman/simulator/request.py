"""The chat request, read as strictly as OpenAI's API reads it: what the gateway rewrites wrongly fails loudly here.

Fields of every level must be known and well-typed; only schemas, arguments and metadata belong to the caller.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from pointsman.simulator.asked import REASONING_TOKENS, Asked
from pointsman.simulator.openai_messages import AssistantMessage, Message, ToolMessage, show_turn
from pointsman.simulator.openai_tools import (
    AnswerFormat,
    Choice,
    CustomTool,
    ForcedCustomTool,
    ForcedTool,
    JsonSchemaFormat,
    Tool,
    show_choice,
    show_schema,
)
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.strict_json import decode_strictly
from pointsman.simulator.strict_schema import refuse_loose_schema

Count = Annotated[int, Meta(ge=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
ServiceTier = Literal["auto", "default", "flex", "scale", "priority", "fast"]


class StreamOptions(Struct, forbid_unknown_fields=True):
    """What a stream carries beside content."""

    include_usage: bool = False
    include_obfuscation: bool = True


class VoiceId(Struct, forbid_unknown_fields=True):
    """A voice of the caller's own."""

    id: str


class AudioOptions(Struct, forbid_unknown_fields=True):
    """How a spoken answer sounds."""

    format: Literal["wav", "aac", "mp3", "flac", "opus", "pcm16"]
    voice: str | VoiceId


class PredictedPart(Struct, forbid_unknown_fields=True, tag_field="type", tag="text"):
    """A part of a predicted answer."""

    text: str


class Prediction(Struct, forbid_unknown_fields=True, tag_field="type", tag="content"):
    """What the answer will mostly say."""

    content: str | list[PredictedPart]


class Place(Struct, forbid_unknown_fields=True):
    """About where the user is."""

    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class UserLocation(Struct, forbid_unknown_fields=True):
    """Where a web search is made from."""

    type: Literal["approximate"]
    approximate: Place


class WebSearchOptions(Struct, forbid_unknown_fields=True):
    """How to search the web."""

    search_context_size: Literal["low", "medium", "high"] | None = None
    user_location: UserLocation | None = None


class CacheOptions(Struct, forbid_unknown_fields=True):
    """How prompts are kept."""

    mode: Literal["implicit", "explicit"] | None = None
    ttl: Literal["30m"] | None = None


class ChatRequest(Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/chat/completions`."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    messages: Annotated[list[Message], Meta(min_length=1)]
    audio: AudioOptions | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: dict[str, Annotated[int, Meta(ge=-100, le=100)]] | None = None
    logprobs: bool | None = None
    max_completion_tokens: Count | None = None
    max_tokens: Count | None = None
    metadata: dict[str, str] | None = None
    modalities: list[Literal["text", "audio"]] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    parallel_tool_calls: bool | None = None
    prediction: Prediction | None = None
    presence_penalty: Penalty | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: CacheOptions | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    reasoning_effort: Effort | None = None
    response_format: AnswerFormat | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    service_tier: ServiceTier | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    tool_choice: Choice | None = None
    tools: Annotated[list[Tool | CustomTool], Meta(min_length=1, max_length=128)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    web_search_options: WebSearchOptions | None = None

    @property
    def stop_sequences(self) -> tuple[str, ...]:
        """The texts at which an answer ends; empty ones mean nothing."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(sequence for sequence in stop if sequence)

    @property
    def wants_usage_chunk(self) -> bool:
        """Whether the stream ends with a usage chunk."""
        return self.stream_options is not None and self.stream_options.include_usage

    def show(self) -> Asked:
        """The request without its dialect."""
        return Asked(
            model=self.model,
            turns=tuple(show_turn(message) for message in self.messages),
            functions=tuple(tool.show() for tool in self.tools or [] if isinstance(tool, Tool)),
            choice=show_choice(self.tool_choice),
            parallel=self.parallel_tool_calls is not False,
            schema=show_schema(self.response_format),
            most_tokens=self.max_completion_tokens or self.max_tokens,
            choices=self.n or 1,
            seed=self.seed,
            stop_sequences=self.stop_sequences,
            thinking_tokens=REASONING_TOKENS[self.reasoning_effort or "none"],
            stream=bool(self.stream),
        )


_DECODER = msgspec.json.Decoder(ChatRequest)


def read_chat_request(body: bytes) -> ChatRequest:
    """Decode and check a request.

    Raises:
        Refusal: 400 in OpenAI's shape, naming the field at fault.
    """
    request = decode_strictly(body, _DECODER)
    _refuse_contradictions(request)
    return request


def _refuse_contradictions(request: ChatRequest) -> None:
    """Combinations of fields that OpenAI refuses, each with its own sentence."""
    _refuse_missing_tools(request)
    _refuse_loose_schemas(request)
    if request.stream_options is not None and not request.stream:
        raise Refusal(400, "'stream_options' is only allowed when 'stream' is enabled.", param="stream_options")
    if request.top_logprobs is not None and not request.logprobs:
        raise Refusal(400, "'top_logprobs' is only allowed when 'logprobs' is enabled.", param="top_logprobs")
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        raise Refusal(400, "'max_tokens' and 'max_completion_tokens' exclude each other.", param="max_tokens")
    _refuse_unanswered_calls(request.messages)


def _refuse_missing_tools(request: ChatRequest) -> None:
    names = {tool.custom.name if isinstance(tool, CustomTool) else tool.function.name for tool in request.tools or []}
    choice = request.tool_choice
    if choice not in (None, "none") and not names:
        raise Refusal(400, "'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
    forced = None
    if isinstance(choice, ForcedTool):
        forced = choice.function.name
    elif isinstance(choice, ForcedCustomTool):
        forced = choice.custom.name
    if forced is not None and forced not in names:
        raise Refusal(400, f"Tool choice '{forced}' not found in 'tools'.", param="tool_choice")


def _refuse_loose_schemas(request: ChatRequest) -> None:
    for place, tool in enumerate(request.tools or []):
        if isinstance(tool, Tool) and tool.function.strict and tool.function.parameters is not None:
            refuse_loose_schema(tool.function.parameters, f"tools[{place}].function.parameters", all_required=True)
    form = request.response_format
    if isinstance(form, JsonSchemaFormat) and form.json_schema.strict:
        refuse_loose_schema(form.json_schema.schema, "response_format.json_schema.schema", all_required=True)


def _refuse_unanswered_calls(messages: list[Message]) -> None:
    """A user, tool or system message needs content; calls and the tool messages that answer them stand together."""
    called: set[str] = set()
    open_ids: set[str] = set()
    for place, message in enumerate(messages):
        says_nothing = message.content is None
        if isinstance(message, AssistantMessage):
            says_nothing &= not (message.tool_calls or message.function_call or message.refusal or message.audio)
        if says_nothing:
            param = f"messages[{place}].content"
            raise Refusal(400, f"Invalid value for '{param}': expected text or parts, got null.", param=param)
        if isinstance(message, ToolMessage):
            if message.tool_call_id not in called:
                param = f"messages[{place}].role"
                raise Refusal(400, "A message with role 'tool' must answer a preceding 'tool_calls'.", param=param)
            open_ids.discard(message.tool_call_id)
        elif open_ids:
            raise _miss_answers(open_ids, place)
        if isinstance(message, AssistantMessage):
            open_ids = {call.id for call in message.tool_calls or []}
            called |= open_ids
    if open_ids:
        raise _miss_answers(open_ids, len(messages))


def _miss_answers(ids: set[str], place: int) -> Refusal:
    message = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(sorted(ids))}"
    )
    return Refusal(400, message, param=f"messages[{place}].role")
