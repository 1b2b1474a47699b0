"""One relay that several calls come to, with agents that keep answers, and a look at all that it holds."""

import asyncio
import gc
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType

from core.config.compiling import compile_good
from openai_door import DOOR
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.ports import Headers
from pointsman.core.routing.key_policy import NO_POLICY, KeyPolicy
from pointsman.core.routing.outcome import Outcome
from pointsman.relay.call import Call, Relay
from pointsman.relay.serve import serve
from pointsman.server.routes import ROUTES
from relay.scripted import Answer, NotingClient, ScriptedUpstream

DOCUMENT = """\
providers:
  near: {base_url: "http://localhost:8080/v1"}
  far: {base_url: "https://far.example/v1", location: cloud, api_key: {env: OPENAI_API_KEY}}
models:
  own: {provider: near}
  big: {provider: far, price_per_1m_tokens: {input: "3", output: "15"}}
agents:
  a: {model: big, fallback: [own]}
  b: {model: big, parameters: {temperature: 0.2}}
  never: {model: big, policy: {cache: "off"}}
  private: {model: own, policy: {privacy: high}}
  checked: {model: own, fallback: [big]}
routing:
  rules:
    - {name: kept at home, when: data.contains_pii, action: force_local_model}
    - {name: no, when: "'forbidden' in tags", action: deny}
    - {name: checked, when: "agent == 'checked' and model.type == 'local'", action: require_cloud_verification}
"""
CACHING = compile_good(DOCUMENT + "cache: {mode: exact, ttl: 1m}\n")


@dataclass
class House:
    """One relay that several calls come to, and a clock that somebody sets."""

    snapshot: Snapshot = CACHING
    script: list[Answer | UpstreamFailure] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    now_s: float = 100.0

    def __post_init__(self) -> None:
        self.upstream = ScriptedUpstream(self.script)
        self.relay = Relay(self.upstream, self.outcomes.append, lambda: self.now_s)

    async def take(
        self,
        model: str = "agent:a",
        *,
        key: str = "key_1",
        words: tuple[tuple[bytes, bytes], ...] = (),
        policy: KeyPolicy = NO_POLICY,
        cache_control: bytes = b"",
        content: str = "hi",
        **fields: object,
    ) -> NotingClient:
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": content}], **fields}).encode()
        call = Call("r", *DOOR, body, key, words, 0, self.now_s, "shown", policy, cache_control)
        client = NotingClient()
        await serve(self.relay, self.snapshot, call, client)
        assert self.outcomes[-1].failure != "internal_error"
        return client

    def post(
        self,
        path: str,
        body: Mapping[str, object],
        *script: Answer | UpstreamFailure,
        key: str = "key_1",
        words: tuple[tuple[bytes, bytes], ...] = (),
        passed: Headers = (),
    ) -> NotingClient:
        """One call at any path, for which this is the script."""
        self.upstream.script[:] = script
        route = ROUTES[path.encode()]
        sent = json.dumps(body).encode()
        call = Call("r", route.client, route.decode, sent, key, words, 0, self.now_s, "shown", passed=tuple(passed))
        client = NotingClient()
        asyncio.run(serve(self.relay, self.snapshot, call, client))
        assert self.outcomes[-1].failure != "internal_error"
        return client

    def ask(self, *script: Answer | UpstreamFailure, **call: object) -> NotingClient:
        """One call for which this is the script; what was not needed of it is struck."""
        self.upstream.script[:] = script
        return asyncio.run(self.take(**call))  # type: ignore[arg-type]


def holds(relay: Relay, word: bytes) -> bool:
    """Whether anything that a relay can get at holds a word, however deep in memory it lies."""
    seen: set[int] = set()
    waiting: list[object] = [relay.answers, relay.live, relay.hedging, relay.plain_decisions, relay.repetitions]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type | ModuleType | FunctionType):
            continue
        seen.add(id(thing))
        if (isinstance(thing, bytes) and word in thing) or (isinstance(thing, str) and word.decode() in thing):
            return True
        waiting += gc.get_referents(thing)
    return False


def header(client: NotingClient, name: str = "cache") -> str | None:
    found = client.headers.get(f"x-pointsman-{name}".encode())
    return found.decode() if found is not None else None
