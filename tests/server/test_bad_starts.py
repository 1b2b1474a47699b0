"""A start that cannot be right is refused with the next step, and leaves nothing half-started behind."""

import fcntl
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from operating import Operator
from test_changes import DOCUMENT, answering_model

from running import RunningGateway, await_value, run_gateway, start_gateway

GOOD = "providers:\n  house: {base_url: 'http://127.0.0.1:9/v1'}\nmodels:\n  m: {provider: house}\n"
BAD = "agents: []\n"
STRONG = "kJ8s-2nQe_71LxPzw0RtYbVcAa"
WEAK = "sk-1234"


def refuse_start(config: Path, home: Path, code: int, *arguments: str, port: str | None = "0", **environ: str) -> str:
    """What `serve` says when it ends at once with this code; nothing of it stays behind."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("POINTSMAN_", "DEPLOYMENT_"))}
    ports = () if port is None else ("--port", port)
    ended = subprocess.run(
        [sys.executable, "-m", "pointsman.cli.main", "serve", "--config", str(config), *ports, *arguments],
        env=kept | {"POINTSMAN_HOME": str(home)} | environ,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == "" and "Traceback" not in ended.stderr
    assert_nothing_left(home)
    return ended.stderr


def assert_nothing_left(home: Path) -> None:
    """The next start finds the place free, and no draft of a file."""
    if not home.is_dir():
        return
    assert [file.name for file in home.iterdir() if re.search(r"\.[0-9a-f]{16}$", file.name)] == []
    with (home / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def write(folder: Path, text: str) -> Path:
    config = folder / "pointsman.yaml"
    config.write_text(text)
    return config


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


ENVIRONMENTS: dict[str, tuple[dict[str, str], str]] = {
    "no key": ({}, "set POINTSMAN_ADMIN_KEY to at least 22 random characters"),
    "an empty key": ({"POINTSMAN_ADMIN_KEY": ""}, "set POINTSMAN_ADMIN_KEY"),
    "a weak key": ({"POINTSMAN_ADMIN_KEY": WEAK}, "try: openssl rand -base64 32"),
    "no file with a key": ({"POINTSMAN_ADMIN_KEY_FILE": "/nowhere/key"}, "POINTSMAN_ADMIN_KEY_FILE cannot be read"),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_document_that_opens_the_door_needs_a_key(tmp_path: Path, home: Path, name: str) -> None:
    environ, hint = ENVIRONMENTS[name]
    config = write(tmp_path, f'{GOOD}server: {{listen: "0.0.0.0:{find_free_port()}"}}\n')
    said = refuse_start(config, home, 78, port=None, **environ)
    assert hint in said and WEAK not in said
    assert not home.exists(), "nothing is made before the key is there"


def test_a_weak_key_is_refused_on_loopback_too(tmp_path: Path, home: Path) -> None:
    said = refuse_start(write(tmp_path, GOOD), home, 78, POINTSMAN_ADMIN_KEY=WEAK)
    assert "openssl rand -base64 32" in said and WEAK not in said


def test_two_names_for_the_environment_are_one_too_many(tmp_path: Path, home: Path) -> None:
    names = {"POINTSMAN_ENV": "staging", "DEPLOYMENT_ENV": "production"}
    said = refuse_start(write(tmp_path, GOOD), home, 78, **names)
    assert '"staging"' in said and '"production"' in said and "unset one, or make them equal" in said
    assert not home.exists()


STRANGE_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: None, "`pointsman init` writes one"),
    "a queue": (os.mkfifo, "not_a_file"),
    "a folder without files": (os.mkdir, "there is no *.yaml file in this folder"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "pointsman.yaml:1:1"),
    "a link to nowhere": (lambda path: path.symlink_to("nowhere"), "file_missing"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "not_a_file"),
    "no text": (lambda path: path.write_bytes(b"\xff\xfe\0"), "save it as UTF-8"),
    "an empty file": (lambda path: path.write_bytes(b""), "the document must be a mapping"),
    "2 MiB": (lambda path: path.write_bytes(b"#" * 2**21), "too_large"),
    "a secret": (lambda path: path.write_text(f"{GOOD}api_key: sk-{'a1B2' * 8}\n"), "inline_secret"),
    "a secret in a comment": (lambda path: path.write_text(f"# sk-{'a1B2' * 8}\n{GOOD}"), "inline_secret"),
}


@pytest.mark.parametrize("name", STRANGE_FILES)
def test_what_is_no_configuration_is_refused(tmp_path: Path, home: Path, name: str) -> None:
    make, hint = STRANGE_FILES[name]
    make(tmp_path / "pointsman.yaml")
    said = refuse_start(tmp_path / "pointsman.yaml", home, 78)
    assert hint in said and f"correct {tmp_path / 'pointsman.yaml'} and try again" in said
    assert "a1B2a1B2" not in said
    assert not home.exists()


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, home: Path) -> None:
    config = write(tmp_path, GOOD)
    config.chmod(0)
    if os.access(config, os.R_OK):
        pytest.skip("this account may read every file")
    assert "file_unreadable" in refuse_start(config, home, 78)


def test_a_port_that_is_taken_is_told(tmp_path: Path, home: Path) -> None:
    config = write(tmp_path, GOOD)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        said = refuse_start(config, home, 1, port=port)
        assert port in said and "set POINTSMAN_PORT or --port to another one" in said
    with start_gateway(config, home) as gateway:
        assert gateway.get("/health") == {"status": "ok"}


def test_a_home_that_is_held_stays_with_its_gateway(tmp_path: Path) -> None:
    with run_gateway(tmp_path, GOOD) as gateway:
        before = {file.name: file.read_bytes() for file in gateway.home.iterdir() if file.suffix in (".env", ".json")}
        command = [sys.executable, "-m", "pointsman.cli.main", "serve", "--config", str(gateway.config), "--port", "0"]
        environ = os.environ | {"POINTSMAN_HOME": str(gateway.home)}
        ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30)
        assert ended.returncode == 78 and "stop it, or set POINTSMAN_HOME to another directory" in ended.stderr
        assert before == {name: (gateway.home / name).read_bytes() for name in before}
        assert gateway.get("/health") == {"status": "ok"}


def test_the_last_good_files_of_another_environment_do_not_stand_in(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator), POINTSMAN_ENV="staging") as gateway:
        gateway.kill()
    gateway.config.write_text(BAD)
    assert "expected a mapping" in refuse_start(gateway.config, gateway.home, 78)
    with start_gateway(gateway.config, gateway.home, POINTSMAN_ENV="staging") as again:
        assert answering_model(again) == "large"


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda kept: b"",
    "cut off": lambda kept: kept[:-20],
    "no JSON": lambda kept: b"\0" * len(kept),
    "one bit": lambda kept: kept[:-40] + bytes((kept[-40] ^ 1,)) + kept[-39:],
    "deep": lambda kept: b"[" * 100_000,
    "another form": lambda kept: kept.replace(b'"form":1', b'"form":9'),
}


def test_a_damaged_copy_of_the_last_good_files_does_not_stand_in(simulator: str, tmp_path: Path) -> None:
    good = DOCUMENT.format(url=simulator)
    with run_gateway(tmp_path, good) as gateway:
        gateway.kill()
    kept = (gateway.home / "last_good.json").read_bytes()
    for damage in DAMAGES.values():
        gateway.config.write_text(BAD)
        (gateway.home / "last_good.json").write_bytes(damage(kept))
        assert "expected a mapping" in refuse_start(gateway.config, gateway.home, 78)
    gateway.config.write_text(good)
    with start_gateway(gateway.config, gateway.home) as again:
        assert answering_model(again) == "large"
        again.process.terminate()
        assert again.process.wait(15) == 0
    assert (gateway.home / "last_good.json").read_bytes() == kept, "the next start has a good copy again"


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with run_gateway(tmp_path, GOOD) as gateway:
        gateway.process.terminate()
        assert gateway.process.wait(15) == 0
    change_database(gateway.home, "UPDATE alembic_version SET version_num = '9999'")
    before = (gateway.home / "pointsman.db").read_bytes()
    said = refuse_start(gateway.config, gateway.home, 78)
    assert "run the newer Pointsman that wrote it, or restore a backup" in said
    assert (gateway.home / "pointsman.db").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "hint"), [("pointsman.db", "file is not a database"), ("pepper", "restore it, or remove it")]
)
def test_damaged_state_is_refused(tmp_path: Path, name: str, hint: str) -> None:
    with run_gateway(tmp_path, GOOD) as gateway:
        gateway.process.terminate()
        assert gateway.process.wait(15) == 0
    (gateway.home / name).write_bytes(b"no longer what it was " * 500)
    said = refuse_start(gateway.config, gateway.home, 78)
    assert name in said and hint in said


def test_where_the_file_alone_counts_stored_values_wait(simulator: str, tmp_path: Path) -> None:
    good = DOCUMENT.format(url=simulator)
    with run_gateway(tmp_path, good) as gateway:
        store_and_kill(gateway, model="small")
    gateway.config.write_text(f"source: file\n{good}")
    with start_gateway(gateway.config, gateway.home) as locked, Operator(locked) as operator:
        assert answering_model(locked) == "large"
        assert (operator.read()["source"], operator.read()["drift"]) == ("file", 0)
        assert operator.read("/explain?path=agents.writer.model")["layer"] == "file"
        assert operator.change({"agents": {"writer": {"model": "small"}}})[1]["code"] == "source_is_file"
        locked.kill()
    gateway.config.write_text(good)
    with start_gateway(gateway.config, gateway.home) as open_again:
        assert answering_model(open_again) == "small"


def test_stored_values_that_do_not_fit_new_files_start_on_the_last_good_ones(simulator: str, tmp_path: Path) -> None:
    good = DOCUMENT.format(url=simulator)
    with run_gateway(tmp_path, good) as gateway:
        store_and_kill(gateway, model="small")
    gateway.config.write_text("".join(line for line in good.splitlines(keepends=True) if "small:" not in line))
    with start_gateway(gateway.config, gateway.home) as again, Operator(again) as operator:
        assert answering_model(again) == "small"
        (problem,) = operator.read()["rejected"]
        assert (problem["path"], problem["code"]) == ("agents.writer.model", "unknown_reference")
        assert "stored revision" in problem["file"]
        again.await_log("configuration_rejected")
    for kept in gateway.home.glob("last_good.json"):
        kept.unlink()
    assert "agents.writer.model" in refuse_start(gateway.config, gateway.home, 78)


def test_an_override_whose_time_came_meanwhile_does_not_count(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as gateway:
        override_and_kill(gateway)
    change_database(gateway.home, "UPDATE overrides SET created_at_ms = 1, expires_at_ms = 2")
    with start_gateway(gateway.config, gateway.home) as again, Operator(again) as operator:
        assert answering_model(again) == "large"
        assert operator.call("GET", "/api/v1/overrides")[1] == {"overrides": []}


def test_an_override_whose_agent_went_meanwhile_does_not_come_back(simulator: str, tmp_path: Path) -> None:
    good = DOCUMENT.format(url=simulator)
    with run_gateway(tmp_path, good) as gateway:
        override_and_kill(gateway)
    gateway.config.write_text("".join(line for line in good.splitlines(keepends=True) if "writer:" not in line))
    with start_gateway(gateway.config, gateway.home) as again, Operator(again) as operator:
        assert again.chat("agent:writer")[0] == 404 and answering_model(again, "reader") == "large"
        assert operator.call("GET", "/api/v1/overrides")[1] == {"overrides": []}
        await_value(lambda: True if count_live_overrides(again.home) == 0 else None)
        again.kill()
    gateway.config.write_text(good)
    with start_gateway(gateway.config, gateway.home) as third, Operator(third) as operator:
        assert answering_model(third) == "large"
        assert operator.call("GET", "/api/v1/overrides")[1] == {"overrides": []}


def store_and_kill(gateway: RunningGateway, model: str) -> None:
    with Operator(gateway) as operator:
        assert operator.change({"agents": {"writer": {"model": model}}})[0] == 201
    assert answering_model(gateway) == model
    gateway.kill()


def override_and_kill(gateway: RunningGateway) -> None:
    with Operator(gateway) as operator:
        body = {"model_id": "small", "duration": "1h", "reason": "an outage"}
        assert operator.call("POST", "/api/agents/writer/model", body)[0] == 201
    assert answering_model(gateway) == "small"
    gateway.kill()


def change_database(home: Path, statement: str) -> None:
    """Change the state of a gateway that is down, as time or another version would have."""
    with closing(sqlite3.connect(home / "pointsman.db")) as database:
        assert database.execute(statement).rowcount == 1
        database.commit()


def count_live_overrides(home: Path) -> int:
    """Those that the next start would find."""
    with closing(sqlite3.connect(home / "pointsman.db")) as database:
        return int(database.execute("SELECT count(*) FROM overrides WHERE ended_at_ms IS NULL").fetchone()[0])
