"""One client call on its way: what came in, and what is learned until it is settled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec

from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.chat.request import ChatRequest, Operation
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.dialects.dialect import ClientSide
from pointsman.core.limits.claims import Hold, Limits
from pointsman.core.money_ports import Journal
from pointsman.core.ports import Upstream
from pointsman.core.routing.decision import Decision, Degraded, Refusal
from pointsman.core.routing.estimate_tokens import PromptEstimate
from pointsman.core.routing.facts import NOTHING_SEEN, Facts, ForcedModel, LiveView
from pointsman.core.routing.key_policy import NO_POLICY, KeyPolicy
from pointsman.core.routing.learned_tokens import LearnedTokens
from pointsman.core.routing.money_facts import MoneyFacts, Payer
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.core.routing.record import Settled
from pointsman.relay.answer_cache import AnswerCache
from pointsman.relay.egress import EgressGate
from pointsman.relay.hedge_pace import HedgePace
from pointsman.relay.live import LiveState
from pointsman.relay.no_books import NO_JOURNAL, NO_LIMITS
from pointsman.relay.open_calls import OpenCalls
from pointsman.relay.pins import Pins
from pointsman.relay.plain_decisions import PlainDecisions
from pointsman.relay.repetition_budget import RepetitionBudget
from pointsman.relay.search import BackgroundSearch, FindNames
from pointsman.relay.sending import Sending
from pointsman.relay.whose import Whose, find_whose


class Call(msgspec.Struct, frozen=True):
    """What a client sent.

    Attributes:
        request_id: ours, unique.
        client: the wire format that the client speaks.
        decode: reads the body; knows what the URL says beside it.
        body: as received.
        key_id: the virtual key that was presented.
        words: the headers that are meant for us, `x-pointsman-...`.
        arrived_at_ms: wall clock, milliseconds since the Unix epoch.
        arrived_s: monotonic clock, seconds.
        shown_id: the request id on the answer: the client's own if it sent a fit one, else ours.
        policy: what the key may ask for and what holds for its requests.
        cache_control: the header of that name, or `b""`.
        passed: headers that a provider of the client's format is to see, too; printable and short.
    """

    request_id: str
    client: ClientSide
    decode: Callable[[bytes], ChatRequest]
    body: bytes
    key_id: str
    words: tuple[tuple[bytes, bytes], ...]
    arrived_at_ms: int
    arrived_s: float
    shown_id: str
    policy: KeyPolicy = NO_POLICY
    cache_control: bytes = b""
    passed: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(slots=True)
class Progress:
    """What is known so far of a call; grows until its books are closed.

    Attributes:
        number: of the attempt under way, from 1, or 0 while there is none.
        next_place: that of the candidate to be tried next.
        model, sending, degraded: about the attempt under way, or the last one.
        usage, content_bytes: of its answer; where that broke off, what had been reported by then is `counted`, and
            `usage` is `None`.
        is_usage_rejected, has_usage_conflict: whether what its provider reported of its use could not be true, or was
            said in two ways.
        charges: what the attempts before it came to.
        asked: the last failure of a model that was asked, with that model and how far below the caller's choice it
            stands.
        payer: whose limits apply.
        hold: what they have given the request.
        guard: minds what a stream may still cost.
        clamped: to how many tokens the answer was limited so that it could be paid for, or `None`.
        verification: what came of showing the answer to a second model, or `""`.
        cache: `hit` when the answer was given before, `miss` when it has been kept so that it can be given again.
        prompt: our estimate of the prompt, where something is to be learned from what its provider says of it.
        outcome: there once the books are closed.
    """

    call: Call
    snapshot: Snapshot
    stream: bool = False
    operation: Operation = "chat"
    facts: Facts | None = None
    live: LiveView = field(default_factory=lambda: NOTHING_SEEN)
    refusal: Refusal | None = None
    decision: Decision | None = None
    model: Model | None = None
    attempts: int = 0
    number: int = 0
    next_place: int = 0
    payer: Payer | None = None
    hold: Hold | None = None
    guard: "Guard | None" = None
    clamped: int | None = None
    usage: Usage | None = None
    charges: tuple[AttemptCharge, ...] = ()
    sending: Sending = field(default_factory=Sending)
    asked: tuple[UpstreamFailure, Model | None, Degraded] | None = None
    counted: Usage | None = None
    content_bytes: int = 0
    is_usage_rejected: bool = False
    has_usage_conflict: bool = False
    first_content_s: float | None = None
    degraded: Degraded = ""
    verification: str = ""
    cache: Literal["", "hit", "miss"] = ""
    status: int = 0
    failure: str = ""
    outcome: Outcome | None = None
    prompt: PromptEstimate | None = None
    _whose: Whose | None = None

    def whose(self) -> Whose:
        """Whose the request is; worked out once, after which nothing changes it any more."""
        if self._whose is None:
            self._whose = find_whose(self.facts, self.decision)
        return self._whose


class Guard(Protocol):
    """Minds what a stream may still cost."""

    @property
    def most_bytes(self) -> int | None:
        """Of content; beyond it the stream has used up what is held, or `None` where it cannot."""

    async def extend(self, relay: "Relay", progress: Progress) -> bool:
        """Hold more for an answer that turns out longer than its tokens say; whether limits allowed that."""


LookAtMoney = Callable[[int, Payer], MoneyFacts]
"""Tells what was spent under the budgets that apply to a request at a time in milliseconds; from memory, at once."""


def _spend_nothing(now_ms: int, payer: Payer) -> MoneyFacts:
    return MoneyFacts()


def _remember_nothing(settled: Settled) -> None:
    pass


def _force_nothing(task_id: str) -> ForcedModel | None:
    return None


async def _find_no_names(texts: Sequence[str]) -> frozenset[str]:
    raise RuntimeError("the extra pii is not there")


def _trace_nothing(request_id: str, revision: str, facts: Facts, answer: Decision | Refusal) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Relay:
    """What the ten stops need of the outside.

    Attributes:
        upstream: carries calls to providers.
        record: takes the outcome of every call, at once and without waiting.
        monotonic_s: the clock that durations are measured with.
        look_at_money: what was spent so far.
        find_forced: the model that an operator forces for a task's id, or `None`.
        find_names: the kinds of names and addresses in texts; raises whatever keeps it from finding out.
        remember: takes what was decided about every call, at once and without waiting.
        trace: told of each decision where `routing.verbose_logs` asks for that.
        live: how the deployments are doing.
        search: looks for private data in requests.
        plain_decisions: those that follow from what is asked for alone.
        gate: the only way to `upstream`.
        hedging: when a second model is asked beside a slow one.
        repetitions: how often a target may be asked again.
        answers: those that may be given again.
        pins: where the state behind answers lives.
        limits: what requests may spend, and how many there may be.
        journal: notes calls before they matter.
        open_calls: those under way.
        history: what was learned of how long prompts and answers are.
    """

    upstream: Upstream
    record: Callable[[Outcome], None]
    monotonic_s: Callable[[], float]
    look_at_money: LookAtMoney = _spend_nothing
    find_forced: Callable[[str], ForcedModel | None] = _force_nothing
    find_names: FindNames = _find_no_names
    remember: Callable[[Settled], None] = _remember_nothing
    trace: Callable[[str, str, Facts, Decision | Refusal], None] = _trace_nothing
    live: LiveState = field(default_factory=LiveState)
    search: BackgroundSearch = field(default_factory=BackgroundSearch)
    plain_decisions: PlainDecisions = field(default_factory=PlainDecisions)
    gate: EgressGate = field(default_factory=EgressGate)
    hedging: HedgePace = field(default_factory=HedgePace)
    repetitions: RepetitionBudget = field(default_factory=RepetitionBudget)
    answers: AnswerCache = field(default_factory=AnswerCache)
    pins: Pins = field(default_factory=Pins)
    limits: Limits = NO_LIMITS
    journal: Journal = NO_JOURNAL
    open_calls: OpenCalls = field(default_factory=OpenCalls)
    history: LearnedTokens = field(default_factory=LearnedTokens)
