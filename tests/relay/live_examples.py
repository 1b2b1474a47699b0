"""Models to watch, and calls that begin and end at given times."""

from dataclasses import dataclass, field, replace
from typing import Any

from pointsman.core.chat.failures import FailureKind
from pointsman.core.config.snapshot import Agent, Deployment, Model, Snapshot
from pointsman.core.routing.facts import UNSEEN, LiveTarget
from pointsman.relay.live import Limits, LiveState

NOW_S = 1_000.0


def model(name: str, provider: str = "p", **values: Any) -> Model:
    url = f"https://{provider}.test/v1"
    return Model(
        name, Deployment(f"{provider}/{name}", provider, name, name, "openai_chat", url, "cloud"), None, **values
    )


def moved(old: Model, **values: Any) -> Model:
    """The same model with another deployment of the same id."""
    return replace(old, deployment=replace(old.deployment, **values))


def snapshot(*models: Model) -> Snapshot:
    agents = {"writer": Agent("writer", models[0].name, tuple(other.name for other in models[1:]))} if models else {}
    return Snapshot("0123456789ab", "production", {one.name: one for one in models}, agents)


@dataclass
class Watch:
    """A live state with a clock that the test sets."""

    models: tuple[Model, ...]
    provider_limits: dict[str, Limits] = field(default_factory=dict)
    now_s: float = NOW_S

    def __post_init__(self) -> None:
        self.live = LiveState()
        self.live.follow(snapshot(*self.models), self.provider_limits)

    def call(self, one: Model, failure: FailureKind | None = None, *, took_s: float = 0.0, **ending: Any) -> None:
        """One call from start to end; the clock goes on by what it took."""
        started_s = self.now_s
        self.live.begin(one.deployment, started_s)
        self.now_s += took_s
        self.live.end(one.deployment, self.now_s, started_s=started_s, failure=failure, **ending)

    def look(self, one: Model, *, weighs: bool = True) -> LiveTarget:
        return self.live.view((one,), self.now_s, weighs=weighs).get(one.deployment.id, UNSEEN)

    def rest_s(self, one: Model) -> float:
        """How long the model is left alone from now on."""
        return self.look(one, weighs=False).cooling_ms / 1_000
