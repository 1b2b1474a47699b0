"""What the usage API answers about requests that are in the ledger: sums, series, CSV and single requests."""

import csv
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from booking import book_into
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from running import RunningGateway, run_gateway
from storage.usage_examples import EXAMPLE

DOCUMENT = """\
version: 1
providers:
  here: {base_url: http://127.0.0.1:9/v1, location: local}
models:
  large: {provider: here, model_id: here-large}
agents:
  orchestrator: {model: large}
"""
DAY_MS = 86_400_000
NOON_MS = 1_763_035_200_000
"""2025-11-13, 12:00 in UTC."""


def settled(number: int, **fields: Any) -> Outcome:
    """A request whose one call cost 1,000 nano-dollars for each of `number`."""
    outcome = replace(
        EXAMPLE, request_id=f"req_{number}", at_ms=NOON_MS - number * DAY_MS, cost_nusd=number * 1_000, **fields
    )
    charge = AttemptCharge(
        *(1, outcome.model, outcome.provider, "upstream", "cloud", "answer"), outcome.usage, outcome.cost_nusd, "actual"
    )
    return replace(outcome, charges=(charge,))


OUTCOMES = [
    settled(1, agent="writer", user="=SUM(A1)", tags=("a",)),
    settled(2, agent="writer", user='say "hi", please', tags=("a", "b")),
    settled(3, agent="reader", model="llama", failure="upstream_error", tags=(), session="s1"),
    settled(4, agent="reader", team="", user="-1+2"),
]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("usage")
    (folder / "home").mkdir(0o700)
    book_into(f"sqlite:///{folder / 'home' / 'pointsman.db'}", OUTCOMES)
    with run_gateway(folder, DOCUMENT) as running:
        yield running


def ask(gateway: RunningGateway, path: str = "", **query: object) -> Any:
    return gateway.get(f"/api/v1/usage{path}?{urlencode(query)}")


def refuse(gateway: RunningGateway, path: str = "", **query: object) -> tuple[int, str, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(gateway, path, **query)
    with caught.value as answer:
        problem = json.loads(answer.read())
        return answer.status or 0, problem["code"], problem["detail"]


def test_agents_the_dearest_first_and_their_sum(gateway: RunningGateway) -> None:
    answer = ask(gateway)
    assert [(row["agent"], row["calls"], row["cost_usd"]) for row in answer["rows"]] == [
        ("reader", 2, "0.000007"),
        ("writer", 2, "0.000003"),
    ]
    assert answer["next"] is None
    assert answer["totals"] == {
        "calls": 4,
        "successes": 3,
        "failures": 1,
        "cached_answers": 0,
        "input_tokens": 400,
        "output_tokens": 80,
        "cached_input_tokens": 40,
        "cache_write_tokens": 0,
        "reasoning_tokens": 20,
        "cost_usd": "0.00001",
        "unknown_cost_calls": 0,
        "estimated_share": 0.0,
        "possibly_billed_usd": "0",
        "avg_latency_ms": 250.0,
        "tokens_per_usd": 48_000_000,
        "cost_per_success_usd": "0.000003333",
    }


def test_filters_ranges_and_pages(gateway: RunningGateway) -> None:
    def names(**query: object) -> list[str]:
        return [row[str(query.get("by", "agent"))] for row in ask(gateway, **query)["rows"]]

    assert names(model="llama") == ["reader"]
    assert names(team="") == ["reader"]
    assert names(agent="nobody") == []
    assert names(by="tag") == ["nightly", "team-a", "", "a", "b"]
    assert {row["tag"]: row["calls"] for row in ask(gateway, by="tag")["rows"]} == {
        "a": 2,
        "b": 1,
        "": 1,
        "team-a": 1,
        "nightly": 1,
    }
    assert names(tag="b", by="user") == ['say "hi", please']
    assert names(since_ms=NOON_MS - 2 * DAY_MS) == ["writer"]
    assert names(since="2025-11-12T12:00:00.001Z", until="2025-11-20") == []
    assert names(until_ms=NOON_MS - 3 * DAY_MS) == ["reader"]
    assert names(sort="calls", limit=1) == ["reader"]
    assert ask(gateway, limit=1)["next"] == 1
    assert names(limit=1, cursor=1) == ["writer"]
    two = ask(gateway, by="agent,model")["rows"]
    assert [(row["agent"], row["model"]) for row in two] == [
        ("reader", "gpt-4o"),
        ("reader", "llama"),
        ("writer", "gpt-4o"),
    ]
    assert ask(gateway, by="none")["rows"][0]["calls"] == 4


def test_series_add_up_to_the_sums(gateway: RunningGateway) -> None:
    series = ask(gateway, "/series", since="2025-11-08", until="2025-11-14", by="agent", top=1)
    assert len(series["starts"]) == 6 and series["starts"][0] == "2025-11-08T00:00:00.000+00:00"
    assert [each["calls"] for each in series["totals"]] == [0, 1, 1, 1, 1, 0]
    (line,) = series["series"]
    assert line["agent"] == "reader"
    assert [each["calls"] for each in line["values"]] == [0, 1, 1, 0, 0, 0]
    assert [each["calls"] for each in series["other"]] == [0, 0, 0, 1, 1, 0]
    tags = ask(gateway, "/series", since="2025-11-08", until="2025-11-14", by="tag", top=9)
    assert tags["other"] is None
    assert {each["tag"]: sum(value["calls"] for value in each["values"]) for each in tags["series"]}["a"] == 2


def test_series_go_by_the_days_of_a_time_zone(gateway: RunningGateway) -> None:
    series = ask(
        gateway, "/series", since="2025-11-09T00:00+05:45", until="2025-11-13T00:00+05:45", time_zone="Asia/Kathmandu"
    )
    assert series["starts"][0] == "2025-11-08T18:15:00.000+00:00"
    assert [each["calls"] for each in series["totals"]] == [1, 1, 1, 1]
    hours = ask(gateway, "/series", since="2025-11-12T10:30Z", until="2025-11-12T13:00Z", interval="hour")
    assert [each["calls"] for each in hours["totals"]] == [0, 0, 1]
    months = ask(gateway, "/series", since="2025-10-01", until="2025-12-01", interval="month")
    assert [each["calls"] for each in months["totals"]] == [0, 4]


def test_csv_holds_no_formulas(gateway: RunningGateway) -> None:
    request = urllib.request.Request(
        f"{gateway.url}/api/v1/usage/export.csv?by=user", headers={"authorization": f"Bearer {gateway.admin_key}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        text = answer.read().decode()
    assert text.count("\r\n") == 5
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["user"] for row in rows} == {"'=SUM(A1)", 'say "hi", please', "ada", "'-1+2"}
    assert sum(Decimal(row["cost_usd"]) for row in rows) == Decimal("0.00001")


def test_requests_one_by_one_with_their_entries(gateway: RunningGateway) -> None:
    page = ask(gateway, "/requests", limit=3)
    assert [row["request_id"] for row in page["requests"]] == ["req_4", "req_3", "req_2"]
    rest = ask(gateway, "/requests", limit=3, cursor=page["next"])
    assert [row["request_id"] for row in rest["requests"]] == ["req_1"] and rest["next"] is None
    for query, found in (
        ({"session": "s1"}, ["req_3"]),
        ({"failure": "upstream_error"}, ["req_3"]),
        ({"tag": "a"}, ["req_2", "req_1"]),
        ({"tag": ""}, ["req_3"]),
        ({"key": "key_1", "since_ms": NOON_MS - DAY_MS}, ["req_1"]),
    ):
        assert [row["request_id"] for row in ask(gateway, "/requests", **query)["requests"]] == found
    one = ask(gateway, "/requests/req_3")
    assert one["cost_usd"] == "0.000003" and one["failure"] == "upstream_error" and one["tags"] == []
    (entry,) = one["entries"]
    assert (entry["kind"], entry["model"], entry["cost_usd"]) == ("charge", "llama", "0.000003")
    assert refuse(gateway, "/requests/req_9")[:2] == (404, "not_found")


def test_whatever_is_wrong_is_said(gateway: RunningGateway) -> None:
    for path, query, code in (
        ("", {"by": "agent,agent"}, "invalid_dimension"),
        ("", {"by": "colour"}, "invalid_dimension"),
        ("", {"sort": "colour"}, "invalid_sort"),
        ("", {"since": "yesterday"}, "invalid_range"),
        ("", {"since": "2025-11-10", "until": "2025-11-09"}, "invalid_range"),
        ("", {"since": "7d", "since_ms": 1}, "invalid_range"),
        ("/series", {"by": "agent,model"}, "invalid_dimension"),
        ("/series", {"time_zone": "Mars/Olympus"}, "invalid_time_zone"),
        ("/series", {"interval": "hour", "since": "365d"}, "too_many_windows"),
        ("/export.csv", {"by": "x"}, "invalid_dimension"),
    ):
        status, told, detail = refuse(gateway, path, **query)
        assert (status, told) == (400, code) and len(detail) > 20
