"""What programs get of a decision, and what is raised where there is none; never a silent default."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.routing.decision import DecidedBy, Decision, Refusal
from pointsman.core.routing.estimate_cost import expect_tokens, expected_cost
from pointsman.core.routing.facts import Facts

MOST_NAMED = 20
"""Models that a message lists."""


class InvalidRequest(ValueError):
    """Task or context say what cannot be; the message names it and says what may stand there.

    Attributes:
        name: of what is wrong, such as `task.complexity` or `routing_strategy`.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class UnknownAgent(KeyError, ValueError):
    """There is no such agent; the message says which one was probably meant.

    Attributes:
        agent_id: as it was asked for.
    """

    def __init__(self, agent_id: str, message: str) -> None:
        super().__init__(message)
        self.agent_id = agent_id

    def __str__(self) -> str:
        """The message alone, which a `KeyError` would put in quotation marks."""
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A model that may not serve the request.

    Attributes:
        model_id: our name of it.
        code: stable, such as `cloud_forbidden`.
        reason: for people.
    """

    model_id: str
    code: str
    reason: str


class RoutingRefused(Exception):
    """No model may serve the request.

    Attributes:
        code: stable, such as `privacy_unavailable`; the gateway answers with the same.
        message: what to do next.
        dropped: every model that was considered, and why it may not serve.
    """

    def __init__(self, code: str, message: str, dropped: tuple[LeftOut, ...] = ()) -> None:
        lines = [f"\n  {one.model_id}: {one.reason}" for one in islice(dropped, MOST_NAMED)]
        more = [f"\n  and {len(dropped) - MOST_NAMED} more"] if len(dropped) > MOST_NAMED else []
        super().__init__("".join((message, *lines, *more)))
        self.code = code
        self.message = message
        self.dropped = dropped


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Where a request goes; unpacks into its first four fields.

    Attributes:
        model_id: our name of the model that is tried first.
        reason: the rule, strategy or order that put it there.
        confidence: its lead in the scores over the next one, from 0 to 1; 1 where nothing was weighed because a rule
            or the agent's own order settled it.
        estimated_cost: dollars of the call, a float for display; `None` when its price is unknown.
        estimated_cost_nusd: the same exactly, in nano-dollars.
        provider: who serves the model, by its name in the configuration.
        fallbacks: the models that are tried next, in order.
        decided_by: what settled it: `rule`, `global_rule`, `strategy`, `agent` and so on.
        dropped: models that were left out.
        notes: what should be known beside all this, such as a skill that the model lacks.
    """

    model_id: str
    reason: str
    confidence: float
    estimated_cost: float | None
    estimated_cost_nusd: int | None = None
    provider: str = ""
    fallbacks: tuple[str, ...] = ()
    decided_by: DecidedBy = "agent"
    dropped: tuple[LeftOut, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str | float | None]:
        """The first four fields: `model_id, reason, confidence, estimated_cost = decision`."""
        yield from (self.model_id, self.reason, self.confidence, self.estimated_cost)


def describe_decision(decision: Decision, facts: Facts) -> RoutingDecision:
    """A decision as programs get it."""
    first, *others = [attempt.model for attempt in decision.attempts]
    tokens = facts.most_tokens or facts.tokens
    cost = expected_cost(first, expect_tokens(tokens, facts.most_output_tokens, decision.agent, facts.learned))
    return RoutingDecision(
        model_id=first.name,
        reason=decision.text,
        confidence=decision.confidence,
        estimated_cost=None if cost is None else cost / NUSD_PER_USD,
        estimated_cost_nusd=cost,
        provider=first.deployment.provider,
        fallbacks=tuple(model.name for model in others),
        decided_by=decision.decided_by,
        dropped=_list_dropped(decision),
        notes=decision.notes,
    )


def build_refusal(refusal: Refusal) -> RoutingRefused:
    """A refusal as programs get it, to be raised."""
    return RoutingRefused(refusal.code, refusal.message, _list_dropped(refusal))


def _list_dropped(answer: Decision | Refusal) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(drop.model, drop.code, drop.reason) for drop in answer.dropped)
