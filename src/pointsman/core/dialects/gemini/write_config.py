"""Hub -> `generationConfig`, `tools` and `toolConfig`, and what of them Gemini has no word for."""

from pointsman.core.chat.conversation import AnswerFormat, Conversation, JsonObject, Tool, ToolChoice
from pointsman.core.dialects.gemini.generation import write_thinking
from pointsman.core.dialects.gemini.names import GEMINI

SAMPLING = {
    "max_output_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "choices": "candidateCount",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}
MOST_STOPS = 5
_MOST = {"candidateCount": ("n", 8), "presencePenalty": ("presence_penalty", 1.99)}
_MOST["frequencyPenalty"] = ("frequency_penalty", 1.99)
"""How a loss of it is told, and the most that Google takes; penalties have to be less than 2."""

_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "named": "ANY"}


def write_config(conversation: Conversation, model: str, losses: list[str]) -> JsonObject:
    """The `generationConfig`; empty when nothing is said."""
    config: JsonObject = {}
    sampling = conversation.sampling
    for field, name in SAMPLING.items():
        value = getattr(sampling, field)
        if value is not None:
            config[name] = value
    if config:
        _mind_limits(config, losses)
    if sampling.stop:
        config["stopSequences"] = list(sampling.stop[:MOST_STOPS])
        if len(sampling.stop) > MOST_STOPS:
            losses.append("stop")
    if sampling.logit_bias:
        losses.append("logit_bias")
    if conversation.answer_format is not None:
        config["responseMimeType"] = "application/json"
        if (schema := _write_schema(conversation.answer_format)) is not None:
            config["responseJsonSchema"] = schema
    if conversation.thinking is not None and (thinking := write_thinking(conversation.thinking, model, losses)):
        config["thinkingConfig"] = thinking
    return config


def _mind_limits(config: JsonObject, losses: list[str]) -> None:
    """Keep to what Google takes where other formats have wider ranges."""
    for name, (told, most) in _MOST.items():
        value = config.get(name)
        if type(value) in (int, float) and value > most:  # type: ignore[operator]
            config[name] = most
            losses.append(told)
    if config.get("topK") == 0:
        del config["topK"]  # no limit, which is what leaving it out says
    if "logprobs" in config and config.get("responseLogprobs") is not True:
        del config["logprobs"]
        losses.append("top_logprobs")


def write_tools(conversation: Conversation, losses: list[str]) -> list[JsonObject]:
    """The tools; functions that follow one another share one entry, as Gemini wants them."""
    written: list[JsonObject] = []
    functions: list[JsonObject] | None = None
    for place, tool in enumerate(conversation.tools):
        if isinstance(tool, Tool):
            if functions is None:
                functions = []
                written.append({"functionDeclarations": functions})
            functions.append(_write_function(tool))
            if tool.strict:
                losses.append(f"tools[{place}].strict")
            if tool.cache:
                losses.append(f"tools[{place}].cache")
        elif tool.dialect == GEMINI and type(tool.value) is dict:
            written.append(tool.value)
            functions = None
        else:
            losses.append(f"tools[{place}]")
    return written


def write_choice(choice: ToolChoice) -> JsonObject:
    """The `functionCallingConfig`. Only `VALIDATED` narrows what may be called without demanding that it is."""
    is_narrowed = choice.mode == "auto" and choice.names
    written: JsonObject = {"mode": "VALIDATED" if is_narrowed else _MODES[choice.mode]}
    if choice.names and choice.mode != "none":
        written["allowedFunctionNames"] = list(choice.names)
    return written


def _write_schema(form: AnswerFormat) -> JsonObject | None:
    """The schema; its name and description, which Gemini has no place for beside it, go into it."""
    schema = form.schema
    if schema is None:
        return None
    if form.name and "title" not in schema:
        schema = {**schema, "title": form.name}
    if form.description and "description" not in schema:
        schema = {**schema, "description": form.description}
    return schema


def _write_function(tool: Tool) -> JsonObject:
    function: JsonObject = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parametersJsonSchema"] = tool.parameters
    return function
