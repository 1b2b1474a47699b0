"""Providers asked over the API: each once at a time, a few at once, and what came of it remembered in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from pointsman.core.config.snapshot import Deployment
from pointsman.upstream.discovery import Reply

MOST_AT_ONCE = 4
MOST_REMEMBERED = 256
FRESH_MS = 10_000
"""How long an answer stands in for asking again: nobody gets a provider called more often by asking more often."""

Ask = Callable[[Deployment], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking a provider.

    Attributes:
        reply: the last answer.
        at_ms: when it came, in milliseconds since the Unix epoch.
        validated_at_ms: when it was a good one last, or `None`.
        models: the ids that it listed last, or `None` when it never did.
        discovered_at_ms: when that was, or `None`.
    """

    reply: Reply
    at_ms: int
    validated_at_ms: int | None = None
    models: tuple[str, ...] | None = None
    discovered_at_ms: int | None = None


class AskedProviders:
    """What was learnt of each provider since the start; where it is and its key belong to what it is remembered by.

    Args:
        ask: calls a provider.
        now_ms: the clock, in milliseconds since the Unix epoch.
    """

    def __init__(self, ask: Ask, now_ms: Callable[[], int]) -> None:
        self._ask = ask
        self._now_ms = now_ms
        self._known: dict[Deployment, Asked] = {}
        self._under_way: dict[Deployment, asyncio.Task[Asked]] = {}
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    def find(self, deployment: Deployment) -> Asked | None:
        """What is remembered, or `None`."""
        return self._known.get(_identify(deployment))

    async def ask(self, deployment: Deployment, *, anew: bool) -> Asked:
        """Ask a provider, unless it has just been asked and that will do.

        Args:
            deployment: one of its models.
            anew: whether an answer of a moment ago will not do.
        """
        place = _identify(deployment)
        known = self._known.get(place)
        if known is not None and not anew and self._now_ms() - known.at_ms < FRESH_MS:
            return known
        task = self._under_way.get(place)
        if task is None:
            task = asyncio.create_task(self._ask_now(place, deployment), name=f"ask {deployment.provider}")
            self._under_way[place] = task
            task.add_done_callback(lambda _: self._under_way.pop(place, None))
        # One caller that leaves must not take the answer away from the others.
        return await asyncio.shield(task)

    async def _ask_now(self, place: Deployment, deployment: Deployment) -> Asked:
        async with self._places:
            reply = await self._ask(deployment)
        now_ms = self._now_ms()
        before = self._known.pop(place, None) or Asked(reply, now_ms)
        asked = replace(before, reply=reply, at_ms=now_ms)
        if reply.is_good:
            asked = replace(asked, validated_at_ms=now_ms)
        if reply.models is not None:
            asked = replace(asked, models=reply.models, discovered_at_ms=now_ms)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.pop(next(iter(self._known)))
        self._known[place] = asked
        return asked


def _identify(deployment: Deployment) -> Deployment:
    """The provider alone, whichever of its models is asked for."""
    return replace(deployment, id="", model="", upstream_model="", quirks=())
