"""Every provider's format at one simulator, one gateway before it, and every official SDK before that."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.request import Request, urlopen

from matrix import speak_anthropic, speak_cohere, speak_gemini, speak_openai_chat, speak_openai_responses
from matrix.asking import Said, Seen, Talk
from running import RunningGateway, await_value, run_gateway

PROVIDERS = {
    "openai_chat": "/v1",
    "openai_responses": "/v1",
    "anthropic_messages": "/v1",
    "gemini": "/v1beta",
    "cohere": "/v2",
    "bedrock_converse": "",
}
"""What providers speak, and where the simulator does."""

SPEAKERS: dict[str, ModuleType] = {
    speaker.NAME: speaker
    for speaker in (speak_openai_chat, speak_openai_responses, speak_anthropic, speak_gemini, speak_cohere)
}
"""What clients speak."""

REPLY = "There is a train every hour, and it takes two hours; the last one leaves late in the evening."
"""What a model says once its fault has healed; short, for some SDKs take long over each event."""

CELLS = [(client, provider) for client in SPEAKERS for provider in PROVIDERS]


def write_document(simulator: str) -> str:
    """A provider for each format; each has one model that answers and one for faults."""
    lines = ["version: 1", "routing: {attempts: 1}", "providers:"]
    for name, root in PROVIDERS.items():
        fields = f"base_url: '{simulator}{root}', dialect: {name}, location: local, timeouts: {{idle: 300ms}}"
        lines.append(f"  at_{name}: {{{fields}}}")
    lines.append("models:")
    for name in PROVIDERS:
        lines.append(f"  {name}: {{provider: at_{name}, model_id: simulated-large}}")
        lines.append(f"  faulty-{name}: {{provider: at_{name}, model_id: simulated-faulty-{name}}}")
    lines.append("  claude-at-bedrock: {provider: at_bedrock_converse, model_id: simulated-anthropic.claude-sonnet-4}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Speaker:
    """One SDK at the gateway."""

    name: str
    module: ModuleType
    client: Any
    seen: Seen

    def ask(self, model: str, talk: Talk, *, stream: bool) -> Said:
        """What the SDK gives for a talk, whole or collected from the stream."""
        said = self.module.ask(self.client, model, talk, stream=stream)
        assert isinstance(said, Said)
        return said


@dataclass(frozen=True, slots=True)
class World:
    """All of it, running."""

    simulator: str
    gateway: RunningGateway
    speakers: dict[str, Speaker]

    def list_calls(self, after: int = 0) -> list[dict[str, Any]]:
        """What the simulator was asked since a sequence number, once all of it has ended."""

        def look() -> list[dict[str, Any]] | None:
            calls = self.control("GET", f"/simulator/calls?after={after}")["calls"]
            return calls if all(call["ended"] for call in calls) else None

        return await_value(look)

    def count_calls(self) -> int:
        """The sequence number of the last call."""
        calls = self.list_calls()
        return calls[-1]["sequence"] if calls else 0

    def break_next(self, provider: str, fault: str, *, after_tokens: int = 3) -> str:
        """Let one call of a provider fail; return the model to ask for."""
        body = {"model": f"simulated-faulty-{provider}", "fault": fault, "times": 1, "after_tokens": after_tokens}
        self.control("PUT", "/simulator/behaviour", body | {"reply": REPLY})
        return f"faulty-{provider}"

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Ask the simulator itself."""
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.simulator + path, data, method=method), timeout=10) as answer:
            return json.load(answer)


@contextmanager
def open_world(simulator: str, folder: Path) -> Iterator[World]:
    """Start a gateway before a simulator, and open every SDK before it."""
    with ExitStack() as stack:
        gateway = stack.enter_context(run_gateway(folder, write_document(simulator)))
        speakers = {name: open_speaker(stack, name, gateway.url, gateway.api_key) for name in SPEAKERS}
        yield World(simulator, gateway, speakers)


def open_speaker(stack: ExitStack, name: str, url: str, key: str) -> Speaker:
    """One SDK, closed with the stack where it can be."""
    seen, module = Seen(), SPEAKERS[name]
    client = module.open_client(url, key, seen)
    if hasattr(client, "__exit__"):
        stack.enter_context(client)
    return Speaker(name, module, client, seen)
