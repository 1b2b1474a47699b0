"""OpenAI Responses request, checked: refuses what no provider could mean, and keeps every field it does not know."""

from collections.abc import Callable

from pointsman.core.chat.client_json import read_json_object
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.client_checks import (
    check_flag,
    check_metadata,
    check_number,
    check_object,
    check_output_limit,
    check_text,
    check_user,
    check_whole,
    read_flag,
    read_model,
    refuse,
    refuse_forbidden,
)
from pointsman.core.dialects.openai_responses.check_items import check_input
from pointsman.core.dialects.openai_responses.check_tools import (
    check_format,
    check_include,
    check_tool_choice,
    check_tools,
)
from pointsman.core.dialects.openai_responses.state import find_state

MOST_TOP_LOGPROBS = 20
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_SUMMARIES = ("auto", "concise", "detailed")
_VERBOSITIES = ("low", "medium", "high")


def decode_request(body: bytes) -> ChatRequest:
    """Read the body of `POST /v1/responses`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body)
    refuse_forbidden(fields)
    model = read_model(fields.get("model"))
    stream = read_flag(fields, "stream")
    check_input(fields)
    for name, check in _CHECKS.items():
        value = fields.get(name)
        if value is not None:
            check(value, name)
    if fields.get("stream_options") is not None and not stream:
        refuse("invalid_stream_options", "stream_options may only be set together with stream: true.", "stream_options")
    limit = fields.get("max_output_tokens")
    return ChatRequest(
        model,
        stream,
        True,
        body,
        fields,
        "openai_responses",
        output_limit=limit if type(limit) is int else None,
        state_id=find_state(fields),
    )


def _check_background(value: object, param: str) -> None:
    """An answer that comes later, to another request, would never be charged."""
    check_flag(value, param)
    if value is True:
        message = f"{param} is not offered here: leave it out and wait for the answer, or have it streamed."
        refuse("forbidden_parameter", message, param)


def _check_temperature(value: object, param: str) -> None:
    check_number(value, param, 0, 2)


def _check_share(value: object, param: str) -> None:
    check_number(value, param, 0, 1)


def _check_top_logprobs(value: object, param: str) -> None:
    check_whole(value, param, 0, MOST_TOP_LOGPROBS)


def _check_user(value: object, param: str) -> None:
    check_text(value, param)
    check_user(value, param)


def _check_reasoning(value: object, param: str) -> None:
    check_object(value, param)
    assert isinstance(value, dict)
    _check_word(value.get("effort"), f"{param}.effort", _EFFORTS)
    for name in ("summary", "generate_summary"):
        _check_word(value.get(name), f"{param}.{name}", _SUMMARIES)


def _check_text_settings(value: object, param: str) -> None:
    check_object(value, param)
    assert isinstance(value, dict)
    _check_word(value.get("verbosity"), f"{param}.verbosity", _VERBOSITIES)
    if value.get("format") is not None:
        check_format(value["format"], f"{param}.format")


def _check_word(value: object, param: str, words: tuple[str, ...]) -> None:
    if value is not None and value not in words:
        refuse("invalid_value", f"{param} must be one of {', '.join(words)}.", param)


_CHECKS: dict[str, Callable[[object, str], None]] = {
    "instructions": check_text,
    "tools": check_tools,
    "tool_choice": check_tool_choice,
    "text": _check_text_settings,
    "reasoning": _check_reasoning,
    "include": check_include,
    "max_output_tokens": check_output_limit,
    "temperature": _check_temperature,
    "top_p": _check_share,
    "top_logprobs": _check_top_logprobs,
    "parallel_tool_calls": check_flag,
    "store": check_flag,
    "background": _check_background,
    "metadata": check_metadata,
    "user": _check_user,
    "safety_identifier": _check_user,
    "prompt_cache_key": check_text,
    "service_tier": check_text,
    "truncation": check_text,
    "previous_response_id": check_text,
    "stream_options": check_object,
}
