"""All that routing may know of a request and the world around it; plain values, so that decisions can be replayed."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from pointsman.core.expressions.facts import Value
from pointsman.core.privacy.labels import Label
from pointsman.core.routing.estimate_cost import LearnedSizes
from pointsman.core.routing.key_policy import KeyPolicy
from pointsman.core.routing.money_facts import ClosedScope

Ability = str
"""`tools`, `vision` or `structured_output`: what a request needs of its model; or an operation beside chat."""

CHAT = "chat"
BESIDE_CHAT = frozenset({"embeddings", "rerank", "moderations", "count_tokens"})


class ForcedModel(msgspec.Struct, frozen=True):
    """A model that an operator forces for one task, or a user has chosen for an interaction.

    Attributes:
        model: its name.
        id: of the override.
        author: who made it.
        reason: why; `""` when nobody said.
    """

    model: str
    id: str
    author: str
    reason: str = ""


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request.

    Attributes:
        target: the request's `model`: a model's name, `agent:NAME`, `task:TYPE`, `interaction:NAME` or `auto`.
        agent: the agent named beside it (`x-pointsman-agent`), or `None`.
        given: facts for conditions that differ from their defaults, by name.
        label: how private the request is, as far as header, key, task and detectors say.
        label_because: what raised the label, or `""`.
        estimated: names of given facts that nobody stated and an estimator stands in for.
        tokens: estimated tokens of the prompt.
        most_output_tokens: what the caller limits the answer to, or `None`.
        needs: abilities that its model must have; of anything but a chat, the operation alone.
        policy: of the key.
        strategy: asked for by header and allowed by the key, or `None`.
        forced: the model that an operator forces for this task, or `None`.
        chosen: the model that the user has chosen for this interaction, or `None`.
        timeout_ms: how long the caller is willing to wait, or `None`.
        max_cost_nusd: what the caller is willing to spend, or `None`.
        fallback_models: models that the caller wants tried next, in order.
        min_quality: the least quality of a model that the caller takes, in millionths, or `None`.
        local_only: the budget that is used up and leaves local models only, or `None`.
        denied_by: the budget that is used up and lets nothing through, or `None`.
        cheaper: the budget that is used up and puts the cheapest models first, or `None`.
        closed: candidates that budgets over the cloud, over providers and over models take away.
        cloud_today_nusd: spent on cloud models today.
        budget_left_nusd: what the narrowest budget that applies still has, or `None` where none applies.
        session: of the caller, for experiments; `""` when not said.
        dice: in [0, 1), drawn from the request's id.
        most_tokens: what the prompt has at most in 999 of 1,000 cases, as history says; 0 where there is none.
        learned: what history says beside that, or `None`.
    """

    target: str
    agent: str | None = None
    given: dict[str, Value | None] | None = None
    label: Label = "low"
    label_because: str = ""
    estimated: tuple[str, ...] = ()
    tokens: int = 0
    most_output_tokens: int | None = None
    needs: tuple[Ability, ...] = ()
    policy: KeyPolicy | None = None
    strategy: str | None = None
    forced: ForcedModel | None = None
    chosen: ForcedModel | None = None
    timeout_ms: int | None = None
    max_cost_nusd: int | None = None
    fallback_models: tuple[str, ...] = ()
    min_quality: int | None = None
    local_only: str | None = None
    denied_by: str | None = None
    cheaper: str | None = None
    closed: tuple[ClosedScope, ...] = ()
    cloud_today_nusd: int = 0
    budget_left_nusd: int | None = None
    session: str = ""
    dice: float = 0.0
    most_tokens: int = 0
    learned: LearnedSizes | None = None

    @property
    def operation(self) -> str:
        """What is asked for."""
        return self.needs[0] if self.needs and self.needs[0] in BESIDE_CHAT else CHAT

    def value_of(self, name: str, default: Value | None = None) -> Value | None:
        """A given fact, or the default."""
        return self.given.get(name, default) if self.given else default


class LiveTarget(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a deployment is doing, as far as this process has seen.

    Attributes:
        cooling_ms: how long it is still left alone after failures or at the provider's wish; 0 for not at all.
        used: the share of its rate limits used in the last minute; 1 and more is all of it.
        health: the share of its latest calls that ended well.
        first_token_ms: its usual time to the first token, or `None` when too few calls were seen.
        tokens_per_second: how fast it answers, or `None` likewise.
        in_flight: calls under way.
    """

    cooling_ms: int = 0
    used: float = 0.0
    health: float = 1.0
    first_token_ms: float | None = None
    tokens_per_second: float | None = None
    in_flight: int = 0


LiveView = Mapping[str, LiveTarget]
"""By deployment id; what is not in it is doing well as far as anyone knows."""

NOTHING_SEEN: LiveView = MappingProxyType({})
UNSEEN = LiveTarget()

NEAR_LIMIT = 0.9
"""The share of a rate limit from which it counts as approaching."""
