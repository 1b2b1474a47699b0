"""What `decide` answers: the attempts in order and what was dropped and why, or a refusal that says what to do."""

from typing import Literal

import msgspec

from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.privacy.labels import Label

DecidedBy = Literal[
    "agent",
    "interaction",
    "task",
    "forced",
    "override",
    "global_rule",
    "rule",
    "budget_mode",
    "experiment",
    "strategy",
]
"""What settled the first attempt; `agent`, `interaction` and `task` are the caller's own order."""

Degraded = Literal["", "fallback", "same_tier", "lower_tier", "other"]
"""How far below the caller's own choice an attempt stands."""


class Attempt(msgspec.Struct, frozen=True):
    """One try: which model, and why it stands at this place of the order.

    Attributes:
        model: the model.
        why: for people.
        score: the parts of its score by factor, each weighted, and their `total`; empty where nothing was weighed.
        degraded: how far below the caller's own choice it stands.
    """

    model: Model
    why: str
    score: tuple[tuple[str, float], ...] = ()
    degraded: Degraded = ""


class Drop(msgspec.Struct, frozen=True):
    """A candidate that may not serve this request, with a stable code and a sentence."""

    model: str
    code: str
    reason: str


class Check(msgspec.Struct, frozen=True):
    """A second model that a local answer is shown to.

    Attributes:
        rule: what asks for it.
        model: the cloud model that checks, or `None` when it cannot be done.
        skipped: why not, or `""`.
        only_below: ask only where the answer's confidence is below this, in millionths; `None`: ask always.
        shown: the attempts whose answers are checked; none where only the cloud answers.
    """

    rule: str
    model: Model | None
    skipped: str = ""
    only_below: int | None = None
    shown: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """Where a request goes.

    Attributes:
        agent: whose parameters and name the request carries, or `None` when a model was asked for by name.
        attempts: at least one, in the order they are tried.
        dropped: candidates left out.
        decided_by: what settled the first attempt.
        text: that reason as a sentence.
        name: of the rule, strategy, experiment, override or caller that settled it.
        label: how private the request is; nothing of it may go where this label is not cleared.
        stays_local: why all of it must stay local, or `None`.
        kept_local_by: the rule that says so, or `detector`, `label`, `policy`, `strategy`; `""` when it may leave.
        strategy: the strategy that ordered the candidates, or `""`.
        confidence: the first candidate's lead in the scores over the second, as a share of its own; 1 where nothing
            was weighed because a rule, an override or the caller's order settled it.
        check: the second model that a local answer is shown to, or `None`.
        hedges: whether a second model is asked when the first is slow.
        caches: whether the answer may come from the cache.
        fired: the rules whose conditions held.
        failed: the rules whose conditions could not be asked.
        notes: what people should know beside all this, such as a skill that the model lacks.
        variant: of the experiment, or `""`.
    """

    agent: Agent | None
    attempts: tuple[Attempt, ...]
    dropped: tuple[Drop, ...]
    decided_by: DecidedBy
    text: str
    name: str = ""
    label: Label = "low"
    stays_local: str | None = None
    kept_local_by: str = ""
    strategy: str = ""
    confidence: float = 1.0
    check: Check | None = None
    hedges: bool = False
    caches: bool = False
    fired: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    variant: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """Nothing may serve this request; `code` is the client's error code, `message` says what to do next.

    Attributes:
        code: stable; `REFUSAL_STATUS` has the HTTP status of each.
        message: for the client.
        dropped: the candidates and why none of them is left.
        label: how private the request is.
        fired: the rules whose conditions held.
        failed: the rules whose conditions could not be asked.
        kept_local_by: as in a decision.
    """

    code: str
    message: str
    dropped: tuple[Drop, ...] = ()
    label: Label = "low"
    fired: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    kept_local_by: str = ""


REFUSAL_STATUS = {
    "model_not_found": 404,
    "denied_by_rule": 403,
    "context_length_exceeded": 400,
    "unsupported_by_model": 400,
    "max_cost_exceeded": 400,
    "min_quality_unmet": 400,
    "budget_exceeded": 429,
    "no_model_available": 503,
    "privacy_unavailable": 503,
}
"""The HTTP status of each refusal of routing, by its code."""
