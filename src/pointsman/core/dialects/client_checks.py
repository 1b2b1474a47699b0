"""What every format refuses in a client's request, whatever else it says: each with its code and path."""

import re
from collections.abc import Mapping
from typing import NoReturn

from pointsman.core.chat.client_json import ClientError

MOST_MODEL_CHARACTERS = 256
MOST_USER_CHARACTERS = 256
MOST_TOOLS = 128
MOST_METADATA_PAIRS = 16
MOST_METADATA_CHARACTERS = 512
_FORBIDDEN = frozenset({"api_base", "base_url", "api_key", "extra_headers", "custom_llm_provider"})
_FORBIDDEN_PREFIXES = ("aws_", "vertex_")
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z", re.ASCII)


def refuse(code: str, message: str, param: str) -> NoReturn:
    """Refuse a request with status 400."""
    raise ClientError(400, code, message, param)


def refuse_forbidden(fields: Mapping[str, object]) -> None:
    """Refuse to be told where a call goes and with which key: the operator's to say, never the caller's."""
    for name in fields:
        if name in _FORBIDDEN or name.startswith(_FORBIDDEN_PREFIXES):
            message = f"{name[:64]} may not be set in a request; providers are configured by the operator."
            raise ClientError(400, "forbidden_parameter", message, name[:64])


def read_model(value: object, param: str = "model") -> str:
    """The model that a client asks for."""
    if type(value) is not str or not value:
        refuse("invalid_model", f"{param} must be a string such as agent:NAME or a model's name.", param)
    if len(value) > MOST_MODEL_CHARACTERS:
        refuse("invalid_model", f"{param} has more than {MOST_MODEL_CHARACTERS} characters.", param)
    if not value.isprintable():
        refuse("invalid_characters", f"{param} holds control or invisible characters.", param)
    return value


def read_flag(fields: Mapping[str, object], name: str) -> bool:
    """A member that is true or false; left out and null are false."""
    value = fields.get(name)
    if value is not None and type(value) is not bool:
        refuse("invalid_type", f"{name} must be true or false.", name)
    return value is True


def check_flag(value: object, param: str) -> None:
    """Refuse what is neither true nor false."""
    if type(value) is not bool:
        refuse("invalid_type", f"{param} must be true or false.", param)


def check_text(value: object, param: str) -> None:
    """Refuse what is no string."""
    if type(value) is not str:
        refuse("invalid_type", f"{param} must be a string.", param)


def check_object(value: object, param: str) -> None:
    """Refuse what is no object."""
    if type(value) is not dict:
        refuse("invalid_type", f"{param} must be an object.", param)


def check_number(value: object, param: str, least: float, most: float) -> None:
    """Refuse what is no number or lies out of range."""
    if type(value) not in (int, float) or not least <= value <= most:  # type: ignore[operator]
        refuse("out_of_range", f"{param} must be a number from {least:g} to {most:g}.", param)


def check_whole(value: object, param: str, least: int, most: int, code: str = "out_of_range") -> None:
    """Refuse what is no whole number or lies out of range."""
    if type(value) is not int or not least <= value <= most:
        refuse(code, f"{param} must be a whole number from {least} to {most:,}.", param)


def check_output_limit(value: object, param: str) -> None:
    """Refuse a limit of the answer's tokens that no answer could keep."""
    if type(value) is not int or value < 1:
        refuse("invalid_max_tokens", f"{param} must be a whole number from 1.", param)


def check_stop(value: object, param: str, most: int) -> None:
    """Refuse what is neither a text that ends an answer nor a list of at most `most` of them."""
    texts = value if type(value) is list else [value]
    if len(texts) > most:
        refuse("invalid_stop", f"{param} holds more than {most} texts.", param)
    for text in texts:
        if type(text) is not str or not text:
            refuse("invalid_stop", f"{param} must be a text, or a list of texts, none of them empty.", param)


def check_tool_name(value: object, param: str, seen: set[str]) -> None:
    """Refuse a function's name that providers refuse, or that another one has."""
    if type(value) is not str or not _TOOL_NAME.match(value):
        refuse("invalid_tools", "A function's name must have 1 to 64 letters, digits, _ or - (A-Z, a-z).", param)
    if value in seen:
        refuse("invalid_tools", f"Two functions are called {value}; give each a name of its own.", param)
    seen.add(value)


def check_metadata(value: object, param: str = "metadata") -> None:
    """Refuse notes beside a request that are no object, too many or too long."""
    if type(value) is not dict or len(value) > MOST_METADATA_PAIRS:
        refuse("invalid_metadata", f"{param} must be an object of at most {MOST_METADATA_PAIRS} members.", param)
    for name, text in value.items():
        if type(text) is str and len(text) > MOST_METADATA_CHARACTERS:
            message = f"A value of {param} has more than {MOST_METADATA_CHARACTERS} characters."
            refuse("invalid_metadata", message, f"{param}.{name[:64]}")


def check_user(value: object, param: str = "user") -> None:
    """Refuse a name of the end user that is too long."""
    if type(value) is str and len(value) > MOST_USER_CHARACTERS:
        refuse("invalid_metadata", f"{param} has more than {MOST_USER_CHARACTERS} characters.", param)
