"""With a home directory, an engine keeps the books there as a gateway does, and shares it with nobody."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from door import CHAT, Door, ask

from pointsman import Pointsman, PointsmanError
from pointsman.library.engine import Engine
from running import run_gateway, start_gateway


def test_usage_goes_on_where_it_was(door: Door, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Engine(door.document, home=home) as engine:
        assert engine.post(CHAT, ask()).status == 200
    with Engine(door.document, home=home) as engine:
        assert engine.post(CHAT, ask()).status == 200
        assert engine.usage()["per_agent"]["writer"]["call_count"] == 2
    with sqlite3.connect(home / "pointsman.db") as database:
        assert database.execute("select count(*) from decisions").fetchone() == (2,)
    database.close()


def test_a_gateway_finds_what_a_program_has_kept(door: Door, tmp_path: Path) -> None:
    config = tmp_path / "pointsman.yaml"
    config.write_text(json.dumps(door.document))
    with Pointsman(config, home=tmp_path / "home") as client:
        reply = client.chat("Hi", agent="writer")
    with start_gateway(config, tmp_path / "home") as gateway:
        assert gateway.get("/metrics/tokens")["per_agent"]["writer"]["call_count"] == 1
        assert gateway.get(f"/api/v1/decisions/{reply.request_id}")


def test_a_home_that_a_gateway_holds_is_refused(door: Door, tmp_path: Path) -> None:
    with (
        run_gateway(tmp_path, json.dumps(door.document)) as gateway,
        pytest.raises(PointsmanError, match="another gateway keeps its state") as raised,
    ):
        Engine(door.document, home=gateway.home)
    assert raised.value.code == "home_refused"


def test_reload_makes_a_revision_there(door: Door, tmp_path: Path) -> None:
    file = tmp_path / "pointsman.yaml"
    file.write_text(json.dumps(door.document))
    with Engine(file, home=tmp_path / "home") as engine:
        before = engine.revision
        door.document["agents"]["editor"] = {"model": "small"}
        file.write_text(json.dumps(door.document))
        engine.reload()
        assert engine.revision != before and engine.post(CHAT, ask("agent:editor")).status == 200
    database = sqlite3.connect(tmp_path / "home/pointsman.db")
    assert database.execute("select count(*) from configuration_revisions").fetchone() == (2,)
    database.close()


PROGRAM = """\
import sys
from pointsman import Pointsman

client = Pointsman(sys.argv[1], home=sys.argv[2] or None)
print(client.chat("Hi", agent="writer").request_id)
"""


@pytest.mark.parametrize("keeps", [True, False])
def test_a_program_that_just_ends_loses_nothing(door: Door, tmp_path: Path, keeps: bool) -> None:
    file, home = tmp_path / "pointsman.yaml", tmp_path / "home"
    file.write_text(json.dumps(door.document))
    arguments = [sys.executable, "-W", "error", "-c", PROGRAM, str(file), str(home) if keeps else ""]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("POINTSMAN_")}
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environ, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert home.exists() == keeps
    if keeps:
        database = sqlite3.connect(home / "pointsman.db")
        kept = database.execute("select request_id from decisions").fetchall()
        database.close()
        assert kept == [(done.stdout.strip(),)]
