"""`/api/v1/decisions`: where a request would go, and why, by the configuration and the live state of this gateway."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from pointsman.control.spending import Spending
from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.problems import MOST_ECHOED
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.privacy.labels import Label
from pointsman.core.routing.add_money import name_payer
from pointsman.core.routing.ask import InvalidQuestion, Question, build_hypothesis
from pointsman.core.routing.describe import describe
from pointsman.core.routing.explain import explain_hypothesis
from pointsman.core.routing.facts import Facts, LiveView
from pointsman.core.routing.gather_facts import describe_time
from pointsman.core.routing.hypothesis import Hypothesis
from pointsman.core.routing.money_facts import MoneyFacts
from pointsman.server.errors import OperatorError

MOST_FACTS = 200
MOST_TAGS = 32

Name = Annotated[str, Field(min_length=1, max_length=256)]
Word = Annotated[str, Field(max_length=128)]
FactsByName = Annotated[dict[str, Any], Field(max_length=MOST_FACTS, default_factory=dict)]


class NewExplanation(BaseModel):
    """A request that nobody has sent: `target` is its `model`, such as `agent:writer`; `agent` alone says the same."""

    model_config = ConfigDict(extra="forbid", strict=True)

    target: Name | None = None
    agent: Name | None = None
    task: FactsByName
    facts: FactsByName
    user: Word | None = None
    team: Word | None = None
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=MOST_TAGS)] = []
    strategy: Name | None = None
    privacy: Label | None = None


def build_decisions(
    snapshot: Callable[[], Snapshot], live: Callable[[Snapshot], LiveView], spending: Spending | None = None
) -> APIRouter:
    """The decisions resource.

    Args:
        snapshot: gives the configuration in force.
        live: gives how the deployments are doing.
        spending: what was spent, or `None` where nobody counts.
    """
    router = APIRouter(prefix="/api/v1", tags=["decisions"])
    _add_explaining(router, snapshot, live, spending)
    return router


def _add_explaining(
    router: APIRouter,
    snapshot: Callable[[], Snapshot],
    live: Callable[[Snapshot], LiveView],
    spending: Spending | None,
) -> None:
    @router.post("/decisions:explain")
    async def explain_decision(asked: NewExplanation) -> Response:
        """Where a request would go, every candidate with its score, what is left out, and what would flip the choice.

        A request that would be refused is explained like any other.
        """
        pinned = snapshot()
        seen = live(pinned)
        question = _read_question(asked, datetime.now(UTC))
        try:
            hypothesis = build_hypothesis(pinned, question, seen)
            if spending is not None:
                # Who asks, and so whose money it is, is known only now.
                money = _look_at_money(spending, hypothesis)
                question = replace(question, money=money, has_other_budgets=spending.has_other_budgets)
                hypothesis = build_hypothesis(pinned, question, seen)
        except InvalidQuestion as invalid:
            raise _refuse(invalid) from None
        # Hundreds of decisions are tried: other requests go on meanwhile.
        encoded = await asyncio.to_thread(_explain, hypothesis)
        return Response(encoded, media_type="application/json")


def _explain(hypothesis: Hypothesis) -> bytes:
    return msgspec.json.encode(describe(explain_hypothesis(hypothesis)))


def _read_question(asked: NewExplanation, now: datetime) -> Question:
    target = asked.target or (f"agent:{asked.agent}" if asked.agent is not None else None)
    if target is None:
        message = "name a target such as agent:writer, or an agent"
        raise _invalid([{"path": "/target", "code": "missing_field", "message": message}])
    return Question(
        target=target,
        agent=asked.agent if asked.target is not None else None,
        task=asked.task,
        given=asked.facts,
        surroundings=describe_time(now),
        user=asked.user,
        team=asked.team,
        tags=tuple(asked.tags),
        strategy=asked.strategy,
        privacy=asked.privacy,
    )


def _look_at_money(spending: Spending, hypothesis: Hypothesis) -> MoneyFacts:
    """What was spent under the budgets that would apply to the request."""
    facts = hypothesis.facts
    tags = facts.value_of("tags")
    payer = name_payer(
        hypothesis.snapshot,
        facts.target,
        hypothesis.caller,
        team=_text_of(facts, "team"),
        user=_text_of(facts, "user"),
        key_id=None,
        tags=tags if isinstance(tags, frozenset) else (),
    )
    return spending.look(time.time_ns() // 1_000_000, payer)


def _text_of(facts: Facts, name: str) -> str | None:
    value = facts.value_of(name)
    return value if isinstance(value, str) and value else None


def _refuse(invalid: InvalidQuestion) -> OperatorError:
    """The problem with its place in the body; a name that looks like a key is not repeated."""
    name = "..." if holds_secret(invalid.about) else invalid.about[:MOST_ECHOED]
    path = f"/task/{name.removeprefix('task.')}" if invalid.in_task else f"/facts/{name}"
    if invalid.about == "strategy":
        path = "/strategy"
    return _invalid([{"path": path, "code": "invalid_value", "message": str(invalid)}])


def _invalid(errors: list[dict[str, object]]) -> OperatorError:
    return OperatorError(422, "invalid_request", "The request is not valid; see errors.", errors)
