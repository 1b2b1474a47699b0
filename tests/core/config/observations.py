"""What a configuration does, observed on the real thing: problems, decisions, calls, costs, listings, settings."""

import asyncio
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from compiling import compile_text
from msgspec import structs

from openai_door import DOOR
from pointsman.cli.explain_text import write_explanation
from pointsman.control.sources import gather
from pointsman.core.config.snapshot import Deployment, Snapshot
from pointsman.core.ports import Headers
from pointsman.core.routing.describe import describe
from pointsman.core.routing.explain import explain
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.outcome import Outcome
from pointsman.relay.call import Call, Relay
from pointsman.relay.serve import serve
from pointsman.secrets.environment import EnvironmentSecrets
from pointsman.server.models import list_models
from pointsman.upstream.guard import find_objection
from pointsman.upstream.head import compose_head
from pointsman.upstream.origin import parse_origin

Document = dict[str, Any]
Observation = Callable[[Document], object]

NoteSending = Callable[[], None] | None

ADDRESSES = ("127.0.0.1", "10.0.0.5", "192.168.1.20", "8.8.8.8", "9.9.9.9")
SECRETS = EnvironmentSecrets({"POINTSMAN_HOUSE_KEY": "one-key-of-many-0001", "OPENAI_API_KEY": "one-key-of-many-0002"})
ASKED = {"messages": [{"role": "user", "content": "Hello"}]}
ANSWERED = {
    "id": "a",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 1_000,
        "completion_tokens": 500,
        "total_tokens": 1_500,
        "prompt_tokens_details": {"cached_tokens": 400, "cache_write_tokens": 100},
    },
}


@dataclass
class ScriptedAnswer:
    """A whole answer of a provider."""

    status: int
    body: bytes
    headers: Headers = ((b"content-type", b"application/json"),)

    def header(self, name: bytes) -> bytes:
        return dict(self.headers).get(name, b"")

    async def read_all(self) -> bytes:
        return self.body

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class NotingUpstream:
    """Writes down each call as it would go out, and gives every one the same answer."""

    status: int
    sent: list[object] = field(default_factory=list)

    async def send(
        self,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: NoteSending,
        headers: Headers = (),
    ) -> ScriptedAnswer:
        if note_sending is not None:
            note_sending()
        origin = parse_origin(deployment)
        secret = SECRETS.reveal(deployment.credential) if deployment.credential else None
        refused = [address for address in ADDRESSES if find_objection(address, origin)]
        head = compose_head(deployment, origin, path, secret).write(body, 0.0)
        self.sent.append((head, body, asdict(deployment.deadlines), deployment.credential, refused))
        return ScriptedAnswer(self.status, json.dumps(ANSWERED).encode())


@dataclass
class NotingClient:
    """Writes down what the caller gets."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    is_behind: bool = False

    def start(self, status: int, headers: Headers, *, body_bytes: int | None = None) -> None:
        self.status = status
        self.headers = {name: value for name, value in headers if name != b"x-pointsman-revision"}

    def end(self, data: bytes = b"") -> None:
        """The bytes of the scripted answer say nothing."""


def compile_document(document: Document, environment: str = "production") -> Snapshot:
    compiled = compile_text(json.dumps(document), environment)
    assert compiled.snapshot is not None, "\n".join(map(str, compiled.problems))
    return compiled.snapshot


def problems(document: Document) -> object:
    """What `check` says."""
    return [(found.path, found.code) for found in compile_text(json.dumps(document)).problems]


def decision(target: str) -> Observation:
    """What `explain --json` says of a request for a target."""

    def observe(document: Document) -> object:
        return explain_as_json(compile_document(document), target)

    return observe


def explain_as_json(snapshot: Snapshot, target: str) -> object:
    return structs.replace(describe(explain(snapshot, Facts(target))), revision="")


def explanation(target: str) -> Observation:
    """What `explain` says of it to people."""

    def observe(document: Document) -> object:
        snapshot = compile_document(document)
        return write_explanation(describe(explain(snapshot, Facts(target)))).replace(snapshot.revision, "")

    return observe


def listing(document: Document) -> object:
    """What `GET /v1/models` answers."""
    return list_models(compile_document(document), "")


def call(target: str, provider_answers: int = 200) -> Observation:
    """A request for a target through the relay: what went out, what came back, and what was booked."""

    def observe(document: Document) -> object:
        snapshot = compile_document(document)
        upstream, client = NotingUpstream(provider_answers), NotingClient()
        booked: list[Outcome] = []
        body = json.dumps(ASKED | {"model": target}).encode()
        asked = Call("req_1", *DOOR, body, "key_1", (), 0, 0.0, "shown-1")
        asyncio.run(serve(Relay(upstream, booked.append, lambda: 1.0), snapshot, asked, client))
        (outcome,) = (without_revision(outcome) for outcome in booked)
        return upstream.sent, client.status, client.headers, outcome

    return observe


def without_revision(outcome: Outcome) -> Outcome:
    """The outcome without the name of the configuration, which every change of a document changes."""
    assert outcome.failure != "internal_error"
    return structs.replace(outcome, revision="")


def settings(document: Document) -> object:
    """What the server is run by."""
    return asdict(compile_document(document).settings)


def gathered(document: Document) -> object:
    """Which files a configuration consists of, where `parts/more.yaml` lies beside the document."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pointsman.yaml"
        path.write_text(json.dumps(document))
        (path.parent / "parts").mkdir()
        (path.parent / "parts" / "more.yaml").write_text("agents: {more: {model: m}}\n")
        return [Path(source.file).name for source in gather(path).files]


def in_development(document: Document) -> object:
    """What `explain --env development` says of the agent."""
    return explain_as_json(compile_document(document, "development"), "agent:a")
