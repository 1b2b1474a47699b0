"""Writes single values, and small collections on one line, as YAML that every reader reads as the same value.

A text goes without quotes only where YAML 1.1 and 1.2 agree that it is one, inside `[ ]` and `{ }` too.
"""

import math
import re
from decimal import Decimal

from yaml.resolver import Resolver

from pointsman.core.config.nodes import Plain, ScalarValue, WrittenFloat
from pointsman.core.config.source import resolve_plain

_PLAIN = re.compile(r"\w|[\w/$(][^\[\]{},?]*[^\[\]{},?:\s]")
_ENDS_PLAIN = re.compile(r":\s|\s#|\s\s")
_SPELT_BOOLS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_SHORT_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class UnwritableValue(ValueError):
    """No YAML text means this value: a number that is too large, or not a number at all."""


def write_scalar(value: ScalarValue, style: str = "") -> str:
    """One value on one line.

    Args:
        value: what to write.
        style: the quote to use where the value is a text and this quote can hold it; `""` for as few as possible.

    Raises:
        UnwritableValue: for a number that no reader reads back as the same number.
    """
    if isinstance(value, str):
        return _write_text(value, style)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    written = _write_decimal(value) if isinstance(value, float) else str(value)
    if isinstance(resolve_plain(written), str):
        raise UnwritableValue("a number has at most 18 digits before the point and 30 behind it")
    return written


def write_flow(value: Plain) -> str:
    """A value on one line, with collections as `[a, b]` and `{a: 1}`.

    Raises:
        UnwritableValue: for a number that no reader reads back as the same number.
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{write_scalar(name)}: {write_flow(below)}" for name, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write_flow, value)) + "]"
    return write_scalar(value)


def _write_text(text: str, style: str) -> str:
    if style == "'" and _fits_single_quotes(text):
        return _quote_singly(text)
    if style != '"' and _is_plain(text):
        return text
    if style != '"' and ('"' in text or "\\" in text) and _fits_single_quotes(text):
        return _quote_singly(text)
    return '"' + "".join(_escape(character) for character in text) + '"'


def _is_plain(text: str) -> bool:
    return (
        text.isprintable()
        and _PLAIN.fullmatch(text) is not None
        and _ENDS_PLAIN.search(text) is None
        and text.lower() not in _SPELT_BOOLS
        and isinstance(resolve_plain(text), str)
        and not _means_something_in_yaml_1_1(text)
    )


def _means_something_in_yaml_1_1(text: str) -> bool:
    """Whether older readers take a text without quotes for a number, a date, or a truth value."""
    patterns = Resolver.yaml_implicit_resolvers.get(text[0], ())
    return any(pattern.match(text) for _, pattern in patterns)


def _fits_single_quotes(text: str) -> bool:
    return text.isprintable() and "  " not in text


def _quote_singly(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _escape(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _write_decimal(value: float) -> str:
    """The text that it was read from, else the shortest that means the same, without an exponent."""
    if isinstance(value, WrittenFloat) and isinstance(resolve_plain(value.text), float):
        return value.text
    if not math.isfinite(value):
        raise UnwritableValue("a number must be finite")
    written = format(Decimal(repr(float(value))), "f")
    return written if "." in written else f"{written}.0"
