"""`generationConfig` -> hub; what only Gemini knows of it is kept under its path."""

from pointsman.core.chat.conversation import AnswerFormat, Effort, JsonObject, Sampling, Thinking
from pointsman.core.dialects.client_checks import (
    check_flag,
    check_number,
    check_object,
    check_output_limit,
    check_stop,
    check_text,
    check_whole,
    refuse,
)
from pointsman.core.dialects.gemini.names import spell_members
from pointsman.core.dialects.gemini.schemas import read_schema

MOST_STOPS = 16
MOST_CHOICES = 128
_INT32 = 2**31
_PATH = "generationConfig"
_JSON = "application/json"
_THINKING = frozenset({"thinkingBudget", "includeThoughts", "thinkingLevel"})
_EFFORTS: dict[str, Effort | None] = {
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "thinking_level_unspecified": None,
}
_NUMBERS = {
    "temperature": ("temperature", 0, 2),
    "topP": ("top_p", 0, 1),
    "presencePenalty": ("presence_penalty", -2, 2),
    "frequencyPenalty": ("frequency_penalty", -2, 2),
}
_WHOLES = {
    "topK": ("top_k", 0, _INT32, "out_of_range"),
    "seed": ("seed", -_INT32, _INT32, "out_of_range"),
    "candidateCount": ("choices", 1, MOST_CHOICES, "invalid_n"),
    "logprobs": ("top_logprobs", 0, 20, "out_of_range"),
}
_OTHERS = frozenset(
    {
        "maxOutputTokens",
        "stopSequences",
        "responseLogprobs",
        "responseMimeType",
        "responseSchema",
        "responseJsonSchema",
        "thinkingConfig",
    }
)


def read_config(config: JsonObject, extra: JsonObject) -> tuple[Sampling, AnswerFormat | None, Thinking | None]:
    """The members of a `generationConfig` in camelCase; what is left over goes into `extra`.

    Raises:
        ClientError: for the first that is wrong.
    """
    known: dict[str, object] = {}
    for name, value in config.items():
        if value is None:
            continue
        path = f"{_PATH}.{name}"
        if name in _NUMBERS:
            field, least, most = _NUMBERS[name]
            check_number(value, path, least, most)
            known[field] = value
        elif name in _WHOLES:
            field, least, most, code = _WHOLES[name]
            known[field] = _read_whole(value, path, least, most, code)
        elif name not in _OTHERS:
            extra[path] = value
    _read_limits(config, known)
    sampling = Sampling(**known) if known else Sampling()  # type: ignore[arg-type]
    return sampling, _read_format(config, extra), _read_thinking(config.get("thinkingConfig"), extra)


def _read_whole(value: object, path: str, least: int, most: int, code: str) -> object:
    if type(value) is float and value.is_integer():
        value = int(value)  # some clients hold every number as a float
    check_whole(value, path, least, most, code)
    return value


def _read_limits(config: JsonObject, known: dict[str, object]) -> None:
    limit = config.get("maxOutputTokens")
    if limit is not None:
        check_output_limit(limit, f"{_PATH}.maxOutputTokens")
        known["max_output_tokens"] = limit
    stop = config.get("stopSequences")
    if stop is not None:
        check_stop(stop, f"{_PATH}.stopSequences", MOST_STOPS)
        known["stop"] = tuple(stop) if type(stop) is list else (stop,)
    logprobs = config.get("responseLogprobs")
    if logprobs is not None:
        check_flag(logprobs, f"{_PATH}.responseLogprobs")
        known["logprobs"] = logprobs


def _read_format(config: JsonObject, extra: JsonObject) -> AnswerFormat | None:
    kind = config.get("responseMimeType")
    if kind is not None and type(kind) is not str:
        check_text(kind, f"{_PATH}.responseMimeType")
    own, full = config.get("responseSchema"), config.get("responseJsonSchema")
    if own is not None and full is not None:
        message = "responseSchema and responseJsonSchema say the same; send one of them."
        refuse("conflicting_parameters", message, f"{_PATH}.responseSchema")
    schema: JsonObject | None = None
    if type(own) is dict:
        schema = read_schema(own)
    elif type(full) is dict:
        schema = full
    elif own is not None or full is not None:
        check_object(own or full, f"{_PATH}.responseSchema" if full is None else f"{_PATH}.responseJsonSchema")
    if kind == _JSON:
        return AnswerFormat(schema)
    if kind not in (None, "", "text/plain"):  # such as text/x.enum, which goes with its schema
        extra[f"{_PATH}.responseMimeType"] = kind
    return None if schema is None else AnswerFormat(schema)


def _read_thinking(config: object, extra: JsonObject) -> Thinking | None:
    path = f"{_PATH}.thinkingConfig"
    if config is None:
        return None
    if type(config) is not dict:
        check_object(config, path)
        return None
    config = spell_members(config, path)
    budget, shows, level = (config.get(name) for name in ("thinkingBudget", "includeThoughts", "thinkingLevel"))
    extra.update({f"{path}.{name}": value for name, value in config.items() if name not in _THINKING})
    if budget is not None:
        budget = _read_whole(budget, f"{path}.thinkingBudget", -1, _INT32, "out_of_range")
    if shows is not None:
        check_flag(shows, f"{path}.includeThoughts")
    effort: Effort | None = None
    if level is not None:
        if type(level) is not str or level.lower() not in _EFFORTS:
            refuse("invalid_type", "thinkingLevel must be MINIMAL, LOW, MEDIUM or HIGH.", f"{path}.thinkingLevel")
        effort = _EFFORTS[level.lower()]
    if effort is not None and budget is not None:
        message = "thinkingBudget and thinkingLevel say the same; send one of them."
        refuse("conflicting_parameters", message, f"{path}.thinkingBudget")
    return Thinking(effort, budget, shows)  # type: ignore[arg-type]
