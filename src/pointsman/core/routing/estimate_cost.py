"""What a request will probably cost on a model: from the tokens that are known and usual ones for the rest."""

import msgspec

from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.pricing.prices import expect_cost_nusd

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
        high_input: what the prompt has at most in 999 of 1,000 cases, or `None` where nothing was learned.
        high_output: what 95 of 100 answers stay within, or `None` likewise.
    """

    input: int
    output: int
    least_output: int
    most_output: int
    is_limited: bool
    high_input: int | None = None
    high_output: int | None = None


class LearnedSizes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What history says of a request on the model that it will probably run on; plain values that can be recorded.

    Attributes:
        input: tokens that the prompt probably has.
        usual_output: half of the answers have no more tokens, or `None` where no history says.
        high_output: 95 of 100 answers have no more, or `None` likewise.
    """

    input: int
    usual_output: int | None = None
    high_output: int | None = None


class CostInterval(msgspec.Struct, frozen=True):
    """Nano-dollars: what a call costs at least, probably, and at most."""

    low: int
    expected: int
    high: int


def expect_tokens(
    tokens: int, most_output: int | None, caller: Agent | None, learned: LearnedSizes | None = None
) -> ExpectedTokens:
    """How long a call will be.

    Args:
        tokens: of the prompt, estimated so that it has hardly ever more; 0 when nothing is known.
        most_output: the caller's limit, or `None`.
        caller: whose parameters count where the caller states no limit.
        learned: what history says, or `None` when there is none.
    """
    limit = most_output if most_output is not None else limit_of(caller)
    most = MOST_OUTPUT_TOKENS if limit is None else limit
    usual, high = USUAL_OUTPUT_TOKENS, None
    if learned is not None and learned.usual_output is not None and learned.high_output is not None:
        usual, high = learned.usual_output, learned.high_output
        if limit is None:
            most = max(most, high)
    usual = min(usual, most)
    if high is not None:
        high = min(high, most)
    if learned is None or not tokens:
        return ExpectedTokens(tokens or USUAL_INPUT_TOKENS, usual, min(1, most), most, limit is not None, None, high)
    return ExpectedTokens(min(learned.input, tokens), usual, min(1, most), most, limit is not None, tokens, high)


def estimate_cost(model: Model, tokens: ExpectedTokens) -> CostInterval | None:
    """The cost of a call, or `None` when the model's price is unknown; unlearned input is taken as 20 % uncertain."""
    prices = model.prices
    if prices is None:
        return None
    spread = tokens.input // 5
    high_input = tokens.input + spread if tokens.high_input is None else tokens.high_input
    high_output = tokens.most_output if tokens.high_output is None else tokens.high_output
    return CostInterval(
        expect_cost_nusd(tokens.input - spread, tokens.least_output, prices),
        expect_cost_nusd(tokens.input, tokens.output, prices),
        expect_cost_nusd(high_input, max(high_output, tokens.output), prices),
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
