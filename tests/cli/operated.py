"""A shell beside a running gateway, which each test finds with nothing stored and no override."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import Answer, CommandLine, open_command_line

from running import RunningGateway, run_gateway

DOCUMENT = """\
version: 1
providers:
  here: {base_url: http://127.0.0.1:9/v1, location: local}
models:
  large: {provider: here, model_id: here-large}   # the good one
  small: {provider: here, model_id: here-small}
  gpt-4.1: {provider: here, model_id: here-4}
agents:
  writer: {model: large, description: Writes}   # of everything
  reader: {model: large, fallback: [small, gpt-4.1]}
environments:
  development:
    agents: {writer: {model: small}}
"""


@dataclass(frozen=True)
class Operated:
    """A shell whose commands find the gateway by its home directory."""

    shell: CommandLine
    gateway: RunningGateway

    def run(self, command: str, *words: str) -> Answer:
        """Run one command, whatever it comes to."""
        return self.shell.run(command, *words, POINTSMAN_HOME=str(self.gateway.home))

    def do(self, command: str, *words: str) -> Answer:
        """Run one command that has to succeed."""
        answer = self.run(command, *words)
        assert answer.code == 0, answer.stderr
        return answer

    def apply(self, text: str, *words: str, name: str = "change.yaml") -> Answer:
        """Apply a text as a file."""
        self.shell.write(text, name)
        return self.run("apply", name, "--reason", "a test", *words)

    def number(self) -> int:
        """The newest revision."""
        return int(self.gateway.get("/api/v1/configuration")["number"])

    def value(self, path: str) -> object:
        """What is in force at a path."""
        return self.do("config", "explain", path, "--json").json["value"]


@contextmanager
def operate(folder: Path) -> Iterator[RunningGateway]:
    """A gateway that answers no calls, because none of its providers is there; its configuration can be changed."""
    with run_gateway(folder, DOCUMENT) as gateway:
        yield gateway


def open_beside(gateway: RunningGateway, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operated]:
    """A shell in a folder of its own, beside a gateway in which nothing is stored."""
    for shell in open_command_line(folder, monkeypatch):
        operated = Operated(shell, gateway)
        for each in operated.do("override", "list", "--json").json["overrides"]:
            operated.do("override", "cancel", each["id"])
        operated.do("config", "clear")
        yield operated
