"""A model forced for one task: it counts for the requests that name the task, and for a day at most."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from clouded import ask, count_calls, list_overrides, run_clouded
from operating import Operator

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, await_value, start_gateway


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


@pytest.fixture
def running(cloud: str, simulator: str, tmp_path: Path) -> Iterator[tuple[RunningGateway, Operator]]:
    with run_clouded(tmp_path, cloud, simulator) as both:
        yield both


@pytest.fixture(scope="module")
def steady(cloud: str, simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Of a gateway for tests that change nothing in it."""
    with run_clouded(tmp_path_factory.mktemp("steady"), cloud, simulator) as (_, operator):
        yield operator


def force(operator: Operator, task_id: str = "t-1", model: str = "own", **fields: str) -> dict[str, Any]:
    path = f"/api/tasks/{quote(task_id, safe='')}/routing"
    status, answer = operator.call("POST", path, {"force_model": model} | fields)
    assert status == 201, answer
    return dict(answer)


def find_end(operator: Operator) -> dict[str, Any] | None:
    """The newest end in the audit."""
    entries = operator.call("GET", "/api/v1/audit")[1]["entries"]
    return next((each for each in entries if each["action"] == "override.end"), None)


def test_it_counts_for_the_requests_of_its_task_until_it_is_cancelled(
    running: tuple[RunningGateway, Operator],
) -> None:
    gateway, operator = running
    before = operator.read()["number"]
    made = force(operator, reason="complex architectural decision", author="anna")
    assert (made["kind"], made["target"], made["value"], made["warnings"]) == ("task", "t-1", "own", [])
    assert ask(gateway, "agent:open", x_pointsman_task_id="t-1") == "own"
    assert ask(gateway, "agent:stranded", {"task_id": "t-1"}) == ask(gateway, "big", {"task_id": "t-1"}) == "own"
    assert ask(gateway, "agent:open") == ask(gateway, "agent:open", x_pointsman_task_id="t-2") == "big"
    assert operator.read()["number"] == before, "nothing is compiled for it"
    assert [each["id"] for each in list_overrides(operator)] == [made["id"]]
    assert operator.call("DELETE", f"/api/v1/overrides/{made['id']}?reason=done&author=bob")[0] == 204
    assert operator.call("DELETE", f"/api/v1/overrides/{made['id']}")[0] == 404
    assert ask(gateway, "agent:open", x_pointsman_task_id="t-1") == "big"
    (ended,) = list_overrides(operator, "?ended=true")
    assert (ended["id"], ended["ended_by"], ended["end_reason"]) == (made["id"], "bob", "done")


def test_it_lasts_a_day_unless_less_is_said_and_ends_by_itself(running: tuple[RunningGateway, Operator]) -> None:
    gateway, operator = running
    made = force(operator)
    lasts = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert lasts.total_seconds() == 86_400
    short = force(operator, "t-2", duration="1s")
    await_value(lambda: True if ask(gateway, "agent:open", x_pointsman_task_id="t-2") == "big" else None)
    (ended,) = list_overrides(operator, "?ended=true")
    assert (ended["id"], ended["ended_at"]) == (short["id"], short["expires_at"])
    told = await_value(lambda: find_end(operator))
    assert (told["subject"], told["details"], told["at"]) == ("task:t-2", {"id": short["id"]}, short["expires_at"])
    assert (told["author"], told["reason"]) == ("pointsman", "its time has come")
    assert [each["id"] for each in list_overrides(operator)] == [made["id"]]


def test_there_is_one_per_task_and_it_survives_a_restart(running: tuple[RunningGateway, Operator]) -> None:
    gateway, operator = running
    force(operator, model="big")
    second, other = force(operator, model="own"), force(operator, "t-2", "own")
    gateway.kill()
    with start_gateway(gateway.config, gateway.home) as again, Operator(again) as operator_again:
        assert ask(again, "agent:open", x_pointsman_task_id="t-1") == "own"
        assert [each["id"] for each in list_overrides(operator_again)] == [second["id"], other["id"]]


def test_private_requests_are_not_sent_to_a_forced_cloud_model(
    running: tuple[RunningGateway, Operator], cloud: str
) -> None:
    gateway, operator = running
    force(operator, model="big")
    calls = count_calls(cloud)
    assert ask(gateway, "agent:sealed", x_pointsman_task_id="t-1") == "privacy_unavailable"
    assert ask(gateway, "agent:open", x_pointsman_task_id="t-1", x_pointsman_privacy="high") == "privacy_unavailable"
    operator.call("POST", "/api/routing/strategy", {"strategy": "privacy_first"})
    assert ask(gateway, "agent:open", x_pointsman_task_id="t-1") == "privacy_unavailable"
    (warning,) = force(operator, model="big")["warnings"]
    assert warning.startswith('"big" is not taken (a cloud model, and requests must stay local: the strategy')
    assert warning.endswith("requests of this task that this applies to are refused; name another model")
    assert count_calls(cloud) == calls


def test_a_model_that_is_gone_is_forced_no_more_and_stays_listed(running: tuple[RunningGateway, Operator]) -> None:
    gateway, operator = running
    text = gateway.config.read_text()
    extra = "  extra: {provider: near, model_id: simulated-large}\n"
    gateway.config.write_text(text.replace("agents:\n", f"{extra}agents:\n"))
    await_value(lambda: True if ask(gateway, "extra") == "extra" else None)
    made = force(operator, model="extra")
    assert ask(gateway, "agent:open", x_pointsman_task_id="t-1") == "extra"
    gateway.config.write_text(text)
    await_value(lambda: True if ask(gateway, "agent:open", x_pointsman_task_id="t-1") == "big" else None)
    assert [each["id"] for each in list_overrides(operator)] == [made["id"]]


def test_a_task_may_be_called_anything_that_can_be_printed(running: tuple[RunningGateway, Operator]) -> None:
    gateway, operator = running
    for task_id in ("a/b", "ABC-123/routing", "50% of ü", "x" * 256, "?#&=+", "../.."):
        assert force(operator, task_id)["target"] == task_id
        assert ask(gateway, "agent:open", {"task_id": task_id}) == "own", task_id


@pytest.mark.parametrize(
    ("task_id", "body", "message"),
    [
        ("t", {"force_model": "ressting"}, 'there is no model "ressting"; did you mean "resting"?'),
        ("t", {"force_model": "nothing like it"}, "add it to the configuration, or name another"),
        ("t", {"force_model": "resting"}, 'the model "resting", or its provider, is switched off'),
        ("t", {"force_model": "own", "duration": "25h"}, "at most 24h for a task"),
        ("t", {"force_model": "own", "duration": "2d"}, "at most 24h for a task"),
        ("t", {"force_model": "own", "duration": "0h"}, "write one such as 30m or 2h"),
        ("t\t", {"force_model": "own"}, "1 to 256 printable characters"),
        ("t\x00", {"force_model": "own"}, "1 to 256 printable characters"),
        ("   ", {"force_model": "own"}, "1 to 256 printable characters"),
        ("t\u202e", {"force_model": "own"}, "1 to 256 printable characters"),
        ("t\u200b", {"force_model": "own"}, "1 to 256 printable characters"),
        (b"\xff", {"force_model": "own"}, "1 to 256 printable characters"),
        (b"\xed\xa0\x80", {"force_model": "own"}, "1 to 256 printable characters"),
        ("t", {"force_model": "own", "reason": "\u202e"}, "Write printable characters only, on one line"),
        ("t", {"force_model": "own", "reason": "fine\novr_0  task t is forced"}, "on one line"),
        ("t", {"force_model": "own", "author": "\u2066"}, "Write printable characters only"),
        ("t", {"force_model": "bigg"}, 'there is no model "bigg"; did you mean "big"?'),
        ("x" * 257, {"force_model": "own"}, "256"),
        ("sk-" + "a1" * 20, {"force_model": "own"}, "looks like a secret"),
        ("t", {"force_model": "own", "reason": "sk-" + "a1" * 20}, "looks like a secret"),
        ("t", {"model": "own"}, "/force_model"),
    ],
)
def test_what_makes_no_sense_is_refused(
    steady: Operator, task_id: str | bytes, body: dict[str, str], message: str
) -> None:
    status, answer = steady.call("POST", f"/api/tasks/{quote(task_id, safe='')}/routing", body)
    assert status == 422 and message in str(answer).replace("\\'", "'"), answer
    assert "a1a1" not in str(answer)
    assert list_overrides(steady) == []


def test_nobody_but_the_operator_forces_anything(running: tuple[RunningGateway, Operator]) -> None:
    gateway, operator = running
    for path, body in (
        ("tasks/t/routing", b'{"force_model": "own"}'),
        ("routing/strategy", b'{"strategy": "balanced"}'),
    ):
        assert gateway.post(f"/api/{path}", body)[0] == 401
    assert list_overrides(operator) == []
