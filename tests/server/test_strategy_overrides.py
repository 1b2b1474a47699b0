"""Another strategy for a while: it counts for the next request, ends by itself, and opens nothing that is shut."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def set_strategy(operator: Operator, strategy: str = "privacy_first", **fields: str) -> dict[str, Any]:
    status, answer = operator.call("POST", "/api/routing/strategy", {"strategy": strategy} | fields)
    assert status == 201, answer
    return dict(answer)


def test_all_goes_local_at_once_though_some_have_no_local_model(
    running: tuple[RunningGateway, Operator], cloud: str
) -> None:
    gateway, operator = running
    assert (ask(gateway, "agent:open"), ask(gateway, "agent:stranded")) == ("big", "big")
    made = set_strategy(operator, duration="2h", reason="a leak", author="anna")
    assert (made["kind"], made["target"], made["value"]) == ("strategy", "routing", "privacy_first")
    (warning,) = made["warnings"]
    assert "requests of agent stranded must stay local" in warning and "refused until the override ends" in warning
    calls = count_calls(cloud)
    assert ask(gateway, "agent:open") == "own"
    assert ask(gateway, "agent:stranded") == ask(gateway, "big") == "privacy_unavailable"
    assert count_calls(cloud) == calls
    found = operator.read("/explain?path=routing.strategy")
    assert (found["layer"], found["author"], found["reason"]) == ("override", "anna", "a leak")
    assert operator.call("DELETE", f"/api/v1/overrides/{made['id']}?reason=over&author=bob")[0] == 204
    assert (ask(gateway, "agent:open"), ask(gateway, "agent:stranded")) == ("big", "big")
    (ended,) = list_overrides(operator, "?ended=true")
    assert (ended["id"], ended["ended_by"], ended["end_reason"]) == (made["id"], "bob", "over")


def test_it_ends_by_itself(running: tuple[RunningGateway, Operator]) -> None:
    gateway, operator = running
    made = set_strategy(operator, duration="1s")
    await_value(lambda: list_overrides(operator, "?ended=true") or None)
    await_value(lambda: True if ask(gateway, "agent:open") == "big" else None)
    assert list_overrides(operator) == []
    (ended,) = list_overrides(operator, "?ended=true")
    assert (ended["id"], ended["ended_by"], ended["end_reason"]) == (made["id"], "pointsman", "its time has come")
    assert ended["ended_at"] == ended["expires_at"] == made["expires_at"]


def test_there_is_one_at_a_time_and_it_survives_a_restart(running: tuple[RunningGateway, Operator]) -> None:
    gateway, operator = running
    first = set_strategy(operator, "balanced")
    second = set_strategy(operator)
    assert second["expires_at"] is None
    assert [each["id"] for each in list_overrides(operator)] == [second["id"]]
    (ended,) = list_overrides(operator, "?ended=true")
    assert (ended["id"], ended["end_reason"]) == (first["id"], f"replaced by {second['id']}")
    gateway.kill()
    with start_gateway(gateway.config, gateway.home) as again, Operator(again) as operator_again:
        assert ask(again, "agent:open") == "own" and ask(again, "agent:stranded") == "privacy_unavailable"
        assert [each["id"] for each in list_overrides(operator_again)] == [second["id"]]


def test_files_are_followed_meanwhile_and_agents_may_get_other_models(
    running: tuple[RunningGateway, Operator],
) -> None:
    gateway, operator = running
    set_strategy(operator)
    text = gateway.config.read_text()
    gateway.config.write_text(f"{text}  late: {{model: big}}\n")
    await_value(lambda: True if ask(gateway, "agent:late") == "privacy_unavailable" else None)
    status, made = operator.call("POST", "/api/agents/open/model", {"model_id": "big"})
    (warning,) = made["warnings"]
    assert status == 201 and 'strategy "privacy_first" allows local models only): agent "open" runs on "own"' in warning
    status, made = operator.call("POST", "/api/agents/stranded/model", {"model_id": "big"})
    assert status == 201 and "requests of agent stranded" in str(made["warnings"]) and len(made["warnings"]) == 1
    status, made = operator.call("POST", "/api/agents/stranded/model", {"model_id": "own"})
    assert (status, made["warnings"]) == (201, [])
    assert ask(gateway, "agent:open") == ask(gateway, "agent:stranded") == "own"


def test_what_is_private_stays_private(running: tuple[RunningGateway, Operator]) -> None:
    gateway, operator = running
    assert set_strategy(operator, "performance_optimized")["warnings"] == []
    assert (ask(gateway, "agent:sealed"), ask(gateway, "agent:open")) == ("own", "big")
    status, answer = operator.call("POST", "/api/agents/sealed/model", {"model_id": "big"})
    assert status == 422
    assert [each["code"] for each in answer["errors"] if each["severity"] == "error"] == ["privacy_unsatisfiable"]


def test_a_strategy_for_local_models_only_is_not_lifted(cloud: str, simulator: str, tmp_path: Path) -> None:
    more = "routing: {strategy: privacy_first}\n"
    with run_clouded(tmp_path, cloud, simulator, more, without="stranded") as (gateway, operator):
        calls = count_calls(cloud)
        (warning,) = set_strategy(operator, "performance_optimized")["warnings"]
        assert "nothing goes to the cloud; change routing.strategy in the configuration" in warning
        assert (ask(gateway, "agent:open"), ask(gateway, "big")) == ("own", "privacy_unavailable")
        assert set_strategy(operator, "privacy_first")["warnings"] == []
        assert count_calls(cloud) == calls


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"strategy": "privacy_frist"}, "privacy_first"),
        ({"strategy": "privacy_first", "duration": "2 hours"}, "write one such as 30m, 2h or 7d, at most 30d"),
        ({"strategy": "privacy_first", "duration": "31d"}, "at most 30d"),
        ({"strategy": "privacy_first", "reason": "sk-" + "a1" * 20}, "looks like a secret"),
        ({"strategy": "privacy_first", "reason": "\u202e"}, "Write printable characters only, on one line"),
        ({"strategy": "balancd"}, 'did you mean "balanced"?'),
        ({"strategy": ""}, "/strategy"),
        ({}, "/strategy"),
    ],
)
def test_what_makes_no_sense_is_refused(steady: Operator, body: dict[str, str], message: str) -> None:
    status, answer = steady.call("POST", "/api/routing/strategy", body)
    assert status == 422 and message in str(answer).replace("\\'", "'"), answer
    assert list_overrides(steady) == []


def test_the_file_alone_may_count(cloud: str, simulator: str, tmp_path: Path) -> None:
    with run_clouded(tmp_path, cloud, simulator, "source: file\n") as (_, operator):
        for path, body in (
            ("/api/routing/strategy", {"strategy": "privacy_first"}),
            ("/api/tasks/t/routing", {"force_model": "own"}),
        ):
            status, answer = operator.call("POST", path, body)
            assert (status, answer["code"]) == (409, "source_is_file")


def test_each_change_is_audited_with_its_reason(running: tuple[RunningGateway, Operator]) -> None:
    _, operator = running
    made = set_strategy(operator, reason="a leak", author="anna")
    operator.call("POST", "/api/tasks/t-1/routing", {"force_model": "own", "reason": "hard", "author": "cleo"})
    operator.call("DELETE", f"/api/v1/overrides/{made['id']}?reason=over&author=bob")
    status, answer = operator.call("GET", "/api/v1/audit?limit=100")
    assert status == 200
    told = [(each["action"], each["subject"], each["author"], each["reason"]) for each in answer["entries"]]
    assert [each for each in told if each[0].startswith("override")] == [
        ("override.cancel", "strategy:routing", "bob", "over"),
        ("override.add", "task:t-1", "cleo", "hard"),
        ("override.add", "strategy:routing", "anna", "a leak"),
    ]
    assert answer["entries"][-1]["action"] == "revision.commit"
    newest, next_one = answer["entries"][:2]
    page = operator.call("GET", f"/api/v1/audit?limit=1&before={newest['seq']}")[1]
    assert page == {"entries": [next_one]}
    assert operator.call("GET", "/api/v1/audit?limit=201")[0] == 422
