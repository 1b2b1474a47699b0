"""The grammars of single values: durations, sizes, shares, money, names; each reads the text as written, exactly."""

import re
from decimal import Decimal
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from pointsman.core.chat.money import InvalidMoney, parse_usd
from pointsman.core.chat.request import ParameterValue
from pointsman.core.config.nodes import WrittenFloat
from pointsman.core.config.problems import quote

LONGEST_MS = 24 * 3_600_000
LONGEST_PERIOD_S = 3_653 * 86_400
LARGEST_BYTES = 2**50
MOST_TOKENS = 100_000_000
MOST_STOPS = 16
LARGEST_WEIGHT = 1_000_000
MILLION = 1_000_000

_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h)")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_PERIOD = re.compile(r"([0-9]{1,9})(s|m|h|d)")
_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SIZE = re.compile(r"([0-9]{1,9})(B|KiB|MiB|GiB|TiB)")
_UNIT_BYTES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)%")


def read_duration(written: object) -> int:
    """`"500ms"`, `"5s"`, `"2m"`, `"1h"` in milliseconds; more than nothing and at most a day."""
    match = _DURATION.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise PydanticCustomError(
            "invalid_duration", "a duration is written with its unit, such as 500ms, 5s, 2m or 1h"
        )
    duration_ms = int(match[1]) * _UNIT_MS[match[2]]
    if duration_ms == 0:
        raise PydanticCustomError("invalid_timeout", "a timeout of nothing would refuse every call")
    if duration_ms > LONGEST_MS:
        raise PydanticCustomError("invalid_duration", "a duration is at most 24h")
    return duration_ms


def read_period(written: object) -> int:
    """`"12h"`, `"90d"` in seconds: how long something is kept; more than nothing and at most ten years."""
    match = _PERIOD.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise PydanticCustomError("invalid_duration", "a period is written with its unit, such as 12h or 90d")
    period_s = int(match[1]) * _UNIT_S[match[2]]
    if not 0 < period_s <= LONGEST_PERIOD_S:
        raise PydanticCustomError("invalid_duration", "a period is more than nothing and at most 3653d")
    return period_s


def read_size(written: object) -> int:
    """`"512KiB"`, `"10MiB"` in bytes; only units whose size nobody argues about."""
    match = _SIZE.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise PydanticCustomError("invalid_size", "a size is written in B, KiB, MiB, GiB or TiB, such as 10MiB")
    size_bytes = int(match[1]) * _UNIT_BYTES[match[2]]
    if not 0 < size_bytes <= LARGEST_BYTES:
        raise PydanticCustomError("invalid_size", "a size is more than nothing and at most 1024TiB")
    return size_bytes


def read_ratio(written: object) -> int:
    """`80%`, `"80%"` or `0.8` in millionths; a bare `80` could be either and is refused."""
    text = written.text if isinstance(written, WrittenFloat) else written
    if isinstance(text, str) and (match := _PERCENT.fullmatch(text)):
        millionths = int(Decimal(match[1]) * MILLION / 100)
    elif isinstance(written, WrittenFloat) or (type(written) is int and written in (0, 1)):
        millionths = int(Decimal(str(text)) * MILLION)
    else:
        millionths = -1
    if not 0 <= millionths <= MILLION:
        raise PydanticCustomError("invalid_ratio", "a share is written with % or as a number up to 1: 80% or 0.8")
    return millionths


def read_money(written: object) -> int:
    """`"0.60"`, `0.60`, `15` or `"$15"` in nano-dollars, from the text as written."""
    text = written.text if isinstance(written, WrittenFloat) else written
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        raise PydanticCustomError("invalid_money", 'an amount is written in dollars, like "15" or "0.60"')
    try:
        return parse_usd(text)
    except InvalidMoney:
        message = f'{quote(text)} is not an amount in dollars; write it like "15" or "0.60"'
        raise refuse("invalid_money", message) from None


def check_weight(weight: float) -> float:
    """A share relative to others: not negative, and not so large that a sum loses the small ones."""
    if not 0 <= weight <= LARGEST_WEIGHT:
        raise refuse("invalid_weights", f"a weight is at least 0 and at most {LARGEST_WEIGHT:,}")
    return float(weight)


def read_version(written: object) -> int:
    """The only version there is: `1`, or as seed 000 writes it, `"1.0"`."""
    if isinstance(written, bool) or not (written in ("1", "1.0") or (type(written) is int and written == 1)):
        raise PydanticCustomError("invalid_type", 'the version must be 1 (or quoted, "1.0")')
    return 1


def read_secret_reference(written: object) -> object:
    """A key may only be referred to, so that the document can be shared and logged."""
    if isinstance(written, str | int | float):
        raise PydanticCustomError(
            "inline_secret", "a key may not stand in the document; refer to it as {env: NAME} or {file: PATH}"
        )
    return written


def read_stop(written: object) -> ParameterValue:
    """One text, or a few of them."""
    if isinstance(written, str):
        return written
    if not isinstance(written, list) or not all(isinstance(text, str) for text in written):
        raise PydanticCustomError("invalid_type", "expected a text or a list of texts")
    if not 1 <= len(written) <= MOST_STOPS:
        raise refuse("out_of_range", f"expected 1 to {MOST_STOPS} texts")
    return tuple(cast(list[str], written))


def read_quantity(written: object) -> int | float:
    """A number, whole where it is written as one."""
    if isinstance(written, WrittenFloat):
        return float(written)
    if isinstance(written, bool) or not isinstance(written, int | float):
        raise PydanticCustomError("invalid_type", "expected a number")
    return written


def read_scalar(written: object) -> str | int | float | bool:
    """One text, number, true or false."""
    if isinstance(written, WrittenFloat):
        return float(written)
    if not isinstance(written, str | int | float):
        raise PydanticCustomError("invalid_type", "expected a text, a number, true or false")
    return written


def refuse(code: str, message: str) -> PydanticCustomError:
    """A refusal with one of our codes; without a context its message is no template, so braces stay as they are."""
    return PydanticCustomError(cast(Literal["code"], code), cast(Literal["text"], message))


Duration = Annotated[int, BeforeValidator(read_duration)]
"""Milliseconds."""

Period = Annotated[int, BeforeValidator(read_period)]
"""Seconds."""

Size = Annotated[int, BeforeValidator(read_size)]
"""Bytes."""

Ratio = Annotated[int, BeforeValidator(read_ratio)]
"""Millionths."""

Money = Annotated[int, BeforeValidator(read_money)]
"""Nano-dollars."""

Quantity = Annotated[int | float, BeforeValidator(read_quantity)]
Scalar = Annotated[str | int | float | bool, BeforeValidator(read_scalar)]
Number = Annotated[float, AfterValidator(float)]
Weight = Annotated[float, AfterValidator(check_weight)]
Tokens = Annotated[int, Field(ge=1, le=MOST_TOKENS)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Words = Annotated[str, Field(max_length=4_096)]
Reference = Annotated[str, Field(min_length=1, max_length=256)]
"""The name of an entry of the document, such as a model."""

Condition = Annotated[str, Field(min_length=1, max_length=4_096)]
"""Checked and compiled by `core/expressions`."""

Location = Literal["local", "cloud"]


class StrictMapping(BaseModel):
    """A mapping of the document: strict types, no unknown keys, never changed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())
