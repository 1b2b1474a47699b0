"""What a request will probably cost on a model: from the tokens that are known and usual ones for the rest."""

import msgspec

from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.pricing.prices import cost_nusd, expect_cost_nusd

USUAL_INPUT_TOKENS = 1_000
"""A prompt of which nothing is known."""

USUAL_OUTPUT_TOKENS = 500
"""An answer of which nothing is known."""

MOST_OUTPUT_TOKENS = 4_096
"""What an answer may come to where neither caller, agent nor model limit it."""


class ExpectedTokens(msgspec.Struct, frozen=True):
    """How long a call will be.

    Attributes:
        input: tokens of the prompt.
        output: what an answer usually has, within its limit.
        least_output: what it has at least.
        most_output: its limit.
        is_limited: whether anybody stated that limit.
    """

    input: int
    output: int
    least_output: int
    most_output: int
    is_limited: bool


class CostInterval(msgspec.Struct, frozen=True):
    """Nano-dollars: what a call costs at least, probably, and at most."""

    low: int
    expected: int
    high: int


def expect_tokens(tokens: int, most_output: int | None, caller: Agent | None) -> ExpectedTokens:
    """How long a call will be, from the estimated prompt and the limit of caller or agent."""
    limit = most_output if most_output is not None else limit_of(caller)
    most = MOST_OUTPUT_TOKENS if limit is None else limit
    usual = min(USUAL_OUTPUT_TOKENS, most)
    return ExpectedTokens(tokens or USUAL_INPUT_TOKENS, usual, min(1, most), most, limit is not None)


def estimate_cost(model: Model, tokens: ExpectedTokens) -> CostInterval | None:
    """The cost of a call, or `None` when the model's price is unknown; the input is taken as 20 % uncertain."""
    prices = model.prices
    if prices is None:
        return None
    spread = tokens.input // 5
    return CostInterval(
        cost_nusd(Usage(tokens.input - spread, tokens.least_output), prices),
        cost_nusd(Usage(tokens.input, tokens.output), prices),
        cost_nusd(Usage(tokens.input + spread, max(tokens.most_output, tokens.output)), prices),
    )


def expected_cost(model: Model, tokens: ExpectedTokens) -> int | None:
    """The probable cost alone, in nano-dollars; `None` when the model's price is unknown."""
    prices = model.prices
    if prices is None:
        return None
    return expect_cost_nusd(tokens.input, tokens.output, prices)


def limit_of(caller: Agent | None) -> int | None:
    """What a caller's parameters limit its answers to, in tokens, or `None`."""
    if caller is None:
        return None
    for name, value in caller.parameters:
        if name in ("max_tokens", "max_completion_tokens") and isinstance(value, int):
            return value
    return None
