"""Request bodies read as strictly as the real APIs read them: what a gateway rewrites wrongly fails loudly here."""

import json
import re
from types import UnionType
from typing import TypeVar

import msgspec

from pointsman.simulator.connection import Request
from pointsman.simulator.refusal import Refusal

T = TypeVar("T")

_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*?)`")
_MISSING_FIELD = re.compile(r"missing required field `(.*?)`")
_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_NOT_JSON = "We could not parse the JSON body of your request. The API expects a JSON payload."


def require_json(request: Request) -> None:
    """Refuse a body that does not say it is JSON.

    Raises:
        Refusal: 415.
    """
    if not request.header("content-type").lower().startswith("application/json"):
        raise Refusal(415, "The 'content-type' of a request must be 'application/json'.")


def decode_strictly(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The body as what `decoder` reads, without a repeated key anywhere.

    Raises:
        Refusal: 400 that names the field at fault.
    """
    _refuse_duplicate_keys(body)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise name_field(str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Refusal(400, _NOT_JSON) from None


def convert_strictly(value: object, kind: type[T] | UnionType, path: str) -> T:
    """A part that was decoded before, as a `kind`; for unions that no single field tells apart.

    Raises:
        Refusal: 400 that names the field at fault below `path`.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise name_field(str(error), path) from None


def name_field(text: str, above: str = "") -> Refusal:
    """The refusal of a body that msgspec refused with `text`; `above` is the path of the part it looked at."""
    place = _PLACE.search(text)
    path = _join(above, place.group(1) if place else "")
    unknown = _UNKNOWN_FIELD.search(text)
    if unknown:
        param = _join(path, unknown.group(1))
        return Refusal(400, f"Unknown parameter: '{param}'.", code="unknown_parameter", param=param)
    missing = _MISSING_FIELD.search(text)
    if missing:
        param = _join(path, missing.group(1))
        message = f"Missing required parameter: '{param}'."
        return Refusal(400, message, code="missing_required_parameter", param=param)
    message = f"Invalid value for '{path}': {_PLACE.sub('', text)}."
    return Refusal(400, message, code="invalid_value", param=path or None)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}".strip(".") if not name.startswith("[") else f"{path}{name}"


def _refuse_duplicate_keys(body: bytes) -> None:
    """A repeated key reads differently in different parsers; only a rewriting gone wrong produces one."""

    def check(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            repeated = next(name for name in names if names.count(name) > 1)
            raise Refusal(400, f"Duplicate key: '{repeated}'.", code="duplicate_key", param=repeated)

    try:
        json.loads(body, object_pairs_hook=check)
    except (ValueError, RecursionError):
        raise Refusal(400, _NOT_JSON) from None
