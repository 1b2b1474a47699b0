"""What is known of one deployment, or of a provider as a whole. Times are of the monotonic clock, in seconds."""

from pointsman.core.chat.usage import MOST_TOKENS, Usage
from pointsman.core.config.snapshot import Deployment
from pointsman.core.routing.facts import NEAR_LIMIT, LiveTarget
from pointsman.relay.cooling import Cooling
from pointsman.relay.measured import Health, Usual
from pointsman.relay.rate_use import RateUse

LEAST_TOKENS = 8
"""Answers with fewer say nothing of a model's speed."""
SHORTEST_S = 0.001

Origin = tuple[str, str | None]
"""Address and key: with another one everything is open again."""


def origin_of(deployment: Deployment) -> Origin:
    """What the standing of a deployment depends on."""
    return deployment.base_url, deployment.credential


class Standing:
    """Rests and rate limits.

    Attributes:
        origin: where it is served, and with which key.
        cooling: how long it is left alone.
        use: what is used of its rate limits.
    """

    __slots__ = ("cooling", "origin", "use")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.cooling = Cooling()
        self.use = RateUse()

    def is_noteworthy(self, now_s: float) -> bool:
        """Whether it says anything to a decision that compares nothing."""
        return self.cooling.until_s > now_s or self.use.share(now_s) >= NEAR_LIMIT


class Track(Standing):
    """What is known of one deployment.

    Attributes:
        provider: the standing of its provider.
        is_named: whether the newest snapshot has it; else it stays for the calls under way, and nothing is learned.
        has_calls: whether it was ever called.
        in_flight: calls under way.
        health: the share of calls that ended well.
        first_token_ms: the usual time to the first token.
        tokens_per_second: the usual speed.
    """

    __slots__ = ("first_token_ms", "has_calls", "health", "in_flight", "is_named", "provider", "tokens_per_second")

    def __init__(self, origin: Origin) -> None:
        super().__init__(origin)
        self.provider = Standing(origin)
        self.is_named = False
        self.has_calls = False
        self.in_flight = 0
        self.health = Health()
        self.first_token_ms = Usual()
        self.tokens_per_second = Usual()

    def is_about(self, deployment: Deployment) -> bool:
        """Whether a call of this deployment tells anything; one of an older snapshot may have gone elsewhere."""
        return self.is_named and self.origin == (deployment.base_url, deployment.credential)

    def note_recovery(self, started_s: float, now_s: float) -> None:
        """A call shows that it works again, and with it the provider."""
        self.cooling.succeed(started_s, now_s)
        self.provider.cooling.succeed(started_s, now_s)

    def note_success(self, started_s: float, now_s: float, usage: Usage | None, first_content_s: float | None) -> None:
        """A call has ended well."""
        self.health.add(now_s, is_good=True)
        if not (self.cooling.is_calm and self.provider.cooling.is_calm):
            self.note_recovery(started_s, now_s)
        if first_content_s is not None:
            self.first_token_ms.add(now_s, max(0.0, first_content_s - started_s) * 1_000)
        if usage is not None and usage.output_tokens >= LEAST_TOKENS:
            # A whole answer does not tell when its first token came, so its speed is that of the whole call.
            took_s = now_s - (started_s if first_content_s is None else first_content_s)
            self.tokens_per_second.add(now_s, min(usage.output_tokens, MOST_TOKENS) / max(took_s, SHORTEST_S))

    def look(self, now_s: float) -> LiveTarget:
        """How it is doing; changes nothing."""
        return LiveTarget(
            cooling_ms=max(self.cooling.left_ms(now_s), self.provider.cooling.left_ms(now_s)),
            used=max(self.use.share(now_s), self.provider.use.share(now_s)),
            health=self.health.read(now_s),
            first_token_ms=self.first_token_ms.read(now_s),
            tokens_per_second=self.tokens_per_second.read(now_s),
            in_flight=self.in_flight,
        )
