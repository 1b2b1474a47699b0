"""An upstream call that is about to be made, as the journal notes it: enough to book it if the gateway is killed."""

from typing import Literal

import msgspec

from pointsman.core.chat.request import Operation
from pointsman.core.chat.usage import Usage
from pointsman.core.pricing.prices import PriceTable, expect_cost_nusd
from pointsman.core.routing.outcome import CRASHED, AttemptCharge, CostStatus, Outcome

BYTES_PER_TOKEN = 4


class Admitted(msgspec.Struct, frozen=True, array_like=True):
    """What is known of an upstream call before its first byte goes out; fields are as in `Outcome`.

    Attributes:
        attempt: 1 for the first of its request, and so on.
        input_tokens: the estimated tokens of the prompt.
        held_nusd: what the call may cost at most, as it was held; 0 where nothing was.
        prices: what the model costs, or `None` when nobody knows.
        earlier: what the calls of this request before this one came to.
    """

    request_id: str
    attempt: int
    at_ms: int
    agent: str
    interaction: str
    task: str
    team: str
    user: str
    key_id: str
    tags: tuple[str, ...]
    experiment: str
    session: str
    revision: str
    operation: Operation
    stream: bool
    label: str
    model: str
    provider: str
    upstream_model: str
    location: Literal["local", "cloud"]
    input_tokens: int
    held_nusd: int
    prices: PriceTable | None
    earlier: tuple[AttemptCharge, ...] = ()


def book_orphan(admitted: Admitted, *, sent: bool, content_bytes: int = 0) -> Outcome:
    """The outcome of a request whose gateway was killed while a call of it was under way.

    Args:
        admitted: the last call of it that was begun.
        sent: whether a byte of that call may have gone out; if not, it costs nothing.
        content_bytes: of its answer, as far as they were noted.
    """
    charge = _charge(admitted, sent=sent, content_bytes=content_bytes)
    charges = (*admitted.earlier, charge)
    known = [each.cost_nusd for each in charges if each.kind == "charge"]
    is_known = None not in known
    return Outcome(
        request_id=admitted.request_id,
        at_ms=admitted.at_ms,
        agent=admitted.agent,
        model=admitted.model,
        provider=admitted.provider,
        upstream_model=admitted.upstream_model,
        key_id=admitted.key_id,
        revision=admitted.revision,
        status=0,
        failure=CRASHED,
        stream=admitted.stream,
        attempts=admitted.attempt,
        usage=charge.usage,
        cost_nusd=sum(cost or 0 for cost in known) if is_known else None,
        cost_status=charge.status if is_known else "unknown",
        latency_ms=0.0,
        first_content_ms=None,
        tags=admitted.tags,
        interaction=admitted.interaction,
        team=admitted.team,
        user=admitted.user,
        location=admitted.location,
        label=admitted.label,
        charges=charges,
        operation=admitted.operation,
        task=admitted.task,
        experiment=admitted.experiment,
        session=admitted.session,
    )


def _charge(admitted: Admitted, *, sent: bool, content_bytes: int) -> AttemptCharge:
    usage = Usage(admitted.input_tokens, -(-content_bytes // BYTES_PER_TOKEN)) if sent else None
    prices = admitted.prices
    cost: int | None = 0
    status: CostStatus = "none"
    if usage is not None and prices is None:
        cost, status = None, "unknown"
    elif usage is not None and prices is not None:
        cost, status = expect_cost_nusd(usage.input_tokens, usage.output_tokens, prices), "orphan_estimated"
    return AttemptCharge(
        attempt=admitted.attempt,
        model=admitted.model,
        provider=admitted.provider,
        upstream_model=admitted.upstream_model,
        location=admitted.location,
        part="failed",
        usage=usage,
        cost_nusd=cost,
        status=status,
        prices=prices.source if prices is not None else "",
        failure=CRASHED,
    )
