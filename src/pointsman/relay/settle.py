"""Turns what is known of a call into its one outcome: usage, cost and how sure both are."""

from pointsman.core.chat.usage import Usage
from pointsman.core.pricing.prices import cost_nusd
from pointsman.core.routing.outcome import CLIENT_DISCONNECTED, CostStatus, Outcome
from pointsman.relay.call import Progress

BYTES_PER_TOKEN = 4
"""What a token weighs in an estimate, when the provider does not say how many there were."""


def settle(progress: Progress, now_s: float) -> Outcome:
    """Close the books on a call. `now_s` is the monotonic clock."""
    call, decision, model = progress.call, progress.decision, progress.model
    agent = decision.agent if decision else None
    cost, status = progress.cost or price(progress)
    return Outcome(
        request_id=call.request_id,
        at_ms=call.arrived_at_ms,
        agent=agent.name if agent else "",
        model=model.name if model else "",
        provider=model.deployment.provider if model else "",
        upstream_model=model.deployment.upstream_model if model else "",
        key_id=call.key_id,
        revision=progress.snapshot.revision,
        status=progress.status,
        failure=progress.failure,
        stream=progress.stream,
        attempts=progress.attempts,
        usage=progress.usage or _estimate(progress),
        cost_nusd=cost,
        cost_status=status,
        latency_ms=(now_s - call.arrived_s) * 1000,
        first_content_ms=_since(call.arrived_s, progress.first_content_s),
        tags=agent.tags if agent else (),
    )


def price(progress: Progress) -> tuple[int | None, CostStatus]:
    """The cost so far in nano-dollars and how sure it is; `(None, "unknown")` where a price is missing."""
    usage = progress.usage or _estimate(progress)
    if usage is None:
        return (None, "unknown") if progress.maybe_billed else (0, "none")
    prices = progress.model.prices if progress.model else None
    if prices is None:
        return None, "unknown"
    return cost_nusd(usage, prices), "actual" if progress.usage else "estimated"


def _estimate(progress: Progress) -> Usage | None:
    """Tokens from bytes, for a call that a provider worked on without saying how much; `None` where none did."""
    cut_by_client = progress.attempts > 0 and progress.failure == CLIENT_DISCONNECTED
    if progress.content_bytes == 0 and not cut_by_client:
        return None
    return Usage(
        -(-len(progress.call.body) // BYTES_PER_TOKEN),
        -(-progress.content_bytes // BYTES_PER_TOKEN),
    )


def _since(start_s: float, then_s: float | None) -> float | None:
    return None if then_s is None else (then_s - start_s) * 1000
