"""What was spent as facts of a request: the gateway, and whoever asks beforehand where it would go, add it alike."""

from collections.abc import Collection

import msgspec

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.expressions.facts import FACTS, Value
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.find_target import AUTO
from pointsman.core.routing.money_facts import MoneyFacts, Payer

MONEY = frozenset(fact.name for fact in FACTS if fact.source == "money")


def wants_money(snapshot: Snapshot, target: str, caller: Agent | None, strategy: str | None) -> bool:
    """Whether anything that decides asks what was spent: budgets, a strategy, a saving or a rule.

    Args:
        snapshot: the configuration.
        target: the request's `model`.
        caller: who asks, or `None`.
        strategy: asked for by the caller, or `None`.
    """
    plan = snapshot.routing
    if snapshot.budgets or strategy is not None or plan.strategy is not None or plan.cheap_when_simple:
        return True
    if snapshot.aliases.get(target, target) == AUTO:
        return True
    own_reads = plan.agent_reads.get(caller.name) if caller is not None else None
    return not MONEY.isdisjoint(plan.reads) or (own_reads is not None and not MONEY.isdisjoint(own_reads))


def add_money(facts: Facts, given: dict[str, Value | None], money: MoneyFacts) -> Facts:
    """The facts with what was spent, and with the limits that follow from it.

    Args:
        facts: of the request.
        given: those that conditions read; they become the facts' own, with those about money among them.
        money: what was spent.
    """
    given["daily_cost"] = money.daily_cost_nusd / NUSD_PER_USD
    given["budget"] = None if money.budget_nusd is None else money.budget_nusd / NUSD_PER_USD
    given["budget_mode"] = money.budget_mode
    given["cost_limit_reached"] = money.cost_limit_reached
    return msgspec.structs.replace(
        facts,
        given=given,
        local_only=money.local_only,
        denied_by=money.denied_by,
        cheaper=money.cheaper,
        closed=money.closed,
        cloud_today_nusd=money.cloud_today_nusd,
        budget_left_nusd=None if money.budget_nusd is None else money.budget_nusd - money.daily_cost_nusd,
    )


def name_payer(
    snapshot: Snapshot,
    target: str,
    caller: Agent | None,
    *,
    team: str | None,
    user: str | None,
    key_id: str | None,
    tags: Collection[str],
) -> Payer:
    """Whose budgets a request counts for, and where it may go.

    Args:
        snapshot: the configuration.
        target: the request's `model`.
        caller: who asks, or `None`.
        team, user, key_id, tags: as far as they are known.
    """
    kind, colon, name = caller.name.partition(":") if caller is not None else ("", "", "")
    wanted = snapshot.aliases.get(target, target)
    return Payer(
        agent=caller.name if caller is not None and not colon else None,
        interaction=name if kind == "interaction" else None,
        task=name if kind == "task" else None,
        model=wanted if wanted in snapshot.models else None,
        team=team,
        user=user,
        key_id=key_id,
        tags=tags,
    )
