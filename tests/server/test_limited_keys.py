"""Keys with a policy: made once, listed, kept over a restart; what they may not ask for does not exist for them."""

import json
import sqlite3
import urllib.error
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from operating import Operator

from running import RunningGateway, run_gateway, start_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
models:
  large: {{provider: simulated, model_id: simulated-large}}
  small: {{provider: simulated, model_id: simulated-small}}
agents:
  writer: {{model: large, fallback: [small]}}
  reader: {{model: small}}
tasks:
  review: {{model: large}}
routing:
  aliases: {{fast: small, best: "agent:writer"}}
"""

EVERYTHING = {"agent:writer", "agent:reader", "task:review", "large", "small", "fast", "best"}
FIELDS = {
    "team": "billing",
    "user": "ada@example.com",
    "tags": ["nightly", "eu"],
    "models": ["agent:writer", "small"],
    "privacy": "high",
    "detect": "always",
    "strategies": ["balanced"],
    "budget_mode": True,
}
WITHOUT = {
    "team": None,
    "user": None,
    "tags": [],
    "models": [],
    "privacy": None,
    "detect": None,
    "strategies": [],
    "budget_mode": False,
}


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("gateway"), DOCUMENT.format(url=simulator)) as running:
        yield running


@pytest.fixture
def operator(gateway: RunningGateway) -> Iterator[Operator]:
    with Operator(gateway) as calls:
        yield calls


def create(operator: Operator, **fields: object) -> dict[str, Any]:
    status, answer = operator.call("POST", "/api/v1/keys", {"name": "a test"} | fields)
    assert status == 201, answer
    return dict(answer)


def find(operator: Operator, key_id: str) -> dict[str, Any]:
    (found,) = (key for key in operator.call("GET", "/api/v1/keys")[1]["keys"] if key["id"] == key_id)
    return dict(found)


def list_names(gateway: RunningGateway, key: str) -> set[str]:
    return {entry["id"] for entry in gateway.get("/v1/models", key=key)["data"]}


def refuse(gateway: RunningGateway, name: str, key: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(urllib.error.HTTPError) as refused:
        gateway.get(f"/v1/models/{name}", key=key)
    with refused.value as answer:
        return answer.code, json.loads(answer.read())["error"] | {"request_id": ""}


def test_a_key_is_shown_with_all_that_it_was_made_with(operator: Operator) -> None:
    made = create(operator, **FIELDS)
    assert [warning["path"] for warning in made["warnings"]] == ["/team", "/user"]
    found = find(operator, made["id"])
    assert found == {name: value for name, value in made.items() if name not in ("key", "warnings")}
    assert {name: found[name] for name in FIELDS} == FIELDS and found["problem"] is None
    assert made["key"] not in json.dumps(found)


def test_a_key_made_from_a_name_alone_may_ask_for_everything(gateway: RunningGateway, operator: Operator) -> None:
    made = create(operator)
    assert {name: made[name] for name in WITHOUT} == WITHOUT
    assert list_names(gateway, made["key"]) == list_names(gateway, gateway.api_key) == EVERYTHING


def test_what_is_listed_twice_counts_once(operator: Operator) -> None:
    assert create(operator, models=["small", "large", "small"], tags=["a", "a"])["models"] == ["small", "large"]


@pytest.mark.parametrize(
    ("models", "names"),
    [
        (["large"], {"large"}),
        (["small"], {"small", "fast"}),
        (["fast"], {"fast"}),
        (["agent:writer"], {"agent:writer", "best"}),
        (["agent:*"], {"agent:writer", "agent:reader", "best"}),
        (["task:*", "best"], {"task:review", "best"}),
        (["nothing"], set()),
    ],
)
def test_a_key_sees_what_it_may_ask_for(
    gateway: RunningGateway, operator: Operator, models: list[str], names: set[str]
) -> None:
    key = create(operator, models=models)["key"]
    assert list_names(gateway, key) == names
    for name in EVERYTHING & names:
        assert gateway.get(f"/v1/models/{name}", key=key)["id"] == name
    for name in EVERYTHING - names:
        status, error = refuse(gateway, name, key)
        assert (status, error["code"]) == (404, "model_not_found")


def test_what_a_key_may_not_ask_for_is_answered_like_what_is_not_there(
    gateway: RunningGateway, operator: Operator
) -> None:
    key = create(operator, models=["small"])["key"]
    hidden, absent = refuse(gateway, "large", key), refuse(gateway, "larch", key)
    assert hidden[1]["message"].replace("large", "larch") == absent[1].pop("message")
    hidden[1].pop("message")
    assert hidden == absent


def test_names_that_nothing_answers_to_are_made_with_a_warning(operator: Operator) -> None:
    listed = ["smal", "reader", "agent:*", "auto", "small*", "fast", "task:review"]
    made = create(operator, models=listed, strategies=["*", "balanced", "blanced"])
    assert made["models"] == listed
    warnings = [(one["path"], one["code"], one["suggestion"]) for one in made["warnings"]]
    assert warnings == [
        ("/models/0", "unknown_reference", "small"),
        ("/models/1", "unknown_reference", "agent:reader"),
        ("/models/4", "unknown_reference", None),
        ("/strategies/2", "unknown_reference", "balanced"),
    ]
    assert "a star stands for all of a kind" in made["warnings"][2]["message"]


SECRET = "pm_" + "a" * 49
BAD = {
    "unknown field": ({"modles": ["small"]}, "/modles"),
    "a text for a list": ({"models": "small"}, "/models"),
    "an empty name": ({"models": [""]}, "/models/0"),
    "blanks": ({"models": [" small"]}, "/models/0"),
    "a control character": ({"models": ["sm\x1ball"]}, "/models/0"),
    "a C1 control character": ({"team": "x\x9b2J"}, "/team"),
    "half a surrogate pair": ({"user": "\ud800"}, "/user"),
    "an empty team": ({"team": ""}, "/team"),
    "too long a user": ({"user": "x" * 129}, "/user"),
    "a comma in a tag": ({"tags": ["a,b"]}, "/tags/0"),
    "too many tags": ({"tags": [str(number) for number in range(17)]}, "/tags"),
    "too many models": ({"models": [str(number) for number in range(65)]}, "/models"),
    "an unknown label": ({"privacy": "utmost"}, "/privacy"),
    "an unknown way": ({"detect": "never"}, "/detect"),
    "a number for a switch": ({"budget_mode": 1}, "/budget_mode"),
    "a key as a team": ({"team": SECRET}, "/team"),
    "a key as a name": ({"name": SECRET}, "/name"),
}


@pytest.mark.parametrize(("fields", "path"), BAD.values(), ids=BAD.keys())
def test_a_policy_that_cannot_be_is_refused_and_says_where(
    operator: Operator, fields: dict[str, object], path: str
) -> None:
    before = operator.call("GET", "/api/v1/keys")[1]
    status, answer = operator.call("POST", "/api/v1/keys", {"name": "bad"} | fields)
    assert (status, [error["path"] for error in answer["errors"]]) == (422, [path])
    assert SECRET not in json.dumps(answer)
    assert operator.call("GET", "/api/v1/keys")[1] == before


def test_policies_survive_a_restart_and_one_that_cannot_be_read_opens_nothing(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as first:
        with Operator(first) as operator:
            kept, broken = create(operator, models=["small"]), create(operator, models=["small"])
        first.kill()
    with closing(sqlite3.connect(first.home / "pointsman.db")) as connection, connection:
        connection.execute('UPDATE virtual_keys SET policy = \'{"hours":"9-17"}\' WHERE id = ?', (broken["id"],))
    with start_gateway(first.config, first.home) as again, Operator(again) as operator:
        told = again.await_log("keys_unusable")
        assert (told["level"], told["count"]) == ("warning", 1) and "pointsman keys list" in told["message"]
        assert list_names(again, kept["key"]) == {"small", "fast"}
        with pytest.raises(urllib.error.HTTPError) as refused:
            again.get("/v1/models", key=broken["key"])
        with refused.value as answer:
            assert (answer.code, json.loads(answer.read())["error"]["code"]) == (401, "invalid_api_key")
        assert "cannot be read" in find(operator, broken["id"])["problem"]
        assert find(operator, kept["id"])["problem"] is None
        assert operator.call("DELETE", f"/api/v1/keys/{broken['id']}")[0] == 204
