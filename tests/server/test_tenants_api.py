"""`/api/v1/teams` and `/api/v1/users`: registered, changed and deleted; what holds for them holds for their keys."""

import json
import urllib.error
from collections.abc import Iterator
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
"""
KINDS = ["team", "user"]


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("gateway"), DOCUMENT.format(url=simulator)) as running:
        yield running


@pytest.fixture
def operator(gateway: RunningGateway) -> Iterator[Operator]:
    with Operator(gateway) as calls:
        yield calls


def make(operator: Operator, resource: str, **fields: object) -> dict[str, Any]:
    status, answer = operator.call("POST", f"/api/v1/{resource}", fields)
    assert status == 201, answer
    return dict(answer)


def knock(gateway: RunningGateway, key: str) -> tuple[int, str]:
    try:
        gateway.get("/v1/models", key=key)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())["error"]["code"]
    return 200, ""


@pytest.mark.parametrize("kind", KINDS)
def test_one_is_made_shown_changed_and_deleted(operator: Operator, kind: str) -> None:
    made = make(operator, f"{kind}s", id="a-1", name="Döner & Söhne", budgets=["$5/day"], concurrent=3)
    assert (made["name"], made["budgets"], made["concurrent"], made["version"]) == ("Döner & Söhne", ["$5/day"], 3, 1)
    path = f"/api/v1/{kind}s/a-1"
    shown = operator.call("GET", path)[1]
    assert shown == {name: value for name, value in made.items() if name != "warnings"}
    assert operator.call("GET", f"/api/v1/{kind}s")[1] == {f"{kind}s": [shown]}
    changed = operator.call("PATCH", path, {"concurrent": None, "models": ["smal"]})[1]
    assert (changed["concurrent"], changed["budgets"], changed["version"]) == (None, ["$5/day"], 2)
    assert [(each["path"], each["suggestion"]) for each in changed["warnings"]] == [("/models/0", "small")]
    status, refused = operator.call("POST", f"/api/v1/{kind}s", {"id": "a-1"})
    assert (status, refused["code"]) == (409, "already_exists")
    assert operator.call("DELETE", f"{path}?reason=a%20test")[0] == 204
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        status, refused = operator.call(method, path, body)
        assert (status, refused["code"]) == (404, "not_found")


@pytest.mark.parametrize("kind", KINDS)
def test_its_keys_are_disabled_with_it_and_ask_for_no_more_than_it_may(
    gateway: RunningGateway, operator: Operator, kind: str
) -> None:
    key = make(operator, "keys", name="k", **{kind: "b"})
    assert [warning["path"] for warning in key["warnings"]] == [f"/{kind}"]
    make(operator, f"{kind}s", id="b", models=["small"])
    assert {entry["id"] for entry in gateway.get("/v1/models", key=key["key"])["data"]} == {"small"}
    assert operator.call("PATCH", f"/api/v1/{kind}s/b", {"disabled": True})[0] == 200
    assert knock(gateway, key["key"]) == (403, "key_disabled")
    assert operator.call("GET", f"/api/v1/keys/{key['id']}")[1]["state"] == "disabled"
    assert operator.call("PATCH", f"/api/v1/{kind}s/b", {"disabled": False, "models": []})[0] == 200
    assert knock(gateway, key["key"]) == (200, "")
    status, refused = operator.call("DELETE", f"/api/v1/{kind}s/b")
    assert (status, refused["code"]) == (409, "in_use") and key["id"] in refused["detail"]


def test_a_key_with_another_team_than_its_user_is_warned_of(operator: Operator) -> None:
    make(operator, "teams", id="editorial")
    assert make(operator, "users", id="ada@example.com", team="editorial")["warnings"] == []
    assert [each["path"] for each in make(operator, "users", id="bob", team="editoral")["warnings"]] == ["/team"]
    made = make(operator, "keys", name="k", user="ada@example.com", team="billing")
    assert [(each["path"], each["code"]) for each in made["warnings"]] == [
        ("/team", "unknown_reference"),
        ("/team", "conflict"),
    ]


SECRET = "pm_" + "a" * 49
BAD: dict[str, tuple[dict[str, object], str]] = {
    "no id": ({"name": "x"}, "/id"),
    "a star": ({"id": "*"}, "/id"),
    "a path": ({"id": "../keys"}, "/id"),
    "a blank": ({"id": "a b"}, "/id"),
    "a colon": ({"id": "team:a"}, "/id"),
    "a long id": ({"id": "x" * 129}, "/id"),
    "a key as an id": ({"id": SECRET}, "/id"),
    "a key as a name": ({"id": "x", "name": SECRET}, "/name"),
    "a control character": ({"id": "x", "name": "a\x1b[2J"}, "/name"),
    "half a surrogate pair": ({"id": "x", "name": "\ud800"}, "/name"),
    "money as a number": ({"id": "x", "budgets": [5]}, "/budgets/0"),
    "what only we count": ({"id": "x", "version": 2}, "/version"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("fields", "path"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_is_refused_with_its_place(
    operator: Operator, kind: str, fields: dict[str, object], path: str
) -> None:
    before = operator.call("GET", f"/api/v1/{kind}s")[1]
    status, answer = operator.call("POST", f"/api/v1/{kind}s", fields)
    assert (status, [error["path"] for error in answer["errors"]]) == (422, [path])
    assert SECRET not in json.dumps(answer)
    assert operator.call("GET", f"/api/v1/{kind}s")[1] == before


def test_a_team_has_no_team(operator: Operator) -> None:
    assert operator.call("POST", "/api/v1/teams", {"id": "x", "team": "y"})[0] == 422


def test_they_survive_a_restart_and_need_the_admin_key(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as first:
        with Operator(first) as operator:
            team = make(operator, "teams", id="t", budgets=["$5/day alert"], disabled=True)
            key = make(operator, "keys", name="k", team="t")
        first.kill()
    with start_gateway(first.config, first.home) as again, Operator(again) as operator:
        assert knock(again, key["key"]) == (403, "key_disabled")
        shown = operator.call("GET", "/api/v1/teams/t")[1]
        assert shown == {name: value for name, value in team.items() if name != "warnings"}
        for resource in ("teams", "users", "teams/t", f"keys/{key['id']}"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                again.get(f"/api/v1/{resource}", key=again.api_key)
            with refused.value as answer:
                assert answer.code == 401
