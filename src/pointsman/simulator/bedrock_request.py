"""Bedrock's Converse request, read strictly: fields, types, and what Amazon refuses in how turns follow each other."""

from typing import Annotated, Literal

from msgspec import Meta

from pointsman.simulator.bedrock_blocks import (
    CachePoint,
    JsonObject,
    Message,
    Strict,
    SystemBlock,
    ToolName,
    check_block,
    check_single,
    refuse,
)

_MUST_ALTERNATE = "A conversation must alternate between user and assistant roles. Make sure the roles alternate."
_TOO_MANY_RESULTS = "The number of toolResult blocks at"

MODEL_FIELDS = frozenset(
    {
        "thinking", "reasoning_config", "reasoningConfig", "reasoning_effort", "output_config", "top_k",
        "inferenceConfig", "anthropic_beta", "anthropic_version", "tool_choice", "seed",
    }
)  # fmt: skip
"""What `additionalModelRequestFields` may hold: names that the models on Bedrock document."""


class InferenceConfig(Strict):
    """How to generate."""

    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stop_sequences: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(max_length=2500)] | None = None


class InputSchema(Strict):
    """What a tool takes, as JSON Schema."""

    json: JsonObject


class ToolSpec(Strict):
    """A tool the model may call."""

    name: ToolName
    input_schema: InputSchema
    description: Annotated[str, Meta(min_length=1)] | None = None
    strict: bool | None = None


class SystemTool(Strict):
    """One of Amazon's own tools."""

    name: ToolName


class Tool(Strict):
    """A tool, or the mark that the tools up to here may be kept: exactly one field."""

    tool_spec: ToolSpec | None = None
    system_tool: SystemTool | None = None
    cache_point: CachePoint | None = None


class Empty(Strict):
    """An object that says everything by being there."""


class ChosenTool(Strict):
    """The tool that must be called."""

    name: ToolName


class ToolChoice(Strict):
    """Whether tools may or must be called: exactly one field."""

    auto: Empty | None = None
    any: Empty | None = None
    tool: ChosenTool | None = None


class ToolConfig(Strict):
    """All tools, and whether to call them."""

    tools: Annotated[list[Tool], Meta(min_length=1)]
    tool_choice: ToolChoice | None = None


class GuardrailConfig(Strict):
    """A guardrail to apply."""

    guardrail_identifier: str | None = None
    guardrail_version: str | None = None
    trace: Literal["enabled", "disabled", "enabled_full"] | None = None
    stream_processing_mode: Literal["sync", "async"] | None = None


class PerformanceConfig(Strict):
    """Whether to pay for speed."""

    latency: Literal["standard", "optimized"] | None = None


class ServiceTier(Strict):
    """How early the request is handled."""

    type: Literal["priority", "default", "flex", "reserved"]


class JsonSchema(Strict):
    """The schema of the answer, itself written as text."""

    schema: str
    name: str | None = None
    description: str | None = None


class FormatStructure(Strict):
    """What the answer's text must obey."""

    json_schema: JsonSchema


class TextFormat(Strict):
    """The form of the answer's text."""

    type: Literal["json_schema"]
    structure: FormatStructure


class OutputConfig(Strict):
    """The form of the answer, and how much effort to take."""

    text_format: TextFormat | None = None
    effort: str | None = None


class PromptVariable(Strict):
    """The value of a variable of a stored prompt."""

    text: str


class ConverseRequest(Strict):
    """The body of `converse` and `converse-stream`; the model stands in the path."""

    messages: Annotated[list[Message], Meta(min_length=1)]
    system: list[SystemBlock] | None = None
    inference_config: InferenceConfig | None = None
    tool_config: ToolConfig | None = None
    guardrail_config: GuardrailConfig | None = None
    additional_model_request_fields: JsonObject | None = None
    prompt_variables: dict[str, PromptVariable] | None = None
    additional_model_response_field_paths: (
        Annotated[list[Annotated[str, Meta(pattern="^/")]], Meta(max_length=10)] | None
    ) = None
    request_metadata: Annotated[dict[str, str], Meta(max_length=16)] | None = None
    performance_config: PerformanceConfig | None = None
    service_tier: ServiceTier | None = None
    output_config: OutputConfig | None = None

    @property
    def inference(self) -> InferenceConfig:
        """How to generate; empty where nothing is said."""
        return self.inference_config or InferenceConfig()

    @property
    def tools(self) -> list[ToolSpec]:
        """The tools that have a specification, in order."""
        tools = self.tool_config.tools if self.tool_config is not None else []
        return [tool.tool_spec for tool in tools if tool.tool_spec is not None]


def check_request(request: ConverseRequest) -> None:
    """Refuse what Amazon refuses beyond fields and types.

    Raises:
        Refusal: 400, naming the field.
    """
    for place, block in enumerate(request.system or []):
        check_single(block, f"system[{place}]")
    for turn, message in enumerate(request.messages):
        for place, content in enumerate(message.content):
            check_block(content, f"messages[{turn}].content[{place}]")
    _check_turns(request.messages)
    _check_results(request.messages)
    _check_tools(request)
    for name in request.additional_model_request_fields or {}:
        if name not in MODEL_FIELDS:
            sentence = f"The model returned the following errors: {name}: Extra inputs are not permitted"
            raise refuse(f"additionalModelRequestFields.{name}", sentence)


def _check_turns(messages: list[Message]) -> None:
    if messages[0].role != "user":
        raise refuse("messages[0].role", "A conversation must start with a user message. Try again with one.")
    for turn in range(1, len(messages)):
        if messages[turn].role == messages[turn - 1].role:
            raise refuse(f"messages[{turn}].role", _MUST_ALTERNATE)


def _check_results(messages: list[Message]) -> None:
    """Each call is answered in the very next turn, and nothing else is; only the assistant calls and thinks."""
    waiting: set[str] = set()
    for turn, message in enumerate(messages):
        path = f"messages[{turn}].content"
        called = [block.tool_use.tool_use_id for block in message.content if block.tool_use is not None]
        answered = {block.tool_result.tool_use_id for block in message.content if block.tool_result is not None}
        thinks = any(block.reasoning_content is not None for block in message.content)
        if message.role == "user" and (called or thinks):
            raise refuse(path, "toolUse and reasoningContent are only allowed in assistant messages.")
        if len(set(called)) != len(called):
            raise refuse(path, "The toolUse blocks of a turn must have different ids.")
        if missing := waiting - answered:
            raise refuse(path, f"Expected toolResult blocks at {path} for the following Ids: {sorted(missing)}")
        if answered - waiting:
            raise refuse(path, f"{_TOO_MANY_RESULTS} {path} exceeds the number of toolUse blocks of the previous turn.")
        waiting = set(called)
    if waiting:
        raise refuse("messages", f"Expected toolResult blocks for the following Ids: {sorted(waiting)}")


def _check_tools(request: ConverseRequest) -> None:
    blocks = [block for message in request.messages for block in message.content]
    config = request.tool_config
    if config is None:
        if any(block.tool_use is not None or block.tool_result is not None for block in blocks):
            sentence = "The toolConfig field must be defined when using toolUse and toolResult content blocks."
            raise refuse("toolConfig", sentence)
        return
    for place, tool in enumerate(config.tools):
        check_single(tool, f"toolConfig.tools[{place}]")
    names = [spec.name for spec in request.tools]
    if len(set(names)) != len(names):
        raise refuse("toolConfig.tools", "The tools of a request must have different names.")
    choice = config.tool_choice
    if choice is not None:
        check_single(choice, "toolConfig.toolChoice")
        if choice.tool is not None and choice.tool.name not in names:
            raise refuse("toolConfig.toolChoice", f"The tool '{choice.tool.name}' is not among the tools.")
