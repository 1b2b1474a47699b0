"""What upstream calls come to; several of one request add up, and the least sure of them says how sure the sum is."""

import msgspec
from msgspec.structs import replace

from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Model
from pointsman.core.pricing.prices import cost_nusd
from pointsman.core.routing.outcome import CostStatus

BYTES_PER_TOKEN = 4
"""What a token weighs in an estimate, when the provider does not say how many there were."""

_MUCH = Usage(1_000_000, 1_000_000)

_LEAST_SURE_FIRST: tuple[CostStatus, ...] = ("unknown", "estimated", "actual", "none")


class Charge(msgspec.Struct, frozen=True):
    """What one upstream call, or several together, used and cost.

    Attributes:
        usage: in tokens, or `None` when nothing is known of it.
        cost_nusd: nano-dollars, or `None` when `status` is `unknown`.
        status: how sure the cost is.
    """

    usage: Usage | None
    cost_nusd: int | None
    status: CostStatus


def charge_model(model: Model | None, usage: Usage | None, estimate: Usage | None, *, maybe_billed: bool) -> Charge:
    """The charge of one call.

    Args:
        model: what was called, or `None` when nothing was.
        usage: as the provider reported it.
        estimate: what stands in where it did not; `None` where it cannot have worked.
        maybe_billed: whether it may have worked without a trace.
    """
    known = usage or estimate
    if known is None:
        return Charge(None, None, "unknown") if maybe_billed else Charge(None, 0, "none")
    prices = model.prices if model else None
    if prices is None:
        return Charge(known, None, "unknown")
    return Charge(known, cost_nusd(known, prices), "actual" if usage else "estimated")


def charge_searches(model: Model | None) -> Charge:
    """The charge of a call that its provider bills by the search: unknown, unless nothing there costs anything."""
    prices = model.prices if model else None
    is_free = prices is not None and cost_nusd(_MUCH, prices) == 0
    return Charge(None, 0, "none") if is_free else Charge(None, None, "unknown")


def add_charges(one: Charge, other: Charge) -> Charge:
    """Both together."""
    status = min(one.status, other.status, key=_LEAST_SURE_FIRST.index)
    unknown = one.cost_nusd is None or other.cost_nusd is None
    cost = None if unknown else (one.cost_nusd or 0) + (other.cost_nusd or 0)
    return Charge(_add_usage(one.usage, other.usage), cost, status)


def estimate_usage(prompt_bytes: int, content_bytes: int, counted: Usage | None = None) -> Usage:
    """Tokens from bytes, rounded up.

    Args:
        prompt_bytes: of the request.
        content_bytes: of what came of the answer.
        counted: what was reported before the answer broke off; some providers tell the prompt with the first event, and
            the answer's tokens only with the last.
    """
    output_tokens = -(-content_bytes // BYTES_PER_TOKEN)
    if counted is None:
        return Usage(-(-prompt_bytes // BYTES_PER_TOKEN), output_tokens)
    return replace(counted, output_tokens=max(counted.output_tokens, output_tokens))


def _add_usage(one: Usage | None, other: Usage | None) -> Usage | None:
    if one is None or other is None:
        return one or other
    return Usage(
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cached_input_tokens + other.cached_input_tokens,
        one.reasoning_tokens + other.reasoning_tokens,
        one.cache_write_tokens + other.cache_write_tokens,
    )
