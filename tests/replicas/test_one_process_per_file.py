"""A SQLite file and a home directory each belong to one process; a second one is told so and does not start."""

import os
import subprocess
import sys
from pathlib import Path

from running import run_gateway

DOCUMENT = """
providers: {{house: {{base_url: "http://127.0.0.1:9/v1", dialect: openai_chat, auth: none, location: local}}}}
models: {{small: {{provider: house}}}}
storage: {{url: "sqlite:///{file}"}}
"""


def test_a_second_gateway_on_one_database_file_or_one_home_is_refused(tmp_path: Path) -> None:
    document = DOCUMENT.format(file=tmp_path / "shared.db")
    with run_gateway(tmp_path, document) as first:
        ended = start_another(first.config, tmp_path / "another_home")
        assert ended.returncode == 78
        assert f'another gateway stores in "{tmp_path / "shared.db"}"; stop it' in ended.stderr

        ended = start_another(first.config, first.home)
        assert ended.returncode == 78
        assert f'another gateway keeps its state in "{first.home}"; stop it' in ended.stderr
        assert first.get("/health") == {"status": "ok"}
        listed = first.get("/api/v1/nodes")["nodes"]
        assert [(each["state"], each["self"]) for each in listed] == [("live", True)]


def start_another(config: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run a gateway that is expected to end by itself."""
    command = [sys.executable, "-m", "pointsman.cli.main", "serve", "--config", str(config), "--port", "0"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("POINTSMAN_")}
    environ["POINTSMAN_HOME"] = str(home)
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
