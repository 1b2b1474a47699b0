"""Changes by API: stored, in force at once, told apart by layer, and undone again; the files stay as they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from operating import Operator

from running import RunningGateway, await_value, run_gateway, start_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
models:
  large: {{provider: simulated, model_id: simulated-large}}   # the good one
  small: {{provider: simulated, model_id: simulated-small}}
agents:
  writer: {{model: large, description: Writes}}
  reader: {{model: large}}
"""


@pytest.fixture
def gateway(simulator: str, tmp_path: Path) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as running:
        yield running


@pytest.fixture
def operator(gateway: RunningGateway) -> Iterator[Operator]:
    with Operator(gateway) as calls:
        yield calls


def answering_model(gateway: RunningGateway, agent: str = "writer") -> str:
    status, headers, _ = gateway.chat(f"agent:{agent}")
    assert status == 200
    return headers["x-pointsman-model"]


def test_a_change_is_in_force_for_the_next_request_and_survives_a_restart(
    gateway: RunningGateway, operator: Operator
) -> None:
    before = operator.read()
    status, answer = operator.change({"agents": {"writer": {"model": "small"}}}, author="anna")
    assert (status, answer["ok"], answer["number"]) == (201, True, before["number"] + 1)
    assert answer["changes"] == [{"path": "agents.writer.model", "kind": "changed", "old": "large", "new": "small"}]
    assert answering_model(gateway) == "small" and answering_model(gateway, "reader") == "large"
    assert gateway.chat("agent:writer")[1]["x-pointsman-revision"] == answer["revision"]
    assert operator.read()["drift"] == 1
    gateway.kill()
    with start_gateway(gateway.config, gateway.home) as again, Operator(again) as operator_again:
        assert answering_model(again) == "small"
        assert operator_again.read()["number"] == answer["number"]


def test_every_value_tells_where_it_comes_from(operator: Operator) -> None:
    operator.change({"agents": {"writer": {"model": "small"}}}, author="anna", reason="cheaper")
    found = operator.read("/explain?path=agents.writer.model")
    assert (found["value"], found["layer"], found["author"], found["reason"]) == ("small", "stored", "anna", "cheaper")
    assert found["shadows"][0]["value"] == "large" and found["shadows"][0]["line"] == 8
    written = operator.read("/explain?path=agents.reader.model")
    assert (written["layer"], written["line"], written["file"].endswith("pointsman.yaml")) == ("file", 9, True)
    assert operator.call("GET", "/api/v1/configuration/explain?path=agents.nobody")[0] == 404


def test_a_later_change_leaves_the_author_of_others_alone(operator: Operator) -> None:
    operator.change({"agents": {"writer": {"model": "small"}}}, author="anna", reason="cheaper")
    operator.change({"agents": {"reader": {"model": "small"}}}, author="ben", reason="the same")
    assert operator.read("/explain?path=agents.writer.model")["author"] == "anna"
    assert operator.read("/explain?path=agents.reader.model")["author"] == "ben"


def test_a_change_that_would_break_the_configuration_is_refused_with_all_problems(
    gateway: RunningGateway, operator: Operator
) -> None:
    status, answer = operator.change({"agents": {"writer": {"model": "smal", "temprature": 1}}})
    assert status == 422 and answer["code"] == "configuration_refused"
    assert {(each["path"], each["code"]) for each in answer["errors"]} == {
        ("agents.writer.model", "unknown_reference"),
        ("agents.writer.temprature", "unknown_key"),
    }
    assert answering_model(gateway) == "large" and operator.read()["drift"] == 0


def test_two_who_saw_the_same_revision_do_not_overwrite_one_another(operator: Operator) -> None:
    base = operator.read()["number"]
    assert operator.change({"agents": {"writer": {"model": "small"}}}, base=base)[0] == 201
    status, answer = operator.change({"agents": {"writer": {"description": "x"}}}, base=base)
    assert (status, answer["code"]) == (409, "stale_revision")


def test_a_proposal_tells_what_would_change_and_changes_nothing(gateway: RunningGateway, operator: Operator) -> None:
    body = {"set": {"agents": {"writer": {"model": "small"}}}}
    status, answer = operator.call("POST", "/api/v1/configuration/propose", body)
    assert (status, answer["ok"], len(answer["changes"])) == (200, True, 1)
    assert answering_model(gateway) == "large"


def test_unset_and_null_are_two_things(gateway: RunningGateway, operator: Operator) -> None:
    operator.change({"agents": {"writer": {"model": "small"}, "reader": None}})
    assert gateway.chat("agent:reader")[0] == 404
    assert operator.call("POST", "/api/v1/configuration/changes", {"unset": ["agents.reader"]})[0] == 201
    assert answering_model(gateway, "reader") == "large" and answering_model(gateway) == "small"
    assert operator.call("POST", "/api/v1/configuration/changes", {"unset": ["agents.reader"]})[0] == 422


def test_a_rollback_restores_what_was_stored_and_is_a_revision_of_its_own(
    gateway: RunningGateway, operator: Operator
) -> None:
    first = operator.read()["number"]
    operator.change({"agents": {"writer": {"model": "small"}}})
    status, answer = operator.call("POST", "/api/v1/configuration/rollback", {"number": first, "reason": "worse"})
    assert (status, answer["number"]) == (201, first + 2)
    assert answering_model(gateway) == "large"
    listed = operator.read("/revisions")["revisions"]
    assert [each["origin"] for each in listed[:3]] == ["rollback", "api", "start"]
    changes = operator.read(f"/diff?from={first}&to={first + 1}")["changes"]
    assert changes == [{"path": "agents.writer.model", "kind": "changed", "old": "large", "new": "small"}]
    assert operator.call("POST", "/api/v1/configuration/rollback", {"number": 999})[0] == 404


def test_an_export_puts_the_stored_layer_into_the_file_and_keeps_comments(
    gateway: RunningGateway, operator: Operator
) -> None:
    operator.change({"agents": {"writer": {"model": "small"}}})
    answer = operator.read("/export")
    (file,) = answer["files"]
    assert file["content"] == gateway.config.read_text().replace("writer: {model: large", "writer: {model: small")
    assert "# the good one" in file["content"] and "-  writer: {model: large" in answer["patch"]


def test_where_the_file_alone_counts_nothing_else_changes_it(simulator: str, tmp_path: Path) -> None:
    with (
        run_gateway(tmp_path, f"source: file\n{DOCUMENT.format(url=simulator)}") as gateway,
        Operator(gateway) as operator,
    ):
        for path, body in (
            ("/api/v1/configuration/changes", {"set": {"agents": {"writer": {"model": "small"}}}}),
            ("/api/v1/configuration/rollback", {"number": 1}),
        ):
            status, answer = operator.call("POST", path, body)
            assert (status, answer["code"]) == (409, "source_is_file")
        status, answer = operator.call("POST", "/api/agents/writer/model", {"model_id": "small", "reason": "x"})
        assert (status, answer["code"]) == (409, "source_is_file")
        assert operator.read()["source"] == "file"


def test_most_of_it_does_not_vanish_by_accident(simulator: str, tmp_path: Path) -> None:
    agents = "".join(f"  extra{number}: {{model: large}}\n" for number in range(20))
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator) + agents) as gateway, Operator(gateway) as operator:
        gateway.config.write_text(DOCUMENT.format(url=simulator))
        problem = await_value(lambda: next(iter(operator.read()["rejected"]), None))
        assert problem["code"] == "suspicious_shrink"
        assert answering_model(gateway, "extra3") == "large"
        status, answer = operator.call("POST", "/api/v1/configuration/reload", {"force": True})
        assert (status, answer["ok"]) == (200, True)
        assert gateway.chat("agent:extra3")[0] == 404 and operator.read()["rejected"] == []
