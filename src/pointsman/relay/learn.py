"""Learns what a decision may know of a call: what was said, what was spent, and what a search found in it."""

from hashlib import blake2b

from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.routing.add_money import name_payer
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.gather_facts import (
    Circumstances,
    find_caller_of,
    gather_facts,
    gather_plainly,
    should_search,
)
from pointsman.core.routing.money_facts import MoneyFacts
from pointsman.core.routing.said import SAID_NOTHING, Said, read_said
from pointsman.relay.call import Call, Relay

_WHOLE = 2**64


def learn_plainly(snapshot: Snapshot, call: Call, request: ChatRequest) -> Facts | None:
    """The facts of a call of which nothing is said, where nothing needs to be found out either; else `None`."""
    if call.words or request.fields.get("metadata") is not None:
        return None
    return gather_plainly(snapshot, request, call.policy)


async def learn_facts(relay: Relay, snapshot: Snapshot, call: Call, request: ChatRequest) -> Facts:
    """The facts of a call.

    Raises:
        ClientError: for what the caller says and nothing can be made of.
    """
    metadata = request.fields.get("metadata")
    said = read_said(call.words, metadata) if call.words or metadata is not None else SAID_NOTHING
    caller = find_caller_of(snapshot, request.model, said)
    found = None
    beside = snapshot.agents.get(said.agent) if said.agent is not None else None
    if should_search(snapshot, caller, call.policy, beside):
        found = await relay.search.find(request, snapshot.settings, relay.find_names)
    around = Circumstances(
        policy=call.policy,
        said=said,
        at_ms=call.arrived_at_ms,
        dice=draw_dice(call.request_id) if snapshot.routing.experiments else 0.0,
        found=found,
        forced=relay.find_forced(said.task_id) if said.task_id else None,
        money=lambda: _look_at_money(relay, snapshot, call, request.model, caller, said),
        history=relay.history,
        has_other_budgets=relay.limits.has_other_budgets,
    )
    return gather_facts(snapshot, request, around)


def draw_dice(request_id: str) -> float:
    """A number in [0, 1) that follows from a request's id, so that a choice by lot can be repeated."""
    return int.from_bytes(blake2b(request_id.encode(), digest_size=8).digest()) / _WHOLE


def _look_at_money(
    relay: Relay, snapshot: Snapshot, call: Call, target: str, caller: Agent | None, said: Said
) -> MoneyFacts:
    payer = name_payer(
        snapshot,
        target,
        caller,
        team=call.policy.team or None,
        user=call.policy.user or said.user or None,
        key_id=call.key_id,
        tags=(*call.policy.tags, *said.tags, *(caller.tags if caller else ())),
    )
    return relay.look_at_money(call.arrived_at_ms, payer)
