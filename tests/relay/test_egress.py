"""Whatever routing decides, not one byte goes where its label is not cleared: real sockets, decisions made by hand."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from openai_door import DOOR
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.config.snapshot import Deployment, Model, Settings, Snapshot
from pointsman.core.privacy.labels import LABELS, Label, is_cleared
from pointsman.core.routing.decision import Attempt, Check, Decision
from pointsman.relay.attempts import try_in_order
from pointsman.relay.call import Call, Progress, Relay
from pointsman.relay.egress import EgressRefused
from pointsman.relay.hedge_pace import HedgePace
from pointsman.relay.try_model import PlainAnswer
from pointsman.secrets.environment import EnvironmentSecrets
from pointsman.upstream.client import HttpUpstream
from relay.test_serve import PLAIN, ask


@dataclass
class Tap:
    """A provider that counts every connection and byte, and answers once a request is whole."""

    connections: int = 0
    taken_bytes: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while data := await reader.read(65_536):
            self.taken_bytes += len(data)
            if data.rstrip().endswith(b"}"):
                head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(PLAIN)
                writer.write(head + PLAIN)
        writer.close()

    def model(self, name: str, location: str, clearance: Label) -> Model:
        address = f"127.0.0.1:{self.port}"
        deployment = Deployment(
            id=f"p/{name}",
            provider="p",
            model=name,
            upstream_model=name,
            dialect="openai_chat",
            base_url=f"http://{address}/v1",
            location=location,  # type: ignore[arg-type]
            clearance=clearance,
            allowed_addresses=(address,) if location == "cloud" else (),
        )
        return Model(name, deployment, None)


MakeDecision = Callable[[Tap, Tap], Decision]


@dataclass
class Found:
    """How a decision made by hand was carried out."""

    answer: PlainAnswer | None
    error: Exception | None
    progress: Progress
    relay: Relay
    cloud: Tap
    local: Tap


def carry_out(make_decision: MakeDecision, hedging: HedgePace | None = None) -> Found:
    return asyncio.run(_carry_out(make_decision, hedging or HedgePace()))


async def _carry_out(make_decision: MakeDecision, hedging: HedgePace) -> Found:
    cloud, local = Tap(), Tap()
    servers = []
    for tap in (cloud, local):
        server = await asyncio.start_server(tap.serve, "127.0.0.1", 0)
        tap.port = server.sockets[0].getsockname()[1]
        servers.append(server)
    upstream = HttpUpstream(EnvironmentSecrets({}))
    upstream.start()
    relay = Relay(upstream, lambda outcome: None, asyncio.get_running_loop().time, hedging=hedging)
    call = Call("req_1", *DOOR, ask("any"), "key_1", (), 0, relay.monotonic_s(), "req_1")
    snapshot = Snapshot("0" * 12, "production", {}, {}, settings=Settings(back_off_ms=(0, 0)))
    decision = make_decision(cloud, local)
    progress = Progress(call, snapshot, decision=decision)
    answer, error = None, None
    try:
        async with asyncio.timeout(10):
            got = await try_in_order(relay, progress, decision, call.decode(call.body))
            assert isinstance(got, PlainAnswer)
            answer = got
    except (EgressRefused, UpstreamFailure) as caught:
        error = caught
    finally:
        await upstream.close()
        for server in servers:
            server.close()
    await asyncio.sleep(0)
    return Found(answer, error, progress, relay, cloud, local)


def decide_wrongly(*models: Model, **fields: object) -> Decision:
    attempts = tuple(Attempt(model, "by hand") for model in models)
    return Decision(None, attempts, (), "agent", "by hand", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("clearance", LABELS)
@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("stays_local", [None, "a rule says so"])
@pytest.mark.parametrize("location", ["cloud", "local"])
def test_the_gate_opens_for_what_is_cleared_and_for_nothing_else(
    label: Label, clearance: Label, stays_local: str | None, location: str, caplog: pytest.LogCaptureFixture
) -> None:
    def make(cloud: Tap, local: Tap) -> Decision:
        return decide_wrongly(cloud.model("m", location, clearance), label=label, stays_local=stays_local)

    found = carry_out(make)
    may_go = is_cleared(label, clearance) and not (stays_local and location == "cloud")
    if may_go:
        assert found.answer is not None and found.answer.body == PLAIN and found.relay.gate.refused == 0
    else:
        assert isinstance(found.error, EgressRefused)
        assert (found.error.status, found.error.code) == (503, "privacy_unavailable")
        assert (found.cloud.connections, found.cloud.taken_bytes) == (0, 0)
        assert found.relay.gate.refused == 1
        assert any(record.levelname == "ERROR" and "not sent" in record.message for record in caplog.records)


def test_a_fallback_passes_the_gate() -> None:
    def make(cloud: Tap, local: Tap) -> Decision:
        broken = local.model("broken", "local", "high")
        nowhere = replace(broken, deployment=replace(broken.deployment, base_url="http://127.0.0.1:9/v1"))
        return decide_wrongly(nowhere, cloud.model("big", "cloud", "low"), label="high")

    found = carry_out(make)
    assert isinstance(found.error, EgressRefused) and found.cloud.connections == 0


def test_a_hedge_passes_the_gate_and_the_first_call_goes_on() -> None:
    class SlowTap(Tap):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.05)
            await super().serve(reader, writer)

    def make(cloud: Tap, local: Tap) -> Decision:
        local.__class__ = SlowTap
        return decide_wrongly(
            local.model("own", "local", "high"), cloud.model("big", "cloud", "low"), label="high", hedges=True
        )

    found = carry_out(make, hedging=HedgePace(0.0, 0.0))
    assert found.answer is not None and found.cloud.connections == 0 and found.relay.gate.refused == 1


@pytest.mark.parametrize("only_below", [None, 600_000])
def test_a_check_passes_the_gate_and_is_left_out(only_below: int | None) -> None:
    def make(cloud: Tap, local: Tap) -> Decision:
        check = Check("by hand", cloud.model("big", "cloud", "medium"), "", only_below)
        return decide_wrongly(local.model("own", "local", "high"), label="high", check=check)

    found = carry_out(make)
    assert found.answer is not None and found.progress.verification == "skipped; private"
    assert (found.cloud.connections, found.relay.gate.refused, found.progress.attempts) == (0, 1, 1)
