"""Whether a model that nothing stands in for is asked again, and after how long: rarely, and never in step with others.

A target takes a few repetitions at once and then 3 in 10 seconds, however many requests fail: repetitions must not be
what keeps it down.
"""

from pointsman.core.chat.failures import POLICIES, FailureKind, UpstreamFailure
from pointsman.core.routing.decision import Decision
from pointsman.relay.call import Progress, Relay
from pointsman.relay.learn import draw_dice

LONGEST_ASKED_WAIT_S = 5.0
"""A provider that asks for a longer wait is not waited for."""

LEAST_THROTTLE_MS = 1_000
"""Where the first wait begins for a provider that limits us without saying for how long."""


def find_wait_s(relay: Relay, progress: Progress, decision: Decision, failure: UpstreamFailure) -> float | None:
    """How long to wait before the only candidate is tried again, in seconds; `None`: it is not.

    Args:
        relay: the clock, and what repetitions each target has left.
        progress: of the call; at least one attempt has failed.
        decision: only one with a single candidate leads to a repetition.
        failure: of the last attempt, before any content.
    """
    policy = POLICIES[failure.kind]
    if len(decision.attempts) > 1 or progress.attempts >= progress.snapshot.settings.attempts or not policy.try_again:
        return None
    if policy.maybe_billed and failure.sent and not (decision.agent and decision.agent.retries_after_send):
        return None
    deployment = decision.attempts[0].model.deployment
    wait_s = _choose_wait_s(progress, progress.snapshot.settings.back_off_ms, failure)
    now_s = relay.monotonic_s()
    if wait_s is None or now_s + wait_s >= find_due_s(progress, deployment.deadlines.total_ms):
        return None
    return wait_s if relay.repetitions.take(deployment.id, now_s) else None


def find_due_s(progress: Progress, total_ms: int) -> float:
    """When the caller stops waiting, by the monotonic clock: as it says itself, else after the whole call's time."""
    asked_ms = progress.facts.timeout_ms if progress.facts is not None else None
    return progress.call.arrived_s + (total_ms if asked_ms is None else min(asked_ms, total_ms)) / 1000


def _choose_wait_s(progress: Progress, back_off_ms: tuple[int, int], failure: UpstreamFailure) -> float | None:
    if failure.retry_after_s is not None:
        return failure.retry_after_s if failure.retry_after_s <= LONGEST_ASKED_WAIT_S else None
    initial_ms, longest_ms = back_off_ms
    if failure.kind is FailureKind.RATE_LIMITED:
        initial_ms = max(initial_ms, LEAST_THROTTLE_MS)
    # Full jitter: any wait between nothing and the longest for this repetition.
    most_ms = min(longest_ms, initial_ms << (progress.attempts - 1))
    return draw_dice(f"{progress.call.request_id} {progress.attempts}") * most_ms / 1000
