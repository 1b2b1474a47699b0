"""`pointsman nodes` shows who shares a database, one line each, and the same as JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

from pointsman.cli.nodes import write_nodes
from running import RunningGateway, run_gateway

DOCUMENT = """
providers: {house: {base_url: "http://127.0.0.1:9/v1", dialect: openai_chat, auth: none, location: local}}
models: {small: {provider: house}}
"""


def ask(gateway: RunningGateway, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command against a gateway."""
    environ = os.environ | {"POINTSMAN_URL": gateway.url, "POINTSMAN_ADMIN_KEY": gateway.admin_key}
    command = [sys.executable, "-m", "pointsman.cli.main", "nodes", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_a_gateway_on_sqlite_is_the_only_node(tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT) as gateway:
        said, encoded = ask(gateway), ask(gateway, "--json")
        revision = gateway.get("/api/v1/configuration")["revision"]
    assert said.returncode == encoded.returncode == 0, said.stderr
    assert f"live    revision {revision}" in said.stdout and "(this one)" in said.stdout
    (node,) = json.loads(encoded.stdout)["nodes"]
    assert (node["self"], node["state"], node["revision"]) == (True, "live", revision)


def test_names_stand_in_a_column() -> None:
    node = {
        "name": "a",
        "state": "live",
        "revision": "r",
        "last_seen": "t",
        "lease_left_s": 9.6,
        "id": "x",
        "self": True,
    }
    other = node | {"name": "longer", "state": "silent", "self": False}
    assert write_nodes([node, other]) == [
        "a       live    revision r  seen t  lease 10 s  id x  (this one)",
        "longer  silent  revision r  seen t  lease over  id x",
    ]
