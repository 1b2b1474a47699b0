"""The configuration API against hostile input: a mistake is a 4xx that says what to do, and nothing changes by it."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from operating import Operator
from test_changes import DOCUMENT, answering_model

from running import RunningGateway, run_gateway

ROOT = "/api/v1/configuration"
CHANGES = f"{ROOT}/changes"
SECRET = "sk-" + "a1B2c3D4" * 4
LONGEST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """One gateway that nothing in this module changes."""
    with run_gateway(tmp_path_factory.mktemp("hostile"), DOCUMENT.format(url=simulator)) as running:
        yield running


@pytest.fixture
def unchanged(gateway: RunningGateway) -> Iterator[RunningGateway]:
    """The gateway, which must be exactly as it was when the test ends, and have no fault in its log."""
    with Operator(gateway) as operator:
        before, lines = operator.read(), len(gateway.log)
        yield gateway
        assert operator.read() == before
    assert answering_model(gateway) == "large"
    assert [line for line in gateway.log[lines:] if line["level"] == "error"] == []


def send(gateway: RunningGateway, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
    """A request of an operator's, unless `authorization` says something else."""
    fields = {"authorization": f"Bearer {gateway.admin_key}", "content-type": "application/json"} | headers
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=30)
    try:
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read())
    finally:
        connection.close()


def nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    return b'{"set":{"agents":' + opening * depth + b"1" + closing * depth + b"}}"


def setting(**sections: object) -> bytes:
    return json.dumps({"set": sections}).encode()


def writer(**fields: object) -> bytes:
    return setting(agents={"writer": fields})


HOSTILE: dict[str, tuple[bytes, int]] = {
    "no JSON": (b"{", 422),
    "nothing": (b"", 422),
    "a list": (b"[]", 422),
    "a text": (b'"x"', 422),
    "null": (b"null", 422),
    "10,000 lists": (nested(b"[", b"]", 10_000), 400),
    "10,000 objects": (nested(b'{"a":', b"}", 10_000), 400),
    "900 lists": (nested(b"[", b"]", 900), 422),
    "900 objects": (nested(b'{"a":', b"}", 900), 422),
    "33 objects": (nested(b'{"a":', b"}", 33), 422),
    "2 MiB": (writer(description="a" * 2**21), 413),
    "not UTF-8": (b'{"set":{"agents":{"writer":{"description":"\xff"}}}}', 400),
    "an unknown field": (b'{"set":{},"spend":1}', 422),
    "a field that is half a character": (b'{"\\ud800":1}', 422),
    "fields of other types": (b'{"set":[1],"unset":{"a":1},"force":"yes","replace":1,"author":5,"reason":null}', 422),
    "NaN": (b'{"set":{"agents":{"writer":{"parameters":{"temperature":NaN}}}}}', 422),
    "Infinity": (b'{"set":{"agents":{"writer":{"description":-Infinity}}}}', 422),
    "1e400": (b'{"set":{"agents":{"writer":{"parameters":{"temperature":1e400}}}}}', 422),
    "5,000 digits": (b'{"set":{"agents":{"writer":{"parameters":{"seed":' + b"9" * 5_000 + b"}}}}}", 400),
    "2**70": (writer(parameters={"seed": 2**70}), 422),
    "true for a number": (writer(parameters={"max_tokens": True}), 422),
    "half a character": (b'{"set":{"agents":{"writer":{"description":"\\ud800"}}}}', 422),
    "half a character in a list": (b'{"set":{"agents":{"writer":{"tags":["\\udfff"]}}}}', 422),
    "half a character as a name": (b'{"set":{"agents":{"\\ud800":{"model":"large"}}}}', 422),
    "half a character as author": (b'{"set":{},"author":"\\ud800"}', 422),
    "half a character as reason": (b'{"set":{},"reason":"\\ud800"}', 422),
    "NUL in a name": (setting(agents={"a\0b": {"model": "large"}}), 422),
    "NUL in a value": (writer(description="a\0b"), 422),
    "text that runs backwards": (writer(description="a\u202eb"), 422),
    "60,000 keys": (setting(**{str(number): 1 for number in range(60_000)}), 422),
    "100,000 keys": (setting(**{f"key{number}": 1 for number in range(100_000)}), 413),
    "dots in a name": (setting(agents={"a.b.": {"modle": "large"}}), 422),
    "quotes in a name": (setting(agents={'q"q': {"model": "large"}}), 422),
    "a line end in a name": (setting(agents={"n\nn": {"model": "large"}}), 422),
    "no name": (setting(agents={"": {"model": "large"}}), 422),
    "names of other languages' insides": (setting(__proto__={"x": 1}, constructor={}, __class__="x"), 422),
    "a section taken away": (setting(providers=None), 422),
    "a section that is a list": (setting(agents=[]), 422),
    "a section that is a text": (setting(agents="x"), 422),
    "what only files may say": (setting(include=["../../etc/passwd"]), 422),
    "an address to listen on": (setting(server={"listen": "0.0.0.0:1"}), 422),
    "further variables": (setting(security={"environment_variables": ["AWS_SECRET_ACCESS_KEY"]}), 422),
    "an author of two lines": (b'{"set":{},"author":"a\\r\\nx-other: b"}', 422),
    "an author too long": (b'{"author":"' + b"a" * 129 + b'"}', 422),
    "a reason of 1 MiB": (b'{"reason":"' + b"x" * 1_000_000 + b'"}', 422),
    "base as a fraction": (b'{"base":1.5}', 422),
    "base as true": (b'{"base":true}', 422),
    "base as 1e400": (b'{"base":1e400}', 422),
    "1,001 paths": (json.dumps({"unset": ["agents.x"] * 1_001}).encode(), 422),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_change_is_refused_and_changes_nothing(unchanged: RunningGateway, name: str) -> None:
    body, status = HOSTILE[name]
    for path in (CHANGES, f"{ROOT}/propose"):
        answer = send(unchanged, "POST", path, body)
        if path == CHANGES or answer.status != 200:
            assert answer.status == status, answer.body[:300]
            assert answer.code and len(answer.body) < LONGEST_ANSWER
        else:
            assert json.loads(answer.body)["ok"] is False, answer.body[:300]


@pytest.mark.parametrize("base", [-1, 0, 2**31, 2**63, 10**30])
def test_a_base_that_is_not_the_newest_revision_is_stale(unchanged: RunningGateway, base: int) -> None:
    answer = send(unchanged, "POST", CHANGES, json.dumps({"base": base}).encode())
    assert (answer.status, answer.code) == (409, "stale_revision")


@pytest.mark.parametrize(
    "path",
    [
        *("", ".", "..", "a..b", ".agents", "agents.", "agents.*", "*", "\n", "\0", "é", '"', "__proto__", "x" * 513),
        *(
            "[",
            "[[[[[",
            "[0]",
            'agents["',
            "agents['writer']",
            "agents.writer[0]",
            "agents.writer.tags[" + "9" * 30 + "]",
        ),
    ],
)
def test_what_is_not_stored_cannot_be_unset(unchanged: RunningGateway, path: str) -> None:
    answer = send(unchanged, "POST", CHANGES, json.dumps({"unset": [path]}).encode())
    assert answer.status == 422 and answer.code in ("invalid_change", "invalid_request")


SECRETS: dict[str, bytes] = {
    "as a key": setting(providers={"simulated": {"api_key": SECRET}}),
    "in a text": writer(description=f"use {SECRET}"),
    "in a list": writer(tags=["x", SECRET]),
    "as a name": setting(agents={SECRET: {"model": "large"}}),
    "as the name of an unknown key": writer(**{SECRET: 1}),
    "as a reference": writer(model=SECRET),
    "in a header": setting(providers={"simulated": {"headers": {"x-key": SECRET}}}),
    "below an unknown key": setting(other={"a": [{"b": SECRET}]}),
    "in an environment": setting(environments={"production": {"agents": {"writer": {"description": SECRET}}}}),
    "in the reason": json.dumps({"reason": f"because {SECRET}"}).encode(),
    "as the author": json.dumps({"author": SECRET}).encode(),
    "in a path": json.dumps({"unset": [f"agents.{SECRET}"]}).encode(),
}


def test_a_secret_is_refused_wherever_it_stands_and_repeated_nowhere(unchanged: RunningGateway) -> None:
    for name, body in SECRETS.items():
        for path in (CHANGES, f"{ROOT}/propose"):
            answer = send(unchanged, "POST", path, body)
            refused = answer.status == 422 or json.loads(answer.body).get("ok") is False
            assert refused or path != CHANGES, (name, answer.body)
            assert SECRET.encode() not in answer.body, (name, answer.body)
    for path in (f"{ROOT}/explain?path=agents.{SECRET}", f"{ROOT}/effective?layer={SECRET}", f"{ROOT}/export"):
        assert SECRET.encode() not in send(unchanged, "GET", path).body
    for body in (
        {"model_id": SECRET},
        {"model_id": "small", "reason": SECRET},
        {"model_id": "small", "author": SECRET},
    ):
        answer = send(unchanged, "POST", "/api/agents/writer/model", json.dumps(body).encode())
        assert answer.status == 422 and SECRET.encode() not in answer.body
    assert SECRET not in json.dumps(unchanged.log)
    assert [file for file in unchanged.home.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()] == []


def test_what_looks_like_a_key_is_named_as_such(unchanged: RunningGateway) -> None:
    answer = send(unchanged, "POST", CHANGES, SECRETS["as a key"])
    (problem,) = json.loads(answer.body)["errors"]
    assert (problem["path"], problem["code"]) == ("providers.simulated.api_key", "inline_secret")


READINGS = {
    "/revisions?limit=0": 422,
    "/revisions?limit=-1": 422,
    "/revisions?limit=1000000000": 422,
    "/revisions?limit=x": 422,
    "/revisions?before=0": 422,
    f"/revisions?before={2**70}": 200,
    f"/revisions/{2**70}": 404,
    "/revisions/-1": 404,
    "/revisions/0": 404,
    "/revisions/1.5": 422,
    "/revisions/%00": 422,
    "/revisions/" + "9" * 5_000: 422,
    "/revisions/../../keys": 404,
    "/revisions/..%2f..%2fkeys": 404,
    "/revisions/%2e%2e/keys": 404,
    f"/diff?from={2**70}&to=1": 404,
    "/diff?from=1&to=-1": 422,
    "/diff": 422,
    "/effective?layer=../file": 404,
    "/effective?layer=%ff%fe": 404,
    "/effective?layer=%ed%a0%80": 404,
    "/explain?path=": 422,
    "/explain?path=%00": 404,
    "/explain?path=%ff": 404,
    "/explain?path=%5B%5B%5B": 404,
    "/explain?path=" + "a." * 255: 404,
    "/explain?path=" + "a" * 513: 422,
    "/effective/": 404,
    "//": 404,
    "/nothing": 404,
}


@pytest.mark.parametrize("path", READINGS)
def test_a_hostile_question_gets_a_plain_answer(unchanged: RunningGateway, path: str) -> None:
    answer = send(unchanged, "GET", ROOT + path)
    assert answer.status == READINGS[path], answer.body[:300]
    assert len(answer.body) < LONGEST_ANSWER


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"number":0}', 422),
        (b'{"number":-1}', 422),
        (b'{"number":"1"}', 422),
        (b'{"number":1e300}', 422),
        (b'{"number":%d}' % 2**63, 404),
        (b'{"number":%d}' % 2**70, 404),
        (b'{"number":' + b"9" * 4_400 + b"}", 400),
        (b"{}", 422),
    ],
)
def test_a_rollback_to_nowhere_is_refused(unchanged: RunningGateway, body: bytes, status: int) -> None:
    assert send(unchanged, "POST", f"{ROOT}/rollback", body).status == status


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"force":"yes"}', b'{"force":1}', b'{"path":"/etc/passwd"}'])
def test_a_reload_takes_nothing_but_force(unchanged: RunningGateway, body: bytes) -> None:
    assert send(unchanged, "POST", f"{ROOT}/reload", body).status == 422


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_a_change_is_made_by_post_alone(unchanged: RunningGateway, method: str) -> None:
    assert send(unchanged, method, CHANGES, b"{}").status == 405


def test_nobody_changes_anything_without_the_admin_key(unchanged: RunningGateway) -> None:
    body = writer(model="small")
    for authorization in ("", "Bearer", "Bearer ", f"Bearer {unchanged.api_key}", f"Basic {unchanged.admin_key}"):
        for method, path in (
            ("POST", CHANGES),
            ("POST", f"{ROOT}/rollback"),
            ("POST", f"{ROOT}/reload"),
            ("GET", ROOT),
        ):
            assert send(unchanged, method, path, body, authorization=authorization).status == 401
    assert send(unchanged, "POST", CHANGES, b"x" * 2**21, authorization="").status == 401


@pytest.mark.parametrize("agent", ["%00", "%ff", "%ed%a0%80", "%0d%0a", "..%2f..", "a" * 5_000, "__proto__"])
def test_an_override_of_no_agent_is_refused(unchanged: RunningGateway, agent: str) -> None:
    answer = send(unchanged, "POST", f"/api/agents/{agent}/model", b'{"model_id":"small"}')
    assert answer.status == 404 and len(answer.body) < 1_024


@pytest.mark.parametrize(
    "fields",
    [
        {"model_id": ""},
        {"model_id": "\0"},
        {"model_id": "a" * 257},
        {"model_id": 5},
        {"model_id": ["small"]},
        *({"model_id": "small", "duration": each} for each in ("0s", "1s\n", "-1s", "1.5h", "٣m", "31d", "1" * 17, 5)),
        {"model_id": "small", "author": "x" * 129},
        {"model_id": "small", "author": "a\r\nb"},
        {"model_id": "small", "reason": "x" * 1_025},
        {"model_id": "small", "kind": "strategy"},
    ],
)
def test_a_hostile_override_is_refused(unchanged: RunningGateway, fields: dict[str, object]) -> None:
    answer = send(unchanged, "POST", "/api/agents/writer/model", json.dumps(fields).encode())
    assert answer.status == 422, answer.body


@pytest.mark.parametrize("name", ["x", "%00", "%ff", "%ed%a0%80", "..%2f", "a" * 5_000])
def test_an_override_that_is_not_there_cannot_be_cancelled(unchanged: RunningGateway, name: str) -> None:
    assert send(unchanged, "DELETE", f"/api/v1/overrides/{name}").status == 404
    assert send(unchanged, "DELETE", f"/api/v1/overrides/{name}?author=a%0d%0ab").status in (404, 422)


def test_a_change_that_says_nothing_is_a_revision_like_any_other(simulator: str, tmp_path: Path) -> None:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as gateway, Operator(gateway) as operator:
        before = operator.read()
        status, answer = operator.change({}, replace=True)
        assert (status, answer["number"], answer["changes"]) == (201, before["number"] + 1, [])
        assert operator.read()["revision"] == before["revision"]
