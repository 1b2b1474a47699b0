"""Learns what a decision may know of a call: what was said, what was spent, and what a search for private data finds.

A search that fails or takes too long counts as a find.
"""

import asyncio
import logging
from hashlib import blake2b

from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.request_texts import has_unsearchable, list_texts
from pointsman.core.config.snapshot import Agent, Settings, Snapshot
from pointsman.core.privacy.detect import detect
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.gather_facts import Circumstances, Found, find_asking, gather_facts, should_search
from pointsman.core.routing.money_facts import MoneyFacts
from pointsman.core.routing.said import SAID_NOTHING, Said, read_said
from pointsman.relay.call import Call, Relay

_log = logging.getLogger(__name__)

SEARCHED_AT_ONCE_BYTES = 64 * 1024
"""Longer bodies are searched in a thread, so that other requests go on meanwhile."""

_NOT_READABLE = Found("it holds images, audio or files, which cannot be searched")
_WHOLE = 2**64


async def learn_facts(relay: Relay, snapshot: Snapshot, call: Call, request: ChatRequest) -> Facts:
    """The facts of a call.

    Raises:
        ClientError: for what the caller says and nothing can be made of.
    """
    metadata = request.fields.get("metadata")
    said = read_said(call.words, metadata) if call.words or metadata else SAID_NOTHING
    caller = find_asking(snapshot, request.model, said)
    found = None
    beside = snapshot.agents.get(said.agent) if said.agent is not None else None
    if should_search(snapshot, caller, call.policy, beside):
        found = await search(relay, snapshot.settings, request)
    around = Circumstances(
        policy=call.policy,
        said=said,
        at_ms=call.arrived_at_ms,
        dice=draw_dice(call.request_id) if snapshot.routing.experiments else 0.0,
        found=found,
        forced=relay.find_forced(said.task_id) if said.task_id else None,
        money=lambda: _look_at_money(relay, call, caller, said),
    )
    return gather_facts(snapshot, request, around)


async def search(relay: Relay, settings: Settings, request: ChatRequest) -> Found:
    """Look for private data in everything of a request that a model would read."""
    if has_unsearchable(request.fields):
        return _NOT_READABLE
    try:
        async with asyncio.timeout(settings.detect_deadline_ms / 1_000):
            return await _search(relay, settings, request)
    except TimeoutError:
        _log.error("the search for private data took longer than %d ms: a find", settings.detect_deadline_ms)
        return Found("the search for private data took too long")
    except Exception as error:  # Whatever stopped the search, nobody knows now that there is nothing private.
        _log.error("the search for private data failed, which counts as a find: %s", type(error).__name__)
        return Found("the search for private data failed")


async def _search(relay: Relay, settings: Settings, request: ChatRequest) -> Found:
    entities = frozenset(settings.detect_entities)
    if len(request.body) <= SEARCHED_AT_ONCE_BYTES:
        findings = detect(list_texts(request.fields), entities)
    else:
        findings = await asyncio.to_thread(lambda: detect(list_texts(request.fields), entities))
    kinds: list[str] = [entity for entity, _ in findings.counts]
    if not kinds and settings.detect_names:
        kinds = sorted(await relay.find_names(list(list_texts(request.fields))))
    return Found(f"{', '.join(kinds)} found in it" if kinds else "")


def draw_dice(request_id: str) -> float:
    """A number in [0, 1) that follows from a request's id, so that a choice by lot can be repeated."""
    return int.from_bytes(blake2b(request_id.encode(), digest_size=8).digest()) / _WHOLE


def _look_at_money(relay: Relay, call: Call, caller: Agent | None, said: Said) -> MoneyFacts:
    kind, colon, name = caller.name.partition(":") if caller else ("", "", "")
    return relay.look_at_money(
        call.arrived_at_ms,
        agent=caller.name if caller and not colon else None,
        interaction=name if kind == "interaction" else None,
        team=call.policy.team or None,
        user=call.policy.user or said.user or None,
        key_id=call.key_id,
        tags=(*call.policy.tags, *said.tags, *(caller.tags if caller else ())),
    )
