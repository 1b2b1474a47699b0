"""The gateways that are compared: how each is found, configured and started; `PEERS` is the one list."""

import secrets
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Protocol

from comparison.loads import Headers
from comparison.machine import BENCH, find_program

REPOSITORY = BENCH.parent
VERSION_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Site:
    """Where a peer runs.

    Attributes:
        home: a directory of its own, empty at the start.
        port: where it listens on 127.0.0.1.
        mock_port: where its provider, the mock, listens.
    """

    home: Path
    port: int
    mock_port: int


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a peer, and how to be let in.

    Attributes:
        command: program and arguments.
        read_headers: the fields that each request needs; raises `FileNotFoundError` until the peer has issued its key.
        environment: variables that the peer needs.
    """

    command: tuple[str, ...]
    read_headers: Callable[[], Headers]
    environment: dict[str, str] = field(default_factory=dict)


class Peer(Protocol):
    """A gateway that can be measured."""

    @property
    def name(self) -> str: ...

    def find_obstacle(self) -> str | None:
        """Why it cannot run here and how to change that, or `None`."""

    def read_version(self) -> str:
        """What is measured, such as `nginx/1.22.1`."""

    def prepare(self, site: Site) -> Launch | None:
        """Write its configuration into `site.home`; `None` when there is nothing to start."""


@dataclass(frozen=True, slots=True)
class Direct:
    """No gateway at all: the load goes to the mock. What the harness itself takes, and the zero of added latency."""

    name: str = "direct"

    def find_obstacle(self) -> str | None:
        return None

    def read_version(self) -> str:
        return "no gateway"

    def prepare(self, site: Site) -> Launch | None:
        return None


@dataclass(frozen=True, slots=True)
class Nginx:
    """A plain reverse proxy in C: the limit."""

    name: str = "nginx"

    def find_obstacle(self) -> str | None:
        if find_program("nginx") is None:
            return "nginx is not installed (Debian: apt install nginx); no ratio to it is measured"
        return None

    def read_version(self) -> str:
        return _first_line(str(find_program("nginx")), "-v").removeprefix("nginx version: ")

    def prepare(self, site: Site) -> Launch | None:
        settings = _fill_template("nginx.conf", site)
        return Launch((str(find_program("nginx")), "-p", str(site.home), "-c", str(settings)), _send_no_headers)


@dataclass(frozen=True, slots=True)
class Pointsman:
    """This repository's server, as `make run` installs it."""

    name: str = "pointsman"
    program: Path = REPOSITORY / ".venv/bin/pointsman"

    def find_obstacle(self) -> str | None:
        return None if self.program.exists() else f"{self.program} is missing; `make run` installs it"

    def read_version(self) -> str:
        described = _first_line("git", "-C", str(REPOSITORY), "describe", "--always", "--dirty")
        return f"working tree at {described}"

    def prepare(self, site: Site) -> Launch | None:
        settings = _fill_template("pointsman.yaml", site)
        return Launch(
            command=(str(self.program), "serve", "--config", str(settings), "--port", str(site.port)),
            read_headers=lambda: _read_issued_key(site.home / "demo.env"),
            environment={"POINTSMAN_HOME": str(site.home)},
        )


@dataclass(frozen=True, slots=True)
class LiteLLM:
    """LiteLLM's proxy with one worker, from the environment that `make bench-peers` makes."""

    name: str = "litellm"
    programs: Path = REPOSITORY / ".cache/peers/litellm/bin"

    def find_obstacle(self) -> str | None:
        if not (self.programs / "litellm").exists():
            return "LiteLLM is not installed (make bench-peers); no ratio to it is measured"
        return None

    def read_version(self) -> str:
        asking = "from importlib.metadata import version; print('litellm', version('litellm'))"
        return _first_line(str(self.programs / "python"), "-c", asking)

    def prepare(self, site: Site) -> Launch | None:
        master_key = f"sk-{secrets.token_hex(24)}"
        settings = _fill_template("litellm.yaml", site, master_key=master_key)
        flags = ("--host", "127.0.0.1", "--port", str(site.port), "--num_workers", "1", "--telemetry", "False")
        return Launch(
            command=(str(self.programs / "litellm"), "--config", str(settings), *flags),
            read_headers=lambda: _send_key(master_key),
            environment={
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_LOG": "ERROR",
                "LITELLM_MODE": "PRODUCTION",
            },
        )


PEERS: tuple[Peer, ...] = (Direct(), Nginx(), Pointsman(), LiteLLM())


def _fill_template(name: str, site: Site, **secret: str) -> Path:
    text = Template((BENCH / name).read_text()).substitute(
        home=site.home, port=site.port, mock_port=site.mock_port, **secret
    )
    settings = site.home / name
    settings.write_text(text)
    return settings


def _send_no_headers() -> Headers:
    return ()


def _send_key(key: str) -> Headers:
    return (("authorization", f"Bearer {key}"),)


def _read_issued_key(demo_env: Path) -> Headers:
    settings = dict(line.split("=", 1) for line in demo_env.read_text().splitlines() if "=" in line)
    return _send_key(settings["POINTSMAN_API_KEY"])


def _first_line(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=False)
    return ((ended.stdout or ended.stderr).splitlines() or ["unknown"])[0]
