"""The part of the admin API that explains decisions, served on a real socket by a thread of its own."""

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter

from pointsman.control.admin_key import AdminKey
from pointsman.control.configuration import compile_gathered
from pointsman.control.sources import Gathered
from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import Source
from pointsman.core.routing.facts import NOTHING_SEEN, LiveView
from pointsman.server.access import AdminAccess
from pointsman.server.admin.decisions import build_decisions
from pointsman.server.application import build_rest

ADMIN_KEY = "an-admin-key-for-tests-only-7f3a"


@dataclass
class Explainer:
    """What is served, and where; both can be changed meanwhile.

    Attributes:
        snapshot: the configuration in force.
        live: how the deployments are doing.
        url: where it listens.
        further: routes beside those of decisions.
    """

    snapshot: Snapshot
    live: LiveView = field(default_factory=lambda: NOTHING_SEEN)
    url: str = ""
    further: APIRouter = field(default_factory=APIRouter)

    def ask(self, body: object, key: str = ADMIN_KEY) -> tuple[int, Any]:
        """Status and decoded answer of `POST /api/v1/decisions:explain`."""
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        url = f"{self.url}/api/v1/decisions:explain"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


def compile_yaml(text: str) -> Snapshot:
    loaded = compile_gathered(Gathered(Path(), (Source("pointsman.yaml", text.encode()),)), {}, "production")
    assert loaded.snapshot is not None, "\n".join(map(str, loaded.problems))
    return loaded.snapshot


@contextmanager
def serve_explanations(
    snapshot: Snapshot, spending: Spending | None = None, add: Callable[[APIRouter], None] | None = None
) -> Iterator[Explainer]:
    """Serve explanations until the block ends."""
    explainer = Explainer(snapshot)
    if add is not None:
        add(explainer.further)
    decisions = build_decisions(lambda: explainer.snapshot, lambda _: explainer.live, spending)
    rest = build_rest(APIRouter(), (decisions, explainer.further), AdminAccess(AdminKey(ADMIN_KEY)))
    server = uvicorn.Server(uvicorn.Config(rest, log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        explainer.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield explainer
        finally:
            server.should_exit = True
            thread.join(timeout=20)
    assert not thread.is_alive()
