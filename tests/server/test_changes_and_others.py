"""What must not come of a change: a key that follows it, a refusal that outlasts it, two gateways in one database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from operating import Operator
from test_changes import DOCUMENT, answering_model
from test_starting import refuse_start

from running import RunningGateway, await_value, run_gateway

CHANGES = "/api/v1/configuration/changes"


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("hostile"), DOCUMENT.format(url=simulator)) as running:
        yield running


@pytest.fixture
def operator(gateway: RunningGateway) -> Iterator[Operator]:
    with Operator(gateway) as calls:
        yield calls


def test_a_key_is_not_sent_to_another_host_by_accident(operator: Operator) -> None:
    elsewhere = {"base_url": "https://elsewhere.example.com/v1"}
    status, answer = operator.change({"providers": {"openai": elsewhere}})
    assert status == 422 and "key_required_for_new_host" in [each["code"] for each in answer["errors"]]
    named = elsewhere | {"api_key": {"env": "POINTSMAN_OTHER_KEY"}}
    assert operator.change({"providers": {"openai": named}})[0] == 201


def test_files_that_were_refused_count_once_nothing_speaks_against_them(simulator: str, tmp_path: Path) -> None:
    text = DOCUMENT.format(url=simulator)
    with run_gateway(tmp_path, text) as gateway, Operator(gateway) as operator:
        assert operator.change({"agents": {"reader": {"model": "small"}}})[0] == 201
        gateway.config.write_text("".join(line for line in text.splitlines(keepends=True) if "small:" not in line))
        await_value(lambda: operator.read()["rejected"] or None)
        assert operator.call("POST", CHANGES, {"unset": ["agents.reader.model"]})[0] == 201
        await_value(lambda: True if "small" not in operator.read()["models"] else None)
        assert operator.read()["rejected"] == [] and answering_model(gateway, "reader") == "large"


def test_one_database_is_one_gateways(simulator: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    text = DOCUMENT.format(url=simulator) + f"storage: {{url: 'sqlite:///{tmp_path}/shared.db'}}\n"
    with run_gateway(first, text):
        code, message = refuse_start(second, document=text)
        assert code == 78 and "storage.url" in message
    with run_gateway(second, text) as gateway:
        assert gateway.get("/health") == {"status": "ok"}
