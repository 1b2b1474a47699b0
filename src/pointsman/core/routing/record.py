"""What is kept of a decision: what it was made from, what it came to, and how the call went; nothing of any prompt.

A replay makes the decision again from what is kept; the digest says whether all of it is the same, bit for bit.
"""

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.conceal import conceal_keys
from pointsman.core.routing.decision import Check, Decision, Refusal
from pointsman.core.routing.facts import Facts, LiveTarget, LiveView
from pointsman.core.routing.find_target import find_caller
from pointsman.core.routing.outcome import Outcome

DIGEST_BYTES = 16


class Settled(msgspec.Struct, frozen=True):
    """A call that has ended, as the relay hands it over: references only, so that this costs a request next to nothing.

    Attributes:
        outcome: how it ended.
        shown_id: the request id on the answer.
        snapshot: the configuration that it saw.
        facts: what was known of it.
        live: how the deployments were doing.
        answer: what was decided.
        verification: what came of showing the answer to a second model, or `""`.
    """

    outcome: Outcome
    shown_id: str
    snapshot: Snapshot
    facts: Facts
    live: LiveView
    answer: Decision | Refusal
    verification: str = ""


class Decided(msgspec.Struct, frozen=True, array_like=True):
    """What a decision came to.

    Attributes:
        digest: of the whole decision or refusal, see `digest_answer`.
        attempts: the models in the order they were to be tried; none for a refusal.
        dropped: the candidates left out, each with the code of why.
        decided_by: what settled the first attempt, or `""` for a refusal.
        name: of the rule, strategy, experiment, override or caller that settled it.
        refusal: the refusal's code, or `""`.
    """

    digest: bytes
    attempts: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]
    decided_by: str
    name: str
    refusal: str


class Happened(msgspec.Struct, frozen=True, array_like=True):
    """How the call went; each field is as in `Outcome`.

    Attributes:
        verification: what came of showing the answer to a second model, or `""`.
    """

    model: str
    attempts: int
    status: int
    failure: str
    degraded: str = ""
    verification: str = ""


class Recorded(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of one decision beside its place and time.

    Attributes:
        key_id: the virtual key that asked.
        revision: of the configuration.
        facts: what was known of the request.
        live: how the deployments were doing.
        decided: what the decision came to.
        happened: how the call went.
    """

    key_id: str
    revision: str
    facts: Facts
    live: dict[str, LiveTarget]
    decided: Decided
    happened: Happened


class Spent(msgspec.Struct, frozen=True):
    """What a call came to, as its usage row has it; `None` is unknown, never 0.

    Attributes:
        attempts: how many upstream calls were started.
        usage: tokens of them all.
        cost_nusd: nano-dollars of them all.
        cost_status: how sure that is, as in `Outcome`.
        has_further: whether calls beside the one that answered are part of it.
    """

    attempts: int
    usage: Usage | None
    cost_nusd: int | None
    cost_status: str
    has_further: bool = False

    @property
    def of_one_call(self) -> Usage | None:
        """The tokens where they are those of a single call, so that they tell how long request and answer were."""
        return self.usage if self.attempts == 1 and not self.has_further else None


class DecisionRow(msgspec.Struct, frozen=True):
    """A decision on record.

    Attributes:
        seq: grows from call to call, in the order they ended.
        request_id: ours.
        shown_id: the request id on the answer.
        at_ms: when the request arrived, in milliseconds since the Unix epoch.
        caller: the agent, interaction or type of task that asked, or `""`.
        configuration: which one it saw, or `None` where that could not be told.
        recorded: all else that is kept, or `None` where a version of Pointsman wrote it that this one does not read.
        spent: what the call came to, or `None` where there is no usage row of it.
    """

    seq: int
    request_id: str
    shown_id: str
    at_ms: int
    caller: str
    configuration: bytes | None
    recorded: Recorded | None
    spent: Spent | None = None


class UnreadableRecord(ValueError):
    """What is stored was not written by a version of Pointsman that this one understands."""


def build_record(settled: Settled) -> Recorded:
    """What is kept of a call."""
    outcome = settled.outcome
    return Recorded(
        outcome.key_id,
        outcome.revision,
        conceal_keys(settled.facts),
        _as_dict(settled.live),
        sum_up(settled.answer),
        Happened(
            outcome.model,
            outcome.attempts,
            outcome.status,
            outcome.failure,
            outcome.degraded,
            settled.verification,
        ),
    )


def name_caller(settled: Settled) -> str:
    """The agent, interaction or type of task that asked, whether it was served or refused; `""` for a mere model."""
    if isinstance(settled.answer, Refusal):
        caller = find_caller(settled.snapshot, settled.facts)
    else:
        caller = settled.answer.agent
    return caller.name if caller is not None else ""


def sum_up(answer: Decision | Refusal) -> Decided:
    """What a decision came to, in a few names and codes and its digest."""
    dropped = tuple([(drop.model, drop.code) for drop in answer.dropped])
    digest = digest_answer(answer)
    if isinstance(answer, Refusal):
        return Decided(digest, (), dropped, "", "", answer.code)
    attempts = tuple([attempt.model.name for attempt in answer.attempts])
    return Decided(digest, attempts, dropped, answer.decided_by, answer.name, "")


def digest_answer(answer: Decision | Refusal) -> bytes:
    """Stands for every bit of a decision or refusal, sentences and scores included.

    Models and callers count by their names: what else they are follows from the configuration.
    """
    told = answer if isinstance(answer, Refusal) else _list_parts(answer)
    return blake2b(_encoder.encode(told), digest_size=DIGEST_BYTES).digest()


def encode_record(record: Recorded) -> bytes:
    """The record in a form that takes little room.

    Raises:
        OverflowError, TypeError, ValueError: when a value of it cannot be written.
    """
    return _encoder.encode(record)


def decode_record(content: bytes) -> Recorded:
    """Read what `encode_record` wrote, now or by an earlier version.

    Raises:
        UnreadableRecord: when it is anything else.
    """
    try:
        return _decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableRecord(str(error)) from None


def _list_parts(decision: Decision) -> tuple[object, ...]:
    return (
        decision.agent.name if decision.agent is not None else None,
        [(each.model.name, each.why, each.score, each.degraded) for each in decision.attempts],
        decision.dropped,
        decision.decided_by,
        decision.text,
        decision.name,
        decision.label,
        decision.stays_local,
        decision.kept_local_by,
        decision.strategy,
        decision.confidence,
        None if decision.check is None else _list_check_parts(decision.check),
        decision.hedges,
        decision.caches,
        decision.fired,
        decision.failed,
        decision.notes,
        decision.variant,
    )


def _list_check_parts(check: Check) -> tuple[object, ...]:
    return (
        check.rule,
        check.model.name if check.model is not None else None,
        check.skipped,
        check.only_below,
        check.shown,
    )


def _as_dict(live: Mapping[str, LiveTarget]) -> dict[str, LiveTarget]:
    return live if isinstance(live, dict) else dict(live)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Recorded)
