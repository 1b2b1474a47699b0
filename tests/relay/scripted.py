"""An upstream that follows a script, a client that writes down what it gets, and a clock that stands still."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from openai_door import DOOR
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.config.snapshot import Agent, Deployment, Model, Settings, Snapshot
from pointsman.core.ports import Headers
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.money_facts import MoneyFacts
from pointsman.core.routing.outcome import Outcome
from pointsman.relay.call import Call, Relay
from pointsman.relay.egress import EgressGate
from pointsman.relay.hedge_pace import HedgePace
from pointsman.relay.serve import serve

NoteSending = Callable[[], None] | None

PRICES = PriceTable(1_000_000_000, 2_000_000_000, 500_000_000, "test")


def model(name: str, prices: PriceTable | None = PRICES) -> Model:
    deployment = Deployment(f"p/{name}", "p", name, f"up-{name}", "openai_chat", "http://127.0.0.1:1/v1", "local")
    return Model(name, deployment, prices)


SNAPSHOT = Snapshot(
    "0123456789ab",
    "production",
    {name: model(name) for name in ("one", "two", "three")} | {"unpriced": model("unpriced", None)},
    {
        "pair": Agent("pair", "one", ("two",), tags=("t",)),
        "chain": Agent("chain", "one", ("two", "three", "four")),
        "alone": Agent("alone", "one"),
        "insistent": Agent("insistent", "one", retries_after_send=True),
        "hedged": Agent("hedged", "one", ("two", "three"), hedges=True),
    },
    settings=Settings(back_off_ms=(1, 2)),
)


@dataclass
class Answer:
    """One scripted answer: pieces of a body, and perhaps a failure after them."""

    pieces: Sequence[bytes] = ()
    status: int = 200
    headers: Headers = ()
    failure: UpstreamFailure | None = None
    ended: str = ""

    def header(self, name: bytes) -> bytes:
        return dict(self.headers).get(name, b"")

    async def read(self) -> bytes:
        if self.pieces:
            piece, *self.pieces = self.pieces
            return piece
        if self.failure is not None:
            raise self.failure
        return b""

    async def pump(self, take: Callable[[bytes], bool]) -> bool:
        while piece := await self.read():
            if not take(piece):
                return False
        return True

    async def read_all(self) -> bytes:
        body = b""
        while piece := await self.read():
            body += piece
        return body

    def release(self) -> None:
        self.ended = self.ended or "released"

    def close(self) -> None:
        self.ended = self.ended or "closed"


@dataclass
class ScriptedUpstream:
    """Gives the next answer of its script to whoever calls."""

    script: list[Answer | UpstreamFailure]
    called: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Headers] = field(default_factory=list)

    async def send(
        self,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: NoteSending,
        headers: Headers = (),
    ) -> Answer:
        self.called.append(deployment.model)
        self.bodies.append(body)
        self.headers.append(headers)
        answer = self.script.pop(0)
        if note_sending and not (isinstance(answer, UpstreamFailure) and not answer.sent):
            note_sending()
        if isinstance(answer, UpstreamFailure):
            raise answer
        return answer


@dataclass
class NotingClient:
    """Writes down what it gets."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    writes: list[bytes] = field(default_factory=list)
    ended: bool = False
    is_behind: bool = False

    def start(self, status: int, headers: Headers, *, body_bytes: int | None = None) -> None:
        assert not self.status, "an answer starts once"
        self.status, self.headers = status, dict(headers)

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def end(self, data: bytes = b"") -> None:
        assert not self.ended, "an answer ends once"
        self.ended = True
        self.writes.append(data)

    async def drain(self) -> None:
        self.is_behind = False

    @property
    def body(self) -> bytes:
        return b"".join(self.writes)


@dataclass
class Conversation:
    """One call from start to settlement."""

    upstream: ScriptedUpstream
    client: NotingClient = field(default_factory=NotingClient)
    outcomes: list[Outcome] = field(default_factory=list)
    now_s: float = 100.0
    snapshot: Snapshot = SNAPSHOT
    hedging: HedgePace = field(default_factory=HedgePace)
    gate: EgressGate = field(default_factory=EgressGate)
    money: MoneyFacts = field(default_factory=MoneyFacts)

    async def run(self, body: bytes, agent: str | None = None) -> Outcome:
        words = ((b"x-pointsman-agent", agent.encode()),) if agent else ()
        call = Call("req_1", *DOOR, body, "key_1", words, 1_700_000_000_000, 99.5, "shown-1")
        relay = Relay(
            self.upstream,
            self.outcomes.append,
            lambda: self.now_s,
            look_at_money=lambda now_ms, payer: self.money,
            gate=self.gate,
            hedging=self.hedging,
        )
        await serve(relay, self.snapshot, call, self.client)
        (outcome,) = self.outcomes
        return outcome
