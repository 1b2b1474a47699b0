"""How a gateway starts, and when it refuses to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from running import run_gateway

DOCUMENT = "version: 1\nproviders:\n  house: {base_url: 'http://127.0.0.1:9/v1'}\nmodels:\n  m: {provider: house}\n"
STRONG = "kJ8s-2nQe_71LxPzw0RtYbVcAa"


def refuse_start(folder: Path, *arguments: str, document: str = DOCUMENT, **environ: str) -> tuple[int, str]:
    """Exit code and messages of a `serve` that is expected to end at once."""
    config = folder / "pointsman.yaml"
    config.write_text(document)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POINTSMAN_")}
    ended = subprocess.run(
        [sys.executable, "-m", "pointsman.cli.main", "serve", "--port", "0", "--config", str(config), *arguments],
        env=kept | {"POINTSMAN_HOME": str(folder / "home")} | environ,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return ended.returncode, ended.stderr


def test_listening_beyond_loopback_needs_an_admin_key(tmp_path: Path) -> None:
    code, message = refuse_start(tmp_path, "--host", "0.0.0.0")
    assert code == 78 and "POINTSMAN_ADMIN_KEY" in message


@pytest.mark.parametrize("weak", ["sk-1234", "changeme", "a" * 40, "1234567890123456789012"])
def test_a_weak_admin_key_is_refused(tmp_path: Path, weak: str) -> None:
    code, message = refuse_start(tmp_path, "--host", "0.0.0.0", POINTSMAN_ADMIN_KEY=weak)
    assert code == 78 and weak not in message


def test_a_document_with_errors_is_refused_with_all_of_them(tmp_path: Path) -> None:
    code, message = refuse_start(tmp_path, document=DOCUMENT + "agents:\n  a: {model: x}\n  b: {modle: m}\n")
    assert code == 78
    assert "pointsman.yaml:7:14" in message and "pointsman.yaml:8:7" in message


def test_no_document_is_refused(tmp_path: Path) -> None:
    code, message = refuse_start(tmp_path, "--config", str(tmp_path / "nothing.yaml"))
    assert code == 78 and "nothing.yaml" in message


def test_a_strong_admin_key_of_the_operators_own_stays_out_of_files(tmp_path: Path) -> None:
    config = tmp_path / "pointsman.yaml"
    config.write_text(DOCUMENT)
    process = subprocess.Popen(
        [sys.executable, "-m", "pointsman.cli.main", "serve", "--port", "0", "--config", str(config)],
        env=dict(os.environ)
        | {"POINTSMAN_HOME": str(tmp_path / "home"), "POINTSMAN_ADMIN_KEY": STRONG, "POINTSMAN_HOST": "0.0.0.0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout:
        assert b"started" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert not (tmp_path / "home" / "demo.env").exists()
    assert all(STRONG.encode() not in path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())


def test_one_home_is_one_gateways(tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT) as gateway:
        code, message = refuse_start(tmp_path)
        assert code == 78 and "POINTSMAN_HOME" in message
        gateway.kill()
        with run_gateway(tmp_path, DOCUMENT) as again:
            assert again.get("/health") == {"status": "ok"}


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    code, message = refuse_start(tmp_path)
    assert code == 78 and "POINTSMAN_HOME" in message


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with run_gateway(tmp_path, DOCUMENT) as gateway:
        gateway.process.send_signal(number)
        assert gateway.process.wait(15) == 0
    assert gateway.log[-1]["event"] == "stopped"
