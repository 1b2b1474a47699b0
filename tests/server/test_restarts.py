"""A bad document never replaces a good one, not across a restart either; with no good one nothing starts."""

import os
import subprocess
import sys
from pathlib import Path

from test_changes import DOCUMENT, answering_model

from running import await_value, run_gateway, start_gateway


def test_a_restart_with_a_bad_file_serves_the_last_good_one(simulator: str, tmp_path: Path) -> None:
    good = DOCUMENT.format(url=simulator)
    with run_gateway(tmp_path, good) as gateway:
        revision = gateway.chat("agent:writer")[1]["x-pointsman-revision"]
        gateway.config.write_text(good.replace("model: large", "model: lareg"))
        gateway.await_log("configuration_rejected")
        gateway.kill()
    with start_gateway(gateway.config, gateway.home) as again:
        assert again.chat("agent:writer")[1]["x-pointsman-revision"] == revision
        assert again.get("/api/v1/configuration")["rejected"][0]["code"] == "unknown_reference"
        again.await_log("configuration_rejected")
        again.config.write_text(good.replace("writer: {model: large", "writer: {model: small"))
        await_value(lambda: True if answering_model(again) == "small" else None)
        assert again.get("/api/v1/configuration")["rejected"] == []


def test_a_restart_without_the_file_serves_the_last_good_one(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as gateway:
        gateway.kill()
    gateway.config.unlink()
    with start_gateway(gateway.config, gateway.home) as again:
        assert answering_model(again) == "large"


def test_without_a_good_one_the_start_is_refused(simulator: str, tmp_path: Path) -> None:
    """Neither another document's last good one nor a damaged one stands in."""
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as gateway:
        gateway.kill()
    other = tmp_path / "other.yaml"
    other.write_text("agents: []\n")
    assert _serve(other, gateway.home).returncode == 78
    gateway.config.write_text("agents: []\n")
    for kept in gateway.home.glob("last*"):
        kept.write_bytes(kept.read_bytes()[:-20])
    refused = _serve(gateway.config, gateway.home)
    assert refused.returncode == 78 and "pointsman.yaml:1:9 agents: expected a mapping" in refused.stderr


def _serve(config: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pointsman.cli.main", "serve", "--config", str(config), "--port", "0"]
    environ = os.environ | {"POINTSMAN_HOME": str(home)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)
