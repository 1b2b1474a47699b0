"""`pointsman usage` shows, draws and writes what the gateway knows."""

import csv
import io
from collections.abc import Iterator

import pytest
from command_line import open_command_line
from msgspec.structs import replace
from operated import DOCUMENT, Operated

from booking import book_into
from pointsman.cli.usage_chart import draw_bars, draw_line
from pointsman.core.routing.outcome import AttemptCharge
from running import run_gateway
from storage.usage_examples import EXAMPLE

DAY_MS = 86_400_000
AT_MS = 1_763_035_200_000


def settled(number: int) -> object:
    charge = AttemptCharge(1, "large", "here", "up", "local", "answer", EXAMPLE.usage, number * 10**9, "actual")
    return replace(
        EXAMPLE,
        request_id=f"req_{number}",
        at_ms=AT_MS + number * DAY_MS,
        agent=("writer", "=reader\x1b[2J")[number % 2],
        charges=(charge,),
    )


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    folder = tmp_path_factory.mktemp("usage")
    (folder / "home").mkdir(0o700)
    book_into(f"sqlite:///{folder / 'home' / 'pointsman.db'}", [settled(number) for number in (1, 2, 3)])
    with run_gateway(folder, DOCUMENT) as gateway, pytest.MonkeyPatch.context() as patch:
        for shell in open_command_line(folder, patch):
            yield Operated(shell, gateway)


def test_a_table_with_the_total_below(operated: Operated) -> None:
    lines = operated.do("usage").stdout.splitlines()
    head = "agent calls failures input tokens output tokens cost usd avg latency ms"
    assert " ".join(lines[0].split()) == head
    assert lines[2].split() == ["=reader\ufffd[2J", "2", "0", "200", "40", "4", "250.0"]
    assert lines[3].split() == ["writer", "1", "0", "100", "20", "2", "250.0"]
    assert lines[-1].split() == ["total", "3", "0", "300", "60", "6", "250.0"]


def test_filters_and_json(operated: Operated) -> None:
    answer = operated.do("usage", "--json", "--by", "agent,model", "--agent", "writer", "--tag", "nightly")
    assert [(row["agent"], row["model"], row["cost_usd"]) for row in answer.json["rows"]] == [
        ("writer", "large", "2"),
        ("writer", "gpt-4o", "0"),
    ]
    assert operated.do("usage", "--json", "--until", "2025-11-15T00:00Z").json["totals"]["calls"] == 1


def test_csv_to_a_file_and_to_stdout(operated: Operated) -> None:
    text = operated.do("usage", "--csv", "-").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["agent"] for row in rows] == ["'=reader\x1b[2J", "writer"]
    answer = operated.do("usage", "--csv", "usage.csv")
    assert answer.stdout == "" and "2 rows written to usage.csv" in answer.stderr
    assert (operated.shell.folder / "usage.csv").read_bytes().decode() == text.replace("\r\n", "\n").replace(
        "\n", "\r\n"
    )
    assert operated.run("usage", "--csv", "nowhere/usage.csv").code == 1


def test_bars_over_time(operated: Operated) -> None:
    answer = operated.do("usage", "--chart", "--by", "agent", "--since", "2025-11-14", "--until", "2025-11-17")
    lines = answer.stdout.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["2025-11-14", "2025-11-15", "2025-11-16"]
    assert "\x1b" not in answer.stdout
    assert lines[2].split()[-3:] == ["$3", "1", "calls"]
    assert lines[4].startswith("=reader\ufffd[2J  |") and lines[5].startswith("writer")
    one = operated.do("usage", "--series", "day", "--csv", "-", "--since", "2025-11-14", "--until", "2025-11-17").stdout
    assert [row["cost_usd"] for row in csv.DictReader(io.StringIO(one))] == ["1", "2", "3"]


def test_what_is_wrong_is_said(operated: Operated) -> None:
    answer = operated.run("usage", "--since", "whenever")
    assert answer.code == 1 and "which is no time; write it like" in answer.stderr
    assert operated.run("usage", "rerate", "--help").code == 0


def test_plain_bars_where_a_terminal_can_do_no_more() -> None:
    values = [{"cost_usd": "0", "calls": 0}, {"cost_usd": "0.5", "calls": 1}, {"cost_usd": "2", "calls": 4}]
    plain = draw_bars(["a", "b", "c"], values, is_rich=False, is_coloured=False)
    assert [line.count("#") for line in plain] == [0, 10, 40]
    assert all(line.isascii() for line in plain)
    rich = draw_bars(["a", "b", "c"], values, is_rich=True, is_coloured=True)
    assert rich[2].count("█") == 40 and "\x1b[36m" in rich[2]
    assert draw_line(values, is_rich=True) == " ▂█"
    assert draw_line(values, is_rich=False) == " _#"
