"""Refuses parameters that no server of OpenAI's format could take; each check costs next to nothing."""

import re
from collections.abc import Callable

from pointsman.core.dialects.client_checks import (
    MOST_TOOLS,
    check_flag,
    check_metadata,
    check_number,
    check_output_limit,
    check_stop,
    check_tool_name,
    check_user,
    check_whole,
    refuse,
)

MOST_CHOICES = 128
MOST_STOPS = 4
MOST_BIASES = 1_024
MOST_TOP_LOGPROBS = 20
_MOST_INTEGER = 2**63 - 1
_TOKEN_ID = re.compile(r"[0-9]{1,10}\Z", re.ASCII)


def check_parameters(fields: dict[str, object]) -> None:
    """Check all parameters beside `messages`.

    Raises:
        ClientError: with the code and the path of the first that is wrong.
    """
    for name, value in fields.items():
        check = _CHECKS.get(name)
        if check is not None and value is not None:
            check(value, name)
    if "max_completion_tokens" in fields and "max_tokens" in fields:
        newer, older = fields["max_completion_tokens"], fields["max_tokens"]
        if newer is not None and older is not None and newer != older:
            message = "max_tokens and max_completion_tokens say different things; send one of them."
            refuse("conflicting_parameters", message, "max_tokens")


def _check_temperature(value: object, name: str) -> None:
    check_number(value, name, 0, 2)


def _check_share(value: object, name: str) -> None:
    check_number(value, name, 0, 1)


def _check_penalty(value: object, name: str) -> None:
    check_number(value, name, -2, 2)


def _check_choices(value: object, name: str) -> None:
    if type(value) is not int or not 1 <= value <= MOST_CHOICES:
        refuse("invalid_n", f"{name} must be a whole number from 1 to {MOST_CHOICES}.", name)


def _check_top_logprobs(value: object, name: str) -> None:
    check_whole(value, name, 0, MOST_TOP_LOGPROBS)


def _check_seed(value: object, name: str) -> None:
    check_whole(value, name, -_MOST_INTEGER - 1, _MOST_INTEGER)


def _check_stop(value: object, name: str) -> None:
    check_stop(value, name, MOST_STOPS)


def _check_bias(value: object, name: str) -> None:
    if type(value) is not dict or len(value) > MOST_BIASES:
        refuse("invalid_logit_bias", f"{name} must be an object of at most {MOST_BIASES:,} tokens.", name)
    for token, bias in value.items():
        if not _TOKEN_ID.match(token) or type(bias) not in (int, float):
            message = f"{name} must have a number for each token's id, in digits."
            refuse("invalid_logit_bias", message, f"{name}.{token[:64]}")


def _check_tools(value: object, name: str) -> None:
    seen: set[str] = set()
    for place, tool in enumerate(_check_list(value, name)):
        if type(tool) is not dict or type(tool.get("type")) is not str:
            refuse("invalid_tools", f"A tool must be an object with a type ({name}[{place}]).", f"{name}[{place}]")
        if tool["type"] == "function":
            _check_function(tool.get("function"), f"{name}[{place}].function", seen)


def _check_functions(value: object, name: str) -> None:
    seen: set[str] = set()
    for place, function in enumerate(_check_list(value, name)):
        _check_function(function, f"{name}[{place}]", seen)


def _check_list(value: object, name: str) -> list[object]:
    if type(value) is not list or len(value) > MOST_TOOLS:
        refuse("invalid_tools", f"{name} must be a list of at most {MOST_TOOLS} tools.", name)
    return value


def _check_function(function: object, path: str, seen: set[str]) -> None:
    if type(function) is not dict:
        refuse("invalid_tools", f"A function must be an object with a name ({path}).", path)
    check_tool_name(function.get("name"), f"{path}.name", seen)


def _check_format(value: object, name: str) -> None:
    if type(value) is not dict or type(value.get("type")) is not str:
        refuse("invalid_response_format", f"{name} must be an object with a type.", name)


_CHECKS: dict[str, Callable[[object, str], None]] = {
    "max_tokens": check_output_limit,
    "max_completion_tokens": check_output_limit,
    "temperature": _check_temperature,
    "top_p": _check_share,
    "presence_penalty": _check_penalty,
    "frequency_penalty": _check_penalty,
    "n": _check_choices,
    "seed": _check_seed,
    "stop": _check_stop,
    "logprobs": check_flag,
    "top_logprobs": _check_top_logprobs,
    "logit_bias": _check_bias,
    "tools": _check_tools,
    "functions": _check_functions,
    "parallel_tool_calls": check_flag,
    "response_format": _check_format,
    "metadata": check_metadata,
    "user": check_user,
}
