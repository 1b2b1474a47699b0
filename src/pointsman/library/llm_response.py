"""`LLMResponse`: an answer with what it cost, part by part; the parts add up to the total exactly."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, computed_field

from pointsman.core.chat.money import NUSD_PER_USD, format_usd
from pointsman.core.chat.usage import Usage
from pointsman.core.pricing.prices import PriceTable, cost_nusd
from pointsman.library.replies import ChatReply

UNKNOWN = Decimal("NaN")
"""Stands for an amount that nobody knows: it prints as `NaN`, and no sum or comparison takes it for a number."""

Amount = Annotated[Decimal, Field(allow_inf_nan=True)]


class UsageStats(BaseModel):
    """Tokens and dollars of one call.

    Attributes:
        input_tokens: of the prompt, cached ones included; 0 where nobody said.
        output_tokens: of the answer, reasoning included; 0 where nobody said.
        cached_input_tokens: those of the prompt that came from the provider's cache.
        reasoning_tokens: those of the answer that were spent on reasoning.
        input_cost_usd, output_cost_usd: what the two came to; exact decimals, `NaN` when unknown.
        other_cost_usd: what further calls for the same request came to: failed attempts that cost something, checks.
        total_cost_usd: all three together.
    """

    model_config = ConfigDict(frozen=True)

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    input_cost_usd: Amount = UNKNOWN
    output_cost_usd: Amount = UNKNOWN
    other_cost_usd: Amount = Decimal(0)
    total_cost_usd: Amount = UNKNOWN

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total_tokens(self) -> int:
        """Both together."""
        return self.input_tokens + self.output_tokens

    @property
    def is_cost_known(self) -> bool:
        """Whether `total_cost_usd` is an amount."""
        return not self.total_cost_usd.is_nan()


class LLMResponse(BaseModel):
    """One answer.

    Attributes:
        content: its text; `""` where it has none, such as beside tool calls.
        usage: tokens and dollars.
        latency_ms: from asking until the answer was whole.
        provider: who answered, by its name in the configuration; `""` where a gateway does not say.
        model: as the provider names it.
        finish_reason: `stop`, `length`, `tool_calls`, `content_filter` and so on.
        tool_calls: as OpenAI's dictionaries.
        message: as OpenAI's dictionary; goes back into `messages` as it is.
        metadata: `request_id`, `decision`, `model` (our name of it), `changes` and `losses`.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    content: str
    usage: UsageStats
    latency_ms: float
    provider: str
    model: str
    finish_reason: str = ""
    tool_calls: tuple[dict[str, Any], ...] = ()
    message: dict[str, Any] = Field(default_factory=dict, repr=False)
    metadata: dict[str, Any] = Field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """The text alone."""
        return self.content


def describe_reply(reply: ChatReply, provider: str, prices: PriceTable | None) -> LLMResponse:
    """A reply in this form.

    Args:
        reply: the answer.
        provider: who gave it, or `""`.
        prices: of its model, or `None` when unknown.
    """
    return LLMResponse(
        content=reply.text,
        usage=describe_usage(reply.usage, reply.cost_usd, prices),
        latency_ms=reply.latency_ms,
        provider=provider,
        model=reply.upstream_model or reply.model,
        finish_reason=reply.finish_reason,
        tool_calls=reply.tool_calls,
        message=reply.message,
        metadata={
            "request_id": reply.request_id,
            "decision": reply.decision,
            "model": reply.model,
            "changes": list(reply.changes),
            "losses": list(reply.losses),
        },
    )


def describe_usage(usage: Usage | None, total_usd: Decimal | None, prices: PriceTable | None) -> UsageStats:
    """Tokens, and the total split into what prompt, answer and other calls came to."""
    said = usage or Usage(0, 0)
    costs = _split(usage, total_usd, prices)
    return UsageStats(
        input_tokens=said.input_tokens,
        output_tokens=said.output_tokens,
        cached_input_tokens=said.cached_input_tokens,
        reasoning_tokens=said.reasoning_tokens,
        input_cost_usd=costs[0],
        output_cost_usd=costs[1],
        other_cost_usd=costs[2],
        total_cost_usd=UNKNOWN if total_usd is None else total_usd,
    )


def _split(usage: Usage | None, total_usd: Decimal | None, prices: PriceTable | None) -> tuple[Decimal, ...]:
    """What prompt, answer and other calls came to."""
    if total_usd == 0:
        return (Decimal(0),) * 3
    if usage is None or total_usd is None or prices is None:
        return (UNKNOWN,) * 3
    total_nusd = int(total_usd * NUSD_PER_USD)
    exact_nusd, exact_input_nusd = cost_nusd(usage, prices), cost_nusd(_without_output(usage), prices)
    if exact_nusd is None or exact_input_nusd is None:
        return (UNKNOWN,) * 3
    own_nusd = min(exact_nusd, total_nusd)
    # Rounded up once for both, so that the parts are the whole.
    input_nusd = min(exact_input_nusd, own_nusd)
    return _to_usd(input_nusd), _to_usd(own_nusd - input_nusd), _to_usd(total_nusd - own_nusd)


def _without_output(usage: Usage) -> Usage:
    return msgspec.structs.replace(usage, output_tokens=0, reasoning_tokens=0)


def _to_usd(amount_nusd: int) -> Decimal:
    return Decimal(format_usd(amount_nusd))
