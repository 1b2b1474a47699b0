"""Arguments of calls: an object here, JSON as the model wrote it in the hub; what is no object is kept as it stands."""

import msgspec

from pointsman.core.chat.conversation import JsonObject

_UNREADABLE = "INVALID_JSON"
"""The member under which Anthropic's documentation has arguments sent that are no JSON object."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def write_input(arguments: str) -> tuple[JsonObject, bool]:
    """The arguments as an object, and whether they were one."""
    value = _parse(arguments)
    return ({_UNREADABLE: arguments}, False) if value is None else (value, True)


def read_input(value: JsonObject) -> str:
    """An object as arguments; undoes `write_input`."""
    kept = value.get(_UNREADABLE) if len(value) == 1 else None
    if type(kept) is str and _parse(kept) is None:
        return kept
    return _encode(value).decode()


def _parse(arguments: str) -> JsonObject | None:
    if arguments == "{}" or not arguments:
        return {}
    try:
        value = _decode(arguments)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return value if type(value) is dict else None
