"""What a request costs on a model, as explanations tell it: by the size that is known of it, else by an assumed one."""

import msgspec

from pointsman.core.chat.money import format_usd
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.pricing.prices import cost_nusd
from pointsman.core.routing.estimate_cost import ExpectedTokens, estimate_cost, expect_tokens
from pointsman.core.routing.facts import Facts


class CostView(msgspec.Struct, frozen=True):
    """Exact decimals of US dollars."""

    low: str
    expected: str
    high: str


class PricesView(msgspec.Struct, frozen=True):
    """Exact decimals of US dollars per million tokens, and where they come from."""

    input: str
    output: str
    source: str


class Size(msgspec.Struct, frozen=True):
    """How long a request and its answer are.

    Attributes:
        expected: as a decision estimates it.
        used: what they really came to; counts instead where nobody had estimated anything. `None`: nobody knows.
        is_assumed: whether nothing at all is known of the request, so that a usual one stands in.
    """

    expected: ExpectedTokens
    used: Usage | None
    is_assumed: bool

    @property
    def tokens(self) -> dict[str, int]:
        """Tokens in and out."""
        if self.used is not None:
            return {"input": self.used.input_tokens, "output": self.used.output_tokens}
        return {"input": self.expected.input, "output": self.expected.output}


def find_size(facts: Facts, caller: Agent | None, used: Usage | None) -> Size:
    """The size that the costs of an explanation are for.

    Args:
        facts: of the request.
        caller: who asks, or `None`.
        used: what a past request really came to, or `None` where nobody knows or there was none.
    """
    tokens = facts.most_tokens or facts.tokens
    expected = expect_tokens(tokens, facts.most_output_tokens, caller, facts.learned)
    if facts.tokens:
        return Size(expected, None, is_assumed=False)
    return Size(expected, used, is_assumed=used is None)


def describe_cost(model: Model, size: Size) -> CostView | None:
    """What a request of that size costs on a model, or `None` when its price is unknown."""
    if size.used is not None:
        exact_nusd = cost_nusd(size.used, model.prices) if model.prices is not None else None
        return CostView(*[format_usd(exact_nusd)] * 3) if exact_nusd is not None else None
    cost = estimate_cost(model, size.expected)
    return CostView(*map(format_usd, (cost.low, cost.expected, cost.high))) if cost is not None else None


def describe_prices(model: Model) -> PricesView | None:
    """A model's prices, or `None` when they are unknown."""
    prices = model.prices
    if prices is None:
        return None
    return PricesView(format_usd(prices.input_nusd), format_usd(prices.output_nusd), prices.source)
