"""A program with a home of its own is killed amid its calls: what it was told is in the ledger, once, and so is the
rest."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from door import Door

from pointsman.library.engine import Engine

KILLS = 5
AT_ONCE = 4

PROGRAM = """\
import os
import sys
from threading import Thread

from pointsman import Pointsman

client = Pointsman(sys.argv[1], home=sys.argv[2])


def tell(reply) -> None:
    os.write(1, f"{reply.request_id} {reply.cost_usd}\\n".encode())


def ask() -> None:
    while True:
        reply = client.chat("Hi", agent="writer")
        tell(reply)
        with client.stream("Hi", agent="writer") as stream:
            list(stream)
        tell(stream.reply)


for _ in range(int(sys.argv[3])):
    Thread(target=ask, daemon=True).start()
ask()
"""


def run_and_kill(config: Path, home: Path, answers: int) -> dict[str, str]:
    """What each call cost by what the program was told, of at least so many answers before it was killed."""
    arguments = [sys.executable, "-W", "error", "-c", PROGRAM, str(config), str(home), str(AT_ONCE - 1)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("POINTSMAN_")}
    told: dict[str, str] = {}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        try:
            for _ in range(answers):
                request_id, cost = process.stdout.readline().split()
                told[request_id] = cost
        finally:
            process.kill()
        lines = [line.split() for line in process.stdout if line.endswith("\n")]
    return told | {line[0]: line[1] for line in lines if len(line) == 2}


def read_books(home: Path) -> tuple[list[tuple[str, int | None, str]], int]:
    """Entries of the ledger, and how many requests there are."""
    with closing(sqlite3.connect(home / "pointsman.db")) as database:
        entries = database.execute("select request_id, cost_nusd, status from ledger").fetchall()
        ((requests,),) = database.execute("select count(*) from usage").fetchall()
    return entries, requests


def test_nothing_is_lost_and_nothing_counted_twice(door: Door, tmp_path: Path) -> None:
    config, home = tmp_path / "pointsman.yaml", tmp_path / "home"
    config.write_text(json.dumps(door.document))
    door.simulation.behave(latency_ms=3)
    told: dict[str, str] = {}
    for number in range(KILLS):
        told |= run_and_kill(config, home, 3 + 5 * number)
    seen = len(door.simulation.list_calls())
    with Engine(config, home=home) as engine:
        counted = engine.usage()["per_agent"]["writer"]
    entries, requests = read_books(home)
    booked = {request_id: cost_nusd for request_id, cost_nusd, _ in entries}
    assert len(booked) == len(entries) == requests, "each call has one entry and one row"
    for request_id, cost in told.items():
        assert booked[request_id] == round(float(cost) * 1e9), "what a program was told is what is booked"
    assert seen <= len(entries) <= seen + KILLS * AT_ONCE, "no call that reached the provider is missing"
    assert {status for request_id, _, status in entries if request_id in told} == {"actual"}
    assert counted["call_count"] == requests
    assert round(counted["total_cost"] * 1e9) == sum(cost or 0 for cost in booked.values())
    with Engine(config, home=home) as engine:
        assert engine.usage()["per_agent"]["writer"] == counted
    assert read_books(home) == (entries, requests)
