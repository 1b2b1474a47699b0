"""How commands find a gateway: by what the environment names, else by the home directory; and what is in the way."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from command_line import CommandLine, open_command_line
from operated import DOCUMENT, operate

from running import RunningGateway

CHANGES = [
    ["apply", "change.yaml", "--reason", "x"],
    ["rollback", "1"],
    ["config", "reload"],
    ["config", "clear"],
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with operate(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    for shell in open_command_line(tmp_path, monkeypatch):
        shell.write("agents: {writer: {model: small}}\n", "change.yaml")
        yield shell


def test_the_environment_names_the_gateway(shell: CommandLine, gateway: RunningGateway) -> None:
    for url in (gateway.url, f"{gateway.url}/", gateway.url.replace("127.0.0.1", "localhost")):
        named = {"POINTSMAN_URL": url, "POINTSMAN_ADMIN_KEY": gateway.admin_key}
        answer = shell.run("config", "history", "--json", **named)
        assert answer.code == 0 and answer.json["revisions"]
        assert answer.stderr == f"gateway {url} (found in the environment)\n"


def test_else_the_home_directory_does(shell: CommandLine, gateway: RunningGateway) -> None:
    (shell.folder / ".pointsman").symlink_to(gateway.home)
    assert shell.run("config", "history").stderr.startswith(f"gateway {gateway.url} (found in .pointsman/demo.env)\n")


def test_the_local_key_goes_to_no_other_gateway(shell: CommandLine, gateway: RunningGateway) -> None:
    heard: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers["authorization"])
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        answer = shell.run("config", "history", POINTSMAN_URL=url, POINTSMAN_HOME=str(gateway.home))
        server.shutdown()
    assert answer.code == 1 and "set POINTSMAN_ADMIN_KEY to the key of that gateway too" in answer.stderr
    assert heard == []
    own = shell.run("config", "history", POINTSMAN_URL=gateway.url, POINTSMAN_HOME=str(gateway.home))
    assert own.code == 0


@pytest.mark.parametrize("words", CHANGES, ids=" ".join)
def test_a_wrong_admin_key_is_refused_and_said_to_be_wrong(
    shell: CommandLine, gateway: RunningGateway, words: list[str]
) -> None:
    named = {"POINTSMAN_URL": gateway.url, "POINTSMAN_ADMIN_KEY": "not-the-key"}
    answer = shell.run(*words, "--json", **named)
    assert (answer.code, answer.json["ok"], answer.json["problems"]) == (1, False, [])
    assert "(HTTP 401); the key that was sent was found in the environment" in answer.stderr
    assert "not-the-key" not in answer.stdout + answer.stderr
    assert shell.run(*words, **named).stdout == ""


def test_a_script_finds_json_on_stdout_and_the_answer_in_the_exit_code(gateway: RunningGateway, tmp_path: Path) -> None:
    environ = {"POINTSMAN_URL": gateway.url, "POINTSMAN_ADMIN_KEY": gateway.admin_key, "PATH": "/usr/bin"}
    for model, code, ok in (("small", 0, True), ("smal", 1, False)):
        (tmp_path / "change.yaml").write_text(f"agents: {{writer: {{model: {model}}}}}\n")
        command = [sys.executable, "-m", "pointsman.cli.main", "apply", "change.yaml", "--reason", "x", "--json"]
        ended = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=30)
        assert (ended.returncode, json.loads(ended.stdout)["ok"]) == (code, ok)
        assert ended.stderr


@pytest.mark.parametrize("words", CHANGES, ids=" ".join)
def test_without_a_gateway_nothing_can_be_changed(shell: CommandLine, words: list[str]) -> None:
    answer = shell.run(*words, "--json")
    assert (answer.code, answer.json["ok"], answer.json["error"]["code"]) == (1, False, "no_gateway")
    assert "no gateway is named: set POINTSMAN_URL and POINTSMAN_ADMIN_KEY" in answer.stderr


def test_a_gateway_that_is_named_but_away_is_no_reason_to_look_at_files(shell: CommandLine) -> None:
    shell.write(DOCUMENT)
    named = {"POINTSMAN_URL": "http://127.0.0.1:9", "POINTSMAN_ADMIN_KEY": "some-key"}
    for words in (["show"], ["explain", "agents.writer.model"], ["history"], ["drift"], ["export"]):
        answer = shell.run("config", *words, **named)
        assert (answer.code, answer.stdout) == (1, "")
        assert "no gateway answers at http://127.0.0.1:9" in answer.stderr and "pointsman serve" in answer.stderr


def test_one_that_ran_here_and_has_ended_is(shell: CommandLine) -> None:
    shell.write(DOCUMENT)
    (shell.folder / ".pointsman").mkdir()
    shell.write("POINTSMAN_URL=http://127.0.0.1:9\nPOINTSMAN_ADMIN_KEY=some-key\n", ".pointsman/demo.env")
    answer = shell.run("config", "show", "--json")
    assert answer.code == 0 and answer.json["agents"]["writer"]["model"] == "large"
    assert "No gateway runs here" in answer.stderr


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1:4100",
        "127.0.0.1:4100",
        "localhost:4100",
        "http://",
        "http://a b",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://anna:secret-word@127.0.0.1",
        "http://127.0.0.1/?key=secret-word",
        "http://schl\u00fcssel",
    ],
)
def test_what_is_no_address_is_said(shell: CommandLine, url: str) -> None:
    answer = shell.run("config", "history", POINTSMAN_URL=url, POINTSMAN_ADMIN_KEY="some-key")
    assert (answer.code, answer.stdout) == (1, "")
    assert "http://127.0.0.1:4100" in answer.stderr and "secret-word" not in answer.stderr


def test_a_key_that_cannot_be_one_is_said_and_not_repeated(shell: CommandLine, gateway: RunningGateway) -> None:
    for key in ("schl\u00fcssel", "two\nlines", "nul\x07"):
        answer = shell.run("config", "history", POINTSMAN_URL=gateway.url, POINTSMAN_ADMIN_KEY=key)
        assert answer.code == 1 and "has characters that no key has" in answer.stderr
        assert key not in answer.stderr


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>hello</html>", "is no Pointsman"),
        (200, b"[1]", "is no Pointsman"),
        (302, b"", "(HTTP 302)"),
        (404, b"<html>no</html>", "(HTTP 404)"),
        (500, json.dumps({"detail": "sorry", "errors": ["no mapping"]}).encode(), "sorry (HTTP 500)"),
        (500, b"\xff\xfe", "(HTTP 500)"),
    ],
)
def test_whatever_else_answers_there_is_told(shell: CommandLine, status: int, body: bytes, said: str) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        named = {"POINTSMAN_URL": f"http://127.0.0.1:{server.server_port}", "POINTSMAN_ADMIN_KEY": "some-key"}
        answer = shell.run("config", "history", **named)
        server.shutdown()
    assert (answer.code, answer.stdout) == (1, "") and said in answer.stderr
