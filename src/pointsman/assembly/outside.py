"""What carries requests out and searches them first, and the relay over it; a gateway and a program wire the same."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Settings
from pointsman.core.money_ports import Journal
from pointsman.core.ports import Secrets
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import Facts, ForcedModel
from pointsman.core.routing.learned_tokens import LearnedTokens
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.record import Settled
from pointsman.recognition.on_demand import NamesOnDemand
from pointsman.relay.call import Relay
from pointsman.relay.live import LiveState
from pointsman.relay.open_calls import OpenCalls
from pointsman.relay.search import BackgroundSearch
from pointsman.upstream.client import HttpUpstream
from pointsman.upstream.long_tail.carrier import LongTail
from pointsman.upstream.upstreams import Upstreams


class Ledger(Protocol):
    """What a relay is told and asks beside its calls."""

    @property
    def live(self) -> LiveState: ...
    @property
    def spending(self) -> Spending: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def open_calls(self) -> OpenCalls: ...
    @property
    def history(self) -> LearnedTokens: ...
    def record(self, outcome: Outcome) -> None:
        """A request has ended."""

    def remember(self, settled: Settled) -> None:
        """What was decided about a request that has ended."""

    def trace(self, request_id: str, revision: str, facts: Facts, answer: Decision | Refusal) -> None:
        """Why a request goes where it goes."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What carries requests out, and what searches them before that.

    Attributes:
        upstream: the way to every provider.
        names: finds names, where that is wanted.
        search: looks for private data.
        list_descriptors: the file descriptors of our own connections to providers.
    """

    upstream: Upstreams
    names: NamesOnDemand
    search: BackgroundSearch
    list_descriptors: Callable[[], list[int]]


async def open_outside(stack: AsyncExitStack, settings: Settings, secrets: Secrets) -> Outside:
    """Start everything; it is let go of with the stack.

    Raises:
        NamesUnavailable: when names are to be found and their library is missing.
    """
    names = NamesOnDemand()
    stack.push_async_callback(names.close)
    if settings.detect_names:
        await names.load(settings.detect_deadline_ms)
    search = BackgroundSearch()
    stack.callback(search.close)
    http, long_tail = HttpUpstream(secrets), LongTail(secrets)
    http.start()
    stack.push_async_callback(http.close)
    stack.push_async_callback(long_tail.close)
    return Outside(Upstreams(http, long_tail), names, search, http.list_descriptors)


def build_relay(outside: Outside, ledger: Ledger, find_forced: Callable[[str], ForcedModel | None]) -> Relay:
    """The relay over what was opened."""
    return Relay(
        outside.upstream,
        ledger.record,
        time.monotonic,
        look_at_money=ledger.spending.look,
        find_forced=find_forced,
        find_names=outside.names.find,
        remember=ledger.remember,
        trace=ledger.trace,
        live=ledger.live,
        search=outside.search,
        limits=ledger.spending,
        journal=ledger.journal,
        open_calls=ledger.open_calls,
        history=ledger.history,
    )
