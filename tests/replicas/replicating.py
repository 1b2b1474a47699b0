"""Real gateways with homes of their own on one real PostgreSQL, as replicas run."""

import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from running import RunningGateway, start_gateway
from server.operating import Operator

DOCUMENT = """
providers: {{house: {{base_url: "http://127.0.0.1:9/v1", dialect: openai_chat, auth: none, location: local}}}}
models: {{large: {{provider: house}}, small: {{provider: house}}}}
agents: {{reader: {{model: large}}, writer: {{model: large}}}}
storage: {{url: "{url}"}}
"""
WITHIN_S = 20.0
"""Tests assert what comes, not when: a machine that tests much at once is slow."""


class Replica:
    """A gateway and the operator's connection to it."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.gateway = gateway

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and decoded answer of a call of the admin API."""
        with Operator(self.gateway) as operator:
            return operator.call(method, path, body)

    def read(self, resource: str = "") -> Any:
        """One resource of the configuration."""
        with Operator(self.gateway) as operator:
            return operator.read(resource)

    def change(self, values: dict[str, Any], **fields: Any) -> tuple[int, Any]:
        """Set values in the stored layer."""
        with Operator(self.gateway) as operator:
            return operator.change(values, **fields)

    def model_of(self, agent: str) -> str:
        """The model that an agent runs on here, now."""
        model = self.read("/effective")["document"]["agents"][agent]["model"]
        return str(model)

    def list_drift(self) -> list[str]:
        """The codes of what differs between replicas."""
        return [problem["code"] for problem in self.read("/drift")["problems"]]

    def opens(self, key: str) -> bool:
        """Whether a virtual key is let in."""
        status, _, _ = self.gateway.post("/v1/chat/completions", b"{}", authorization=f"Bearer {key}")
        return status != 401

    def count_calls(self) -> int:
        """How many calls usage knows of."""
        _, answer = self.call("GET", "/api/v1/usage")
        return int(answer["totals"]["calls"])

    def await_number(self, number: int) -> None:
        """Wait until a revision is known here."""
        until(lambda: self.read()["number"] >= number)


def until(reached: Callable[[], bool]) -> None:
    """Wait for what comes by itself; fails after a while."""
    deadline = time.monotonic() + WITHIN_S
    while not reached():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)


@contextmanager
def start_replicas(folder: Path, url: str, *documents: str) -> Iterator[list[Replica]]:
    """Start gateways at the same time, each with its document, its home, and the pepper of all."""
    pepper = folder / "pepper"
    if not pepper.exists():
        pepper.touch(mode=0o600)
        pepper.write_bytes(secrets.token_bytes(32))
    places = [folder / f"replica{number}" for number in range(len(documents))]
    for place, document in zip(places, documents, strict=True):
        place.mkdir(exist_ok=True)
        (place / "pointsman.yaml").write_text(document.format(url=url))

    with ExitStack() as stack, ThreadPoolExecutor(len(places)) as threads:

        def start(place: Path) -> Replica:
            gateway = start_gateway(place / "pointsman.yaml", place / "home", POINTSMAN_PEPPER_FILE=str(pepper))
            return Replica(stack.enter_context(gateway))

        started = [threads.submit(start, place) for place in places]
        yield [each.result() for each in started]
