"""How many repetitions each target may still get; what is kept is bounded by the targets that fail just now."""

MOST_AT_ONCE = 10
PER_SECOND = 0.3
MOST_TARGETS = 1_000


class RepetitionBudget:
    """A bucket for each target, filled by time alone, so that calls which go well cost nothing."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, deployment_id: str, now_s: float) -> bool:
        """Take one repetition, if there is one. `now_s` is the monotonic clock."""
        left, at_s = self._buckets.pop(deployment_id, (float(MOST_AT_ONCE), now_s))
        left = min(MOST_AT_ONCE, left + (now_s - at_s) * PER_SECOND)
        granted = left >= 1
        self._buckets[deployment_id] = (left - granted, now_s)  # the last one written stands last
        if len(self._buckets) > MOST_TARGETS:
            del self._buckets[next(iter(self._buckets))]
        return granted
