"""Gemini's requests, read strictly: fields, types, and what Google refuses in how the turns follow each other."""

from typing import Annotated, Literal

from msgspec import Meta

from pointsman.simulator.gemini_contents import Content, JsonObject, Part, Strict, SystemInstruction
from pointsman.simulator.gemini_tools import (
    FunctionDeclaration,
    Schema,
    Tool,
    ToolConfig,
    list_functions,
    write_json_schema,
)
from pointsman.simulator.refusal import Refusal

Penalty = Annotated[float, Meta(ge=-2, lt=2)]

JSON_TYPE = "application/json"
ENUM_TYPE = "text/x.enum"


class ThinkingConfig(Strict):
    """Whether and how long to think, and whether to tell."""

    include_thoughts: bool | None = None
    thinking_budget: Annotated[int, Meta(ge=-1, le=32_768)] | None = None
    thinking_level: (
        Literal["THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"]
        | None
    ) = None


class GenerationConfig(Strict):
    """How to generate."""

    stop_sequences: Annotated[list[str], Meta(max_length=5)] | None = None
    response_mime_type: Literal["text/plain", "application/json", "text/x.enum"] | None = None
    response_schema: Schema | None = None
    response_json_schema: JsonObject | None = None
    response_modalities: list[Literal["MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO"]] | None = None
    candidate_count: Annotated[int, Meta(ge=1, le=8)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[float, Meta(ge=1)] | None = None
    seed: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    response_logprobs: bool | None = None
    logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    enable_enhanced_civic_answers: bool | None = None
    speech_config: JsonObject | None = None
    thinking_config: ThinkingConfig | None = None
    image_config: JsonObject | None = None
    media_resolution: (
        Literal[
            "MEDIA_RESOLUTION_UNSPECIFIED", "MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"
        ]
        | None
    ) = None
    routing_config: JsonObject | None = None
    model_config: JsonObject | None = None
    audio_timestamp: bool | None = None

    @property
    def json_schema(self) -> JsonObject | None:
        """The schema of the answer as JSON Schema, or `None`."""
        return self.response_json_schema if self.response_schema is None else write_json_schema(self.response_schema)


class SafetySetting(Strict):
    """How much of one kind of harm to let through."""

    category: Annotated[str, Meta(pattern="^HARM_CATEGORY_[A-Z_]+$")]
    threshold: Literal[
        "HARM_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH",
        "BLOCK_NONE", "OFF",
    ]  # fmt: skip
    method: Literal["HARM_BLOCK_METHOD_UNSPECIFIED", "SEVERITY", "PROBABILITY"] | None = None


class GenerateRequest(Strict):
    """The body of `generateContent`; the model stands in the path, and may stand here too."""

    contents: Annotated[list[Content], Meta(min_length=1)]
    model: str | None = None
    system_instruction: SystemInstruction | None = None
    tools: list[Tool] | None = None
    tool_config: ToolConfig | None = None
    safety_settings: list[SafetySetting] | None = None
    generation_config: GenerationConfig | None = None
    cached_content: (
        Annotated[str, Meta(pattern=r"^(projects/[^/]+/locations/[^/]+/)?cachedContents/[\w-]+$")] | None
    ) = None
    labels: dict[str, str] | None = None
    service_tier: Literal["unspecified", "standard", "flex", "priority"] | None = None
    store: bool | None = None

    @property
    def config(self) -> GenerationConfig:
        """How to generate; empty where nothing is said."""
        return self.generation_config or GenerationConfig()


class CountRequest(Strict):
    """The body of `countTokens`: contents, or a whole request; Vertex takes the rest beside the contents."""

    contents: list[Content] | None = None
    generate_content_request: GenerateRequest | None = None
    model: str | None = None
    system_instruction: SystemInstruction | None = None
    tools: list[Tool] | None = None
    generation_config: GenerationConfig | None = None

    @property
    def counted(self) -> GenerateRequest:
        """The request whose tokens are asked for.

        Raises:
            Refusal: 400 when both forms are given, or neither.
        """
        if (self.contents is None) == (self.generate_content_request is None):
            message = "Exactly one of 'contents' and 'generateContentRequest' must be set."
            raise Refusal(400, message, code="invalid_value", param="contents")
        if self.generate_content_request is not None:
            return self.generate_content_request
        return GenerateRequest(self.contents or [], None, self.system_instruction, self.tools)


def check_request(request: GenerateRequest, model: str) -> None:
    """Refuse what Google refuses beyond fields and types.

    Raises:
        Refusal: 400, naming the field.
    """
    if request.model not in (None, model, f"models/{model}"):
        raise _refuse("model", f"The model of the body must be that of the path, '{model}'.")
    for place, part in enumerate(request.system_instruction.parts if request.system_instruction else []):
        _check_part(part, f"systemInstruction.parts[{place}]")
    for turn, content in enumerate(request.contents):
        for place, part in enumerate(content.parts):
            _check_part(part, f"contents[{turn}].parts[{place}]")
            _check_speaker(part, content.role, f"contents[{turn}].parts[{place}]")
    _check_turns(request.contents)
    _check_functions(request)
    _check_config(request.config)


def _check_part(part: Part, path: str) -> None:
    if part.kinds != 1:
        raise _refuse(path, f"A part must have exactly one initialized data field, got {part.kinds}.")
    if part.video_metadata is not None and part.inline_data is None and part.file_data is None:
        raise _refuse(f"{path}.videoMetadata", "'videoMetadata' is only allowed beside a film.")
    if part.thought and part.text is None:
        raise _refuse(f"{path}.thought", "Only a text can be a thought.")


def _check_speaker(part: Part, role: str, path: str) -> None:
    """The model calls and thinks; the user answers calls."""
    if role == "user" and (part.function_call is not None or part.thought or part.thought_signature is not None):
        raise _refuse(path, "Only the role 'model' can have function calls, thoughts and signatures of them.")
    if role == "model" and part.function_response is not None:
        raise _refuse(path, "Only the role 'user' can have function responses.")


def _check_turns(contents: list[Content]) -> None:
    """Calls follow a user's turn; each call of a turn is answered in the next, and nothing else is."""
    waiting: list[str] = []
    for turn, content in enumerate(contents):
        path = f"contents[{turn}]"
        called = [part.function_call.name for part in content.parts if part.function_call is not None]
        answered = [part.function_response.name for part in content.parts if part.function_response is not None]
        if called and (turn == 0 or contents[turn - 1].role != "user"):
            message = "A function call turn must come immediately after a user turn or after a function response turn."
            raise _refuse(path, message)
        if sorted(answered) != sorted(waiting):
            message = (
                f"The function responses of a turn must be those that the turn before called: got "
                f"{sorted(answered)}, expected {sorted(waiting)}."
            )
            raise _refuse(path, message)
        waiting = called
    if waiting:
        raise _refuse("contents", "The last turn must answer the function calls before it.")


def _check_functions(request: GenerateRequest) -> None:
    functions = list_functions(request.tools)
    names = [function.name for function in functions]
    if len(set(names)) != len(names):
        raise _refuse("tools", "Duplicate function declaration found.")
    for function in functions:
        _check_declaration(function)
    calling = request.tool_config.function_calling_config if request.tool_config else None
    path = "toolConfig.functionCallingConfig"
    if calling is None:
        return
    if calling.mode in ("ANY", "VALIDATED") and not functions:
        raise _refuse(path, f"The mode {calling.mode} needs function declarations.")
    allowed = calling.allowed_function_names or []
    if allowed and calling.mode not in ("ANY", "VALIDATED"):
        raise _refuse(f"{path}.allowedFunctionNames", "Allowed names are only for the modes ANY and VALIDATED.")
    if unknown := [name for name in allowed if name not in names]:
        raise _refuse(f"{path}.allowedFunctionNames", f"'{unknown[0]}' is not a declared function.")


def _check_declaration(function: FunctionDeclaration) -> None:
    if function.parameters is not None and function.parameters_json_schema is not None:
        raise _refuse(
            "tools", f"'{function.name}' has both 'parameters' and 'parametersJsonSchema'; only one is allowed."
        )


def _check_config(config: GenerationConfig) -> None:
    if config.response_schema is not None and config.response_json_schema is not None:
        raise _refuse(
            "generationConfig.responseSchema", "Only one of responseSchema and responseJsonSchema is allowed."
        )
    if config.json_schema is not None and config.response_mime_type not in (JSON_TYPE, ENUM_TYPE):
        message = f"A schema needs the responseMimeType '{JSON_TYPE}' or '{ENUM_TYPE}'."
        raise _refuse("generationConfig.responseMimeType", message)
    if config.logprobs is not None and not config.response_logprobs:
        raise _refuse("generationConfig.logprobs", "'logprobs' is only allowed when 'responseLogprobs' is true.")
    thinking = config.thinking_config
    if thinking is not None and thinking.thinking_budget is not None and thinking.thinking_level is not None:
        message = "Only one of thinkingBudget and thinkingLevel is allowed."
        raise _refuse("generationConfig.thinkingConfig", message)


def _refuse(path: str, message: str) -> Refusal:
    return Refusal(400, message, code="invalid_value", param=path)
