"""`/api/v1/keys`: what a key may do can be changed, its text replaced, and each refusal says what to do."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from operating import Operator

from running import RunningGateway, run_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
models:
  large: {{provider: simulated, model_id: simulated-large}}
  small: {{provider: simulated, model_id: simulated-small}}
agents:
  writer: {{model: large, fallback: [small]}}
"""
LIMITS = {
    "budgets": ["$5/day", "$100/month Europe/Berlin"],
    "requests_per_minute": 60,
    "tokens_per_minute": 90_000,
    "concurrent": 4,
    "strict": True,
    "max_cost_per_request": "0.50",
    "clamp": True,
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


def patch(operator: Operator, made: dict[str, Any], **fields: object) -> dict[str, Any]:
    status, answer = operator.call("PATCH", f"/api/v1/keys/{made['id']}", fields)
    assert status == 200, answer
    return dict(answer)


def knock(gateway: RunningGateway, key: str) -> tuple[int, str]:
    """Status and code of a call with a key."""
    try:
        gateway.get("/v1/models", key=key)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())["error"]["code"]
    return 200, ""


def send(gateway: RunningGateway, method: str, path: str, if_match: str, body: object = None) -> tuple[int, str, Any]:
    """Status, ETag and answer of a change for one version."""
    headers = {"authorization": f"Bearer {gateway.admin_key}", "content-type": "application/json", "if-match": if_match}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(gateway.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return answer.status, answer.headers.get("etag", ""), json.loads(text) if text else None
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, "", json.loads(refused.read())


def test_what_a_key_may_use_up_is_shown_as_it_was_said(operator: Operator) -> None:
    made = create(operator, **LIMITS, agents=["writer"], models=["small"])
    assert {name: made[name] for name in LIMITS} == LIMITS | {"max_cost_per_request": "0.5"}
    assert made["models"] == ["small", "agent:writer"] and made["warnings"] == []
    status, shown = operator.call("GET", f"/api/v1/keys/{made['id']}")
    assert (status, shown) == (200, {name: made[name] for name in made if name not in ("key", "warnings")})
    assert operator.call("GET", "/api/v1/keys/key_nobody")[0] == 404


def test_a_change_counts_from_the_next_request_on(gateway: RunningGateway, operator: Operator) -> None:
    made = create(operator, models=["small"], **LIMITS)
    assert {entry["id"] for entry in gateway.get("/v1/models", key=made["key"])["data"]} == {"small"}
    changed = patch(operator, made, models=["large"], budgets=["$9/week"], requests_per_minute=None, reason="more")
    assert {entry["id"] for entry in gateway.get("/v1/models", key=made["key"])["data"]} == {"large"}
    assert (changed["budgets"], changed["requests_per_minute"], changed["concurrent"]) == (["$9/week"], None, 4)
    entry = operator.call("GET", "/api/v1/audit?limit=1")[1]["entries"][0]
    assert (entry["action"], entry["subject"], entry["reason"]) == ("key.update", f"key:{made['id']}", "more")
    assert entry["details"]["requests_per_minute"] == {"from": 60, "to": None}


def test_agents_alone_replace_agents_and_never_open_everything(operator: Operator) -> None:
    made = create(operator, agents=["*"], models=["small"])
    assert patch(operator, made, agents=["writer"])["models"] == ["small", "agent:writer"]
    assert patch(operator, made, models=["agent:writer"])["models"] == ["agent:writer"]
    status, answer = operator.call("PATCH", f"/api/v1/keys/{made['id']}", {"agents": []})
    assert (status, answer["errors"][0]["path"]) == (422, "/agents")
    assert patch(operator, made, models=[])["models"] == []


def test_a_change_is_for_the_version_that_it_names(gateway: RunningGateway, operator: Operator) -> None:
    made = create(operator)
    path = f"/api/v1/keys/{made['id']}"
    status, etag, _ = send(gateway, "GET", path, "*")
    assert (status, etag) == (200, '"1"')
    assert send(gateway, "PATCH", path, '"1"', {"strict": True})[:2] == (200, '"2"')
    for method, where, body in (
        ("PATCH", path, {"strict": False}),
        ("POST", f"{path}/rotate", {}),
        ("DELETE", path, None),
    ):
        for stale in ('"1"', "x", '"²"'):
            status, _, answer = send(gateway, method, where, stale.encode().decode("latin-1"), body)
            assert (status, answer["code"]) == (412, "stale_revision")
    assert send(gateway, "DELETE", path, '"2"')[0] == 204
    assert operator.call("PATCH", path, {"strict": True})[0] == 404


def test_a_rotated_key_works_by_both_texts_and_without_grace_by_one(
    gateway: RunningGateway, operator: Operator
) -> None:
    made = create(operator, **LIMITS)
    status, second = operator.call("POST", f"/api/v1/keys/{made['id']}/rotate")
    assert (status, second["id"], second["budgets"]) == (200, made["id"], LIMITS["budgets"])
    assert second["former_until"] and second["key"] not in (made["key"], second["display"])
    assert [knock(gateway, key)[0] for key in (made["key"], second["key"])] == [200, 200]
    third = operator.call("POST", f"/api/v1/keys/{made['id']}/rotate", {"grace": "0"})[1]
    assert [knock(gateway, each["key"])[0] for each in (made, second, third)] == [401, 401, 200]
    listed = operator.call("GET", f"/api/v1/keys/{made['id']}")[1]
    assert listed["former_until"] is None and listed["rotated_at"] and listed["last_used_at"]
    assert operator.call("POST", f"/api/v1/keys/{made['id']}/rotate", {"grace": "31d"})[0] == 422
    assert operator.call("POST", "/api/v1/keys/key_nobody/rotate")[0] == 404


def test_expired_revoked_and_unknown_keys_get_one_answer_and_disabled_ones_another(
    gateway: RunningGateway, operator: Operator
) -> None:
    brief = create(operator, expires="1s")
    made = datetime.fromisoformat(brief["created_at"])
    assert (datetime.fromisoformat(brief["expires_at"]) - made).total_seconds() == 1
    while knock(gateway, brief["key"]) == (200, ""):
        assert (datetime.now(made.tzinfo) - made).total_seconds() < 30
    assert knock(gateway, brief["key"]) == (401, "invalid_api_key")
    assert operator.call("GET", f"/api/v1/keys/{brief['id']}")[1]["state"] == "expired"
    assert patch(operator, brief, expires=None)["state"] == "live"
    assert knock(gateway, brief["key"]) == (200, "")
    assert patch(operator, brief, disabled=True)["state"] == "disabled"
    assert knock(gateway, brief["key"]) == (403, "key_disabled")
    assert operator.call("DELETE", f"/api/v1/keys/{brief['id']}?reason=done")[0] == 204
    assert knock(gateway, brief["key"]) == (401, "invalid_api_key")


SECRET = "pm_" + "a" * 49
BAD: dict[str, tuple[dict[str, object], str, str]] = {
    "a float": ({"budgets": [5.5]}, "/budgets/0", "invalid_value"),
    "a comma": ({"budgets": ["500,00/day"]}, "/budgets/0", "invalid_money"),
    "an exponent": ({"budgets": ["$1/day", "1e3/day"]}, "/budgets/1", "invalid_money"),
    "too much": ({"budgets": ["$9000001/day"]}, "/budgets/0", "invalid_money"),
    "another currency": ({"max_cost_per_request": "5 EUR"}, "/max_cost_per_request", "invalid_money"),
    "no window": ({"budgets": ["$5/decade"]}, "/budgets/0", "invalid_value"),
    "no zone": ({"budgets": ["$5/day Mars/Phobos"]}, "/budgets/0", "invalid_value"),
    "nothing, unconfirmed": ({"budgets": ["$0/day"]}, "/budgets/0", "invalid_money"),
    "too many budgets": ({"budgets": ["$1/day"] * 17}, "/budgets", "invalid_value"),
    "a rate of none": ({"requests_per_minute": 0}, "/requests_per_minute", "invalid_value"),
    "half a call": ({"concurrent": 1.5}, "/concurrent", "invalid_value"),
    "the past": ({"expires": "2020-01-31"}, "/expires", "invalid_value"),
    "no day": ({"expires": "2027-02-30"}, "/expires", "invalid_value"),
    "far away": ({"expires": "9999-12-31T23:59:59-23:59"}, "/expires", "invalid_value"),
    "a number of days": ({"expires": 30}, "/expires", "invalid_value"),
    "what only we write": ({"within": [["small"]]}, "/within", "unknown_field"),
    "what only we count": ({"version": 7}, "/version", "unknown_field"),
}


@pytest.mark.parametrize(("fields", "path", "code"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_is_refused_with_its_place(
    operator: Operator, fields: dict[str, object], path: str, code: str
) -> None:
    made = create(operator)
    for status, answer in (
        operator.call("POST", "/api/v1/keys", {"name": "bad"} | fields),
        operator.call("PATCH", f"/api/v1/keys/{made['id']}", fields),
    ):
        assert (status, [(error["path"], error["code"]) for error in answer["errors"]]) == (422, [(path, code)])
    assert operator.call("GET", f"/api/v1/keys/{made['id']}")[1]["version"] == 1


def test_a_budget_of_nothing_can_be_meant(operator: Operator) -> None:
    assert create(operator, budgets=["$0/day"], confirm_zero=True)["budgets"] == ["$0/day"]


def test_no_reason_holds_a_key(operator: Operator) -> None:
    status, answer = operator.call("POST", "/api/v1/keys", {"name": "x", "reason": f"instead of {SECRET}"})
    assert status == 422 and SECRET not in json.dumps(answer)
