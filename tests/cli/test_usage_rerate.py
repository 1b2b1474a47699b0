"""`pointsman usage rerate`: the difference first, and booked once where that is asked for."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_line import Answer, CommandLine, open_command_line
from rerated import Ledger, keep_ledger

from pointsman.core.chat.usage import FurtherCounts, Usage
from pointsman.core.routing.ledger_entry import LedgerEntry

HOUR_MS = 3_600_000


def _charge(number: int, hours_ago: float, cost_nusd: int | None, usage: Usage | None) -> LedgerEntry:
    at_ms = int(time.time() * 1_000 - hours_ago * HOUR_MS)
    status = "unknown" if cost_nusd is None else "actual"
    return LedgerEntry(
        f"req_{number}", 1, "charge", at_ms, at_ms, "writer", "", "", "", "", "key", "", "", (),
        "fast", "openai", "gpt-x", "cloud", "chat", "answer", "", usage, cost_nusd, status, "catalogue 2026-10-12",
    )  # fmt: skip


ENTRIES = [
    _charge(1, 1, 1_000_000, Usage(1_000, 500)),
    _charge(2, 2, 4_000_000, Usage(1_000, 500)),
    _charge(3, 3, None, Usage(100, 0)),
    _charge(4, 4, None, Usage(0, 0, further=FurtherCounts(searches=1))),
    _charge(5, 10 * 24, 1, Usage(1_000, 500)),
]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with keep_ledger(tmp_path, ENTRIES) as kept:
        yield kept


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    yield from open_command_line(tmp_path, monkeypatch)


def _run(shell: CommandLine, ledger: Ledger, *words: str) -> Answer:
    named = {"POINTSMAN_URL": ledger.url, "POINTSMAN_ADMIN_KEY": "an-admin-key"}
    return shell.run("usage", "rerate", *words, **named)


def _read(ledger: Ledger, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(ledger.file)) as connection:
        return connection.execute(statement).fetchall()


def test_the_difference_comes_first_and_is_booked_once(shell: CommandLine, ledger: Ledger) -> None:
    shown = _run(shell, ledger, "--since", "7d")
    head, row = shown.stdout.splitlines()
    assert head.split() == [
        "model",
        "entries",
        "changed",
        "unknown",
        "booked",
        "$",
        "would",
        "be",
        "$",
        "difference",
        "$",
    ]
    assert row.split() == ["fast", "4", "2", "2", "0.005", "0.0083", "0.0033"]
    assert "1 stay unknown" in shown.stderr and "next: the same with --apply --reason" in shown.stderr
    assert _read(ledger, "SELECT count(*) FROM ledger") == [(5,)] and ledger.counted == []

    booked = _run(shell, ledger, "--since", "7d", "--apply", "--reason", "wrong list", "--json").json
    assert booked["booked"] == 2 and booked["applied"] is True
    assert booked["models"][0]["difference_usd"] == "0.0033"
    again = _run(shell, ledger, "--since", "7d", "--apply", "--reason", "wrong list")
    assert again.code == 0 and "0 corrections booked" in again.stderr
    assert _read(ledger, "SELECT sum(cost_nusd) FROM ledger") == [(8_300_001,)]
    assert [entry.kind for entry in ledger.counted] == ["adjust:1", "adjust:1"]
    ((action, reason, details),) = _read(ledger, "SELECT action, reason, details FROM audit")
    assert (action, reason) == ("usage.rerate", "wrong list")
    assert json.loads(str(details))["changed"] == 2
    assert "there is nothing to book" in _run(shell, ledger, "--since", "7d").stderr


def test_a_stretch_and_a_model_are_chosen(shell: CommandLine, ledger: Ledger) -> None:
    def count(*words: str) -> int:
        return sum(model["entries"] for model in _run(shell, ledger, *words, "--json").json["models"])

    assert count("--since", "11d") == 5
    assert count("--since", "11d", "--until", "9d") == 1
    assert count("--since", "2020-01-01", "--model", "fast") == 5
    assert count("--since", "7d", "--model", "another") == 0
    assert "nothing was charged" in _run(shell, ledger, "--model", "another").stderr


@pytest.mark.parametrize("words", [["--apply"], ["--since", "a week"], ["--until", "1960-01-01"]])
def test_what_cannot_be_meant_asks_nobody(shell: CommandLine, ledger: Ledger, words: list[str]) -> None:
    answer = _run(shell, ledger, *words)
    assert answer.code == 2 and answer.stdout == "" and words[-1].removeprefix("--") in answer.stderr


def test_the_gateways_refusal_is_told(shell: CommandLine, ledger: Ledger) -> None:
    answer = _run(shell, ledger, "--since", "1h", "--until", "2h")
    assert answer.code == 1 and "until_ms has to be later" in answer.stderr
