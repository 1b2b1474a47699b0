"""The document as written, strictly: every key is listed here, has one type, and changes what the product does.

A document has the sections `version`, `providers`, `models`, `agents` and `environments`; an environment holds the
same sections again, with the fields that it changes (see `overlay.py`).
"""

import re
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from pointsman.core.chat.money import InvalidMoney, parse_usd
from pointsman.core.chat.request import ParameterValue
from pointsman.core.config.nodes import WrittenFloat
from pointsman.core.config.problems import quote

SECTIONS = ("providers", "models", "agents")
LONGEST_MS = 24 * 3_600_000
MOST_TOKENS = 100_000_000
MOST_STOPS = 16

_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h)")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}


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
        raise _custom("invalid_money", message) from None


def read_version(written: object) -> int:
    """The only version there is: `1`, or as seed 000 writes it, `"1.0"`."""
    if isinstance(written, bool) or not (written in ("1", "1.0") or (type(written) is int and written == 1)):
        raise PydanticCustomError("invalid_type", 'the version must be 1 (or quoted, "1.0")')
    return 1


def read_secret_reference(written: object) -> object:
    """A key may only be referred to, so that the document can be shared and logged."""
    if isinstance(written, str | int | float):
        raise PydanticCustomError(
            "inline_secret", "a key may not stand in the document; refer to it as {{env: NAME}} or {{file: PATH}}"
        )
    return written


def read_stop(written: object) -> ParameterValue:
    """One text, or a few of them."""
    if isinstance(written, str):
        return written
    if not isinstance(written, list) or not all(isinstance(text, str) for text in written):
        raise PydanticCustomError("invalid_type", "expected a text or a list of texts")
    if not 1 <= len(written) <= MOST_STOPS:
        raise _custom("out_of_range", f"expected 1 to {MOST_STOPS} texts")
    return tuple(cast(list[str], written))


def _custom(code: str, message: str) -> PydanticCustomError:
    # The message is a template of pydantic's; braces of the user's must not be read as places to fill.
    return PydanticCustomError(
        cast(Literal["code"], code), cast(Literal["text"], message.replace("{", "{{").replace("}", "}}"))
    )


Duration = Annotated[int, BeforeValidator(read_duration)]
Money = Annotated[int, BeforeValidator(read_money)]
Number = Annotated[float, AfterValidator(float)]
Tokens = Annotated[int, Field(ge=1, le=MOST_TOKENS)]
Dialect = Literal["openai_chat"]
Location = Literal["local", "cloud"]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())


class SecretReference(_Written):
    """Where a key is: in an environment variable or in a file."""

    env: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    file: Annotated[str, Field(min_length=1, max_length=4096)] | None = None

    @model_validator(mode="after")
    def _name_one_place(self) -> "SecretReference":
        if (self.env is None) == (self.file is None):
            raise PydanticCustomError("conflict", "name one place: {{env: NAME}} or {{file: PATH}}")
        return self


class Timeouts(_Written):
    """How long a call may take: to connect, to the first byte, between bytes, and in all."""

    connect: Duration | None = None
    first_byte: Duration | None = None
    idle: Duration | None = None
    total: Duration | None = None
    stream_total: Duration | None = None

    @model_validator(mode="after")
    def _fit_into_total(self) -> "Timeouts":
        for name, part in (("connect", self.connect), ("first_byte", self.first_byte)):
            if part is not None and self.total is not None and part > self.total:
                raise _custom("invalid_timeout", f"{name} is longer than total")
        return self


class Provider(_Written):
    """Who serves models; what the catalogue knows of a provider need not be written."""

    dialect: Dialect | None = None
    base_url: str | None = None
    api_key: Annotated[SecretReference | None, BeforeValidator(read_secret_reference)] = None
    location: Location | None = None
    timeouts: Timeouts = Timeouts()


class Price(_Written):
    """Dollars per million tokens; cached input costs as much as input unless written."""

    input: Money
    output: Money
    cached_input: Money | None = None


class Model(_Written):
    """A name of ours for a provider's model; what the catalogue knows of it need not be written."""

    provider: str
    model_id: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    price_per_1m_tokens: Price | None = None
    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    capabilities: list[str] | None = None


class Parameters(_Written):
    """Request parameters used where the caller states none; OpenAI's names and ranges."""

    temperature: Annotated[Number, Field(ge=0, le=2)] | None = None
    top_p: Annotated[Number, Field(ge=0, le=1)] | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    presence_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    seed: int | None = None
    stop: Annotated[ParameterValue | None, BeforeValidator(read_stop)] = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    parallel_tool_calls: bool | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    service_tier: Literal["auto", "default", "flex", "priority"] | None = None

    @model_validator(mode="after")
    def _limit_once(self) -> "Parameters":
        if self.max_tokens is not None and self.max_completion_tokens is not None:
            raise PydanticCustomError("conflict", "max_tokens and max_completion_tokens are the same limit; keep one")
        return self


class Agent(_Written):
    """A named caller, the models it runs on, and why."""

    model: str
    fallback: list[str] = []
    parameters: Parameters = Parameters()
    description: str = ""
    reasoning: str = ""
    tags: list[str] = []


class Head(_Written):
    """What stands beside the sections."""

    version: Annotated[int, BeforeValidator(read_version)] = 1
