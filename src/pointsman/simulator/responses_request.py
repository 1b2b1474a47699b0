"""The body of OpenAI's Responses API, read as strictly as the real one reads it."""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta, field

from pointsman.simulator import asked
from pointsman.simulator.asked import ANY_OBJECT, REASONING_TOKENS, JsonObject, ToolChoice
from pointsman.simulator.openai_tools import ToolName
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.request import Effort, ServiceTier
from pointsman.simulator.responses_items import Strict
from pointsman.simulator.strict_json import convert_strictly, decode_strictly

LEAST_OUTPUT_TOKENS = 16
BuiltInTool = Literal[
    "apply_patch",
    "code_interpreter",
    "computer",
    "computer_use",
    "computer_use_preview",
    "file_search",
    "image_generation",
    "local_shell",
    "mcp",
    "namespace",
    "programmatic_tool_calling",
    "shell",
    "tool_search",
    "web_search",
    "web_search_2025_08_26",
    "web_search_preview",
    "web_search_preview_2025_03_11",
]


class FunctionTool(Strict):
    """A function the model may call."""

    type: Literal["function"]
    name: ToolName
    parameters: JsonObject | None = None
    strict: bool | None = None
    description: str | None = None
    defer_loading: bool | None = None
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None
    output_schema: JsonObject | None = None
    is_async: bool | None = field(default=None, name="async")

    def show(self) -> asked.Function:
        """The tool without its dialect."""
        return asked.Function(self.name, self.description or "", self.parameters, self.strict)


class CustomTool(Strict):
    """A tool that takes free text; this model never calls one by itself."""

    type: Literal["custom"]
    name: ToolName
    description: str | None = None
    format: JsonObject | None = None
    defer_loading: bool | None = None
    allowed_callers: list[Literal["direct", "programmatic"]] | None = None
    is_async: bool | None = field(default=None, name="async")


class BuiltIn(msgspec.Struct):
    """A tool that OpenAI runs; only its type is looked at."""

    type: BuiltInTool


class FunctionChoice(Strict, tag_field="type", tag="function"):
    """This function must be called."""

    name: str


class CustomChoice(Strict, tag_field="type", tag="custom"):
    """This custom tool must be called."""

    name: str


class McpChoice(Strict, tag_field="type", tag="mcp"):
    """A tool of this server must be called."""

    server_label: str
    name: str | None = None


class BuiltInChoice(Strict):
    """A tool that OpenAI runs must be used."""

    type: BuiltInTool


class AllowedChoice(Strict, tag_field="type", tag="allowed_tools"):
    """Only these tools may be called."""

    mode: Literal["auto", "required"]
    tools: list[JsonObject]


ChoiceObject = FunctionChoice | CustomChoice | McpChoice | AllowedChoice


class TextFormat(Strict, tag_field="type", tag="text"):
    """Words."""


class JsonObjectFormat(Strict, tag_field="type", tag="json_object"):
    """Any JSON object."""


class JsonSchemaFormat(Strict, tag_field="type", tag="json_schema"):
    """An instance of a schema."""

    name: ToolName
    schema: JsonObject
    description: str | None = None
    strict: bool | None = None


class TextConfig(Strict):
    """How the answer looks."""

    format: TextFormat | JsonObjectFormat | JsonSchemaFormat | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class Reasoning(Strict):
    """How long to think, and what to show of it."""

    effort: Effort | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    mode: str | None = None


class StreamOptions(Strict):
    """What a stream carries beside content."""

    include_obfuscation: bool = True


class Conversation(Strict):
    """A conversation that OpenAI keeps."""

    id: str


class Prompt(Strict):
    """A prompt that OpenAI keeps."""

    id: str
    variables: JsonObject | None = None
    version: str | None = None


Include = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]


class ResponsesRequest(Strict):
    """The body of `POST /v1/responses`."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    input: str | list[JsonObject] | None = None
    background: bool | None = None
    context_management: list[JsonObject] | None = None
    conversation: str | Conversation | None = None
    include: list[Include] | None = None
    instructions: str | None = None
    max_output_tokens: Annotated[int, Meta(ge=LEAST_OUTPUT_TOKENS)] | None = None
    max_tool_calls: Annotated[int, Meta(ge=1)] | None = None
    metadata: dict[str, str] | None = None
    moderation: JsonObject | None = None
    parallel_tool_calls: bool | None = None
    previous_response_id: str | None = None
    prompt: Prompt | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: JsonObject | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    reasoning: Reasoning | None = None
    safety_identifier: str | None = None
    service_tier: ServiceTier | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    text: TextConfig | None = None
    tool_choice: Literal["none", "auto", "required"] | JsonObject | None = None
    tools: list[JsonObject] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    user: str | None = None

    @property
    def thinking_tokens(self) -> int:
        """About how long to think."""
        return REASONING_TOKENS[(self.reasoning.effort if self.reasoning else None) or "none"]

    @property
    def shows_summary(self) -> bool:
        """Whether thoughts come with a summary."""
        return self.reasoning is not None and bool(self.reasoning.summary or self.reasoning.generate_summary)

    @property
    def schema(self) -> JsonObject | None:
        """What the answer must obey, or `None` for words."""
        form = self.text.format if self.text else None
        if isinstance(form, JsonSchemaFormat):
            return form.schema
        return ANY_OBJECT if isinstance(form, JsonObjectFormat) else None


_DECODER = msgspec.json.Decoder(ResponsesRequest)


def read_responses_request(body: bytes) -> ResponsesRequest:
    """Decode and check a request, except its items.

    Raises:
        Refusal: 400 that names the field at fault.
    """
    request = decode_strictly(body, _DECODER)
    if not request.input and request.previous_response_id is None and request.prompt is None:
        message = "Missing required parameter: 'input'."
        raise Refusal(400, message, code="missing_required_parameter", param="input")
    if request.stream_options is not None and not request.stream:
        raise Refusal(400, "'stream_options' is only allowed when 'stream' is enabled.", param="stream_options")
    if request.previous_response_id is not None and request.conversation is not None:
        message = "'previous_response_id' and 'conversation' exclude each other."
        raise Refusal(400, message, code="mutually_exclusive_parameters", param="previous_response_id")
    _refuse_unkept_state(request)
    return request


def _refuse_unkept_state(request: ResponsesRequest) -> None:
    """This provider keeps responses, and nothing else that a request may point at."""
    if request.conversation is not None:
        raise Refusal(404, "Conversation not found.", code="not_found", param="conversation")
    if request.prompt is not None:
        raise Refusal(404, f"Prompt with id '{request.prompt.id}' not found.", code="not_found", param="prompt.id")
    if request.background:
        raise Refusal(400, "Background responses are not offered here.", code="unsupported_value", param="background")


def read_tools(tools: list[JsonObject]) -> list[FunctionTool]:
    """The functions among the tools; all tools are checked.

    Raises:
        Refusal: 400 that names the field at fault.
    """
    kinds: dict[object, type[FunctionTool | CustomTool]] = {"function": FunctionTool, "custom": CustomTool}
    read = []
    for place, tool in enumerate(tools):
        name = tool.get("type")
        kind: type[FunctionTool | CustomTool | BuiltIn] = BuiltIn
        if isinstance(name, str):
            kind = kinds.get(name, BuiltIn)
        read.append(convert_strictly(tool, kind, f"tools[{place}]"))
    return [tool for tool in read if isinstance(tool, FunctionTool)]


def show_choice(choice: str | JsonObject | None, names: set[str]) -> ToolChoice:
    """A tool choice without its dialect; `names` are those of the tools.

    Raises:
        Refusal: 400 when it is none, or asks for a tool that is not there.
    """
    if choice is None or choice == "auto":
        return ToolChoice()
    if choice == "none":
        return ToolChoice(names=())
    if not names:
        raise Refusal(400, "Tool choices other than 'auto' and 'none' need 'tools'.", param="tool_choice")
    if isinstance(choice, str):
        return ToolChoice(must_call=True)
    if choice.get("type") in get_args(BuiltInTool) and choice["type"] != "mcp":
        convert_strictly(choice, BuiltInChoice, "tool_choice")
        return ToolChoice()
    read: ChoiceObject = convert_strictly(choice, ChoiceObject, "tool_choice")
    if isinstance(read, AllowedChoice):
        return ToolChoice(tuple(str(tool.get("name")) for tool in read.tools), read.mode == "required")
    if isinstance(read, McpChoice):
        return ToolChoice()
    if read.name not in names:
        raise Refusal(400, f"Tool choice '{read.name}' not found in 'tools' parameter.", param="tool_choice")
    return ToolChoice((read.name,), must_call=True)
