"""What upstream calls come to; several of one request add up, and the least sure of them says how sure the sum is."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from pointsman.core.chat.usage import Usage, add_usage
from pointsman.core.pricing.prices import PriceTable, cost_nusd
from pointsman.core.routing.outcome import AttemptCharge, CostStatus

BYTES_PER_TOKEN = 4
"""What a token weighs in an estimate, when the provider does not say how many there were."""

_LEAST_SURE_FIRST: tuple[CostStatus, ...] = ("unknown", "orphan_estimated", "estimated", "actual", "none")


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


UNCHARGED = Charge(None, 0, "none")
"""Of a call that no provider has worked on, or that none asks anything for."""

UNKNOWN = Charge(None, None, "unknown")


def charge_model(prices: PriceTable | None, usage: Usage | None, estimate: Usage | None) -> Charge:
    """The charge of one call.

    Args:
        prices: of what was called, or `None` when nobody knows them.
        usage: as the provider reported it.
        estimate: what stands in where it did not; `None` where it cannot have worked.
    """
    known = usage or estimate
    if known is None:
        return UNCHARGED
    cost = cost_nusd(known, prices) if prices is not None else None
    if cost is None:
        return Charge(known, None, "unknown")
    return Charge(known, cost, "actual" if usage else "estimated")


def charge_searches(prices: PriceTable | None) -> Charge:
    """The charge of a call that is billed by the search and of which nothing is told: unknown, unless free."""
    return UNCHARGED if prices is not None and prices.is_free else UNKNOWN


def sum_charges(charges: Sequence[AttemptCharge]) -> Charge:
    """All upstream calls of a request together.

    Where the only ones that may have worked are those that may be billed, what it cost is unknown.
    """
    if not charges:
        return UNCHARGED
    first = charges[0]
    if len(charges) == 1 and first.kind == "charge":
        return Charge(first.usage, first.cost_nusd, first.status)
    counting = [each for each in charges if each.kind == "charge"]
    statuses = {each.status for each in counting}
    status: CostStatus = next((each for each in _LEAST_SURE_FIRST if each in statuses), "none")
    if status == "none" and len(counting) < len(charges):
        return UNKNOWN
    usage: Usage | None = None
    cost: int | None = 0
    for each in counting:
        usage = _add_usage(usage, each.usage)
        cost = None if cost is None or each.cost_nusd is None else cost + each.cost_nusd
    return Charge(usage, cost, status)


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
    return add_usage(one, other) if one is not None and other is not None else one or other
