"""When a second model is asked beside a slow first one, and how often at most: each of them costs money."""

from collections import deque
from math import ceil

from pointsman.core.config.snapshot import Model

CREDITS_PER_HEDGE = 20
"""Each request that may be hedged earns one credit, so that at most 1 in 20 is."""

MOST_CREDITS = 200
CREDITS_AT_START = 60
MOST_MODELS = 1_000
MOST_SAMPLES = 100
LEAST_SAMPLES = 20
"""Fewer than these say nothing about the slowest twentieth."""

REMEMBERED_S = 300.0
TIMES_DECLARED = 2
"""How many times its declared time to the first token a model gets, while it is not known better."""


class HedgePace:
    """Remembers how long first contents take; belongs to the event loop's thread.

    Args:
        least_delay_s: no second model is asked earlier.
        usual_delay_s: when one is asked where nothing is known of the first.
    """

    def __init__(self, least_delay_s: float = 1.0, usual_delay_s: float = 2.0) -> None:
        self._least_delay_s = least_delay_s
        self._usual_delay_s = usual_delay_s
        self._credits = CREDITS_AT_START
        self._samples: dict[tuple[str, bool], deque[tuple[float, float]]] = {}

    def find_delay_s(self, model: Model, stream: bool, now_s: float) -> float:
        """How long to wait for a model: what 19 of 20 of its answers of the last five minutes took, at least.

        Args:
            model: the first one.
            stream: whether a stream is asked for; else the whole answer is waited for.
            now_s: the monotonic clock.
        """
        samples = self._samples.get((model.deployment.id, stream), ())
        recent = sorted(took_s for at_s, took_s in samples if now_s - at_s <= REMEMBERED_S)
        if len(recent) >= LEAST_SAMPLES:
            usual_s = recent[ceil(len(recent) * 0.95) - 1]
        elif stream and model.first_token_ms is not None:
            usual_s = TIMES_DECLARED * model.first_token_ms / 1000
        else:
            usual_s = self._usual_delay_s
        return max(self._least_delay_s, usual_s)

    def count_request(self) -> None:
        """A request came that may be hedged."""
        self._credits = min(MOST_CREDITS, self._credits + 1)

    def take(self) -> bool:
        """Take the right to ask a second model, if there is one."""
        if self._credits < CREDITS_PER_HEDGE:
            return False
        self._credits -= CREDITS_PER_HEDGE
        return True

    def note(self, model: Model, stream: bool, took_s: float, now_s: float) -> None:
        """Remember how long a model took for its first content, or at least took when it was given up."""
        key = (model.deployment.id, stream)
        samples = self._samples.get(key)
        if samples is None:
            if len(self._samples) >= MOST_MODELS:
                del self._samples[next(iter(self._samples))]
            samples = self._samples[key] = deque(maxlen=MOST_SAMPLES)
        samples.append((now_s, took_s))
