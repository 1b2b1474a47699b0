"""Hostile and mistaken requests over a real socket: the status and code that each of them gets, and never a 5xx."""

import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest

from running import RunningGateway

HELLO = {"model": "small", "messages": [{"role": "user", "content": "hi"}]}
GOOD = json.dumps(HELLO).encode()

BODIES = {
    "C01 empty": (b"", 400, "invalid_json"),
    "C02 truncated": (GOOD[:-1], 400, "invalid_json"),
    "C03 two documents": (GOOD + GOOD, 400, "invalid_json"),
    "C04 list": (b"[]", 400, "invalid_type"),
    "C05 duplicate": (b'{"model":"small",' + GOOD[1:], 400, "duplicate_key"),
    "C06 NaN": (GOOD[:-1] + b',"temperature":NaN}', 400, "invalid_number"),
    "C07 deep": (b'{"a":' * 100_000, 400, "too_deep"),
    "C08 5,000 digits": (GOOD[:-1] + b',"seed":' + b"1" * 5_000 + b"}", 400, "invalid_number"),
    "C10 messages": (json.dumps(HELLO | {"messages": HELLO["messages"] * 10_001}).encode(), 400, "too_many_items"),  # type: ignore[operator]
    "C11 UTF-8": (GOOD.replace(b"hi", b"\xff"), 400, "invalid_utf8"),
    "C12 UTF-16": (GOOD.decode().encode("utf-16"), 400, "invalid_encoding"),
    "C13 surrogate": (GOOD.replace(b"hi", b"\\ud800"), 400, "invalid_unicode"),
    "C37 model": (json.dumps(HELLO | {"model": 1}).encode(), 400, "invalid_model"),
    "C38 unknown": (json.dumps(HELLO | {"model": "gpt-9"}).encode(), 404, "model_not_found"),
    "C39 api_base": (json.dumps(HELLO | {"api_base": "http://x"}).encode(), 400, "forbidden_parameter"),
    "C40 messages": (json.dumps(HELLO | {"messages": []}).encode(), 400, "invalid_messages"),
    "C41 content": (json.dumps(HELLO | {"messages": [{"role": "user"}]}).encode(), 400, "invalid_messages"),
}


@pytest.mark.parametrize(("body", "status", "code"), BODIES.values(), ids=BODIES.keys())
def test_a_wrong_body(gateway: RunningGateway, body: bytes, status: int, code: str) -> None:
    answered, headers, text = gateway.post("/v1/chat/completions", body)
    error = json.loads(text)["error"]
    assert (answered, error["code"]) == (status, code)
    assert error["request_id"] == headers["x-request-id"]
    assert set(error) == {"message", "type", "param", "code", "request_id"}


def test_a_utf8_mark_is_dropped(gateway: RunningGateway) -> None:
    assert gateway.post("/v1/chat/completions", b"\xef\xbb\xbf" + GOOD)[0] == 200


AUTHORIZATIONS = {
    "C31 none": ([], "missing_api_key"),
    "C31 empty": ([""], "missing_api_key"),
    "C31 only Bearer": (["Bearer"], "missing_api_key"),
    "C31 Bearer and space": (["Bearer "], "missing_api_key"),
    "C31 Basic": (["Basic dXNlcjpwYXNz"], "missing_api_key"),
    "C31 two": (["Bearer a", "Bearer b"], "missing_api_key"),
    "C32 malformed": (["Bearer sk-1234"], "invalid_api_key"),
    "C32 checksum": (["Bearer pm_" + "0" * 49], "invalid_api_key"),
    "C36 long": (["Bearer pm_" + "a" * 5_000], "invalid_api_key"),
    "C36 not ASCII": (["Bearer pm_\xe9"], "invalid_api_key"),
    "C36 percent-encoded": (["Bearer %70%6d_"], "invalid_api_key"),
}


@pytest.mark.parametrize(("values", "code"), AUTHORIZATIONS.values(), ids=AUTHORIZATIONS.keys())
def test_a_wrong_key(gateway: RunningGateway, values: list[str], code: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=10)
    connection.putrequest("POST", "/v1/chat/completions")
    for value in values:
        connection.putheader("authorization", value.encode("latin-1"))
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(len(GOOD)))
    connection.endheaders(GOOD)
    answer = connection.getresponse()
    error = json.loads(answer.read())["error"]
    connection.close()
    assert (answer.status, error["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_revoked_and_unknown_keys_get_the_same_answer(gateway: RunningGateway) -> None:
    created = json.loads(
        gateway.post("/api/v1/keys", b'{"name":"soon gone"}', authorization=f"Bearer {gateway.admin_key}")[2]
    )
    assert gateway.post("/v1/chat/completions", GOOD, authorization=f"Bearer {created['key']}")[0] == 200
    request = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=10)
    request.request("DELETE", f"/api/v1/keys/{created['id']}", headers={"authorization": f"Bearer {gateway.admin_key}"})
    assert request.getresponse().status == 204
    request.close()
    revoked = gateway.post("/v1/chat/completions", GOOD, authorization=f"Bearer {created['key']}")
    unknown = gateway.post("/v1/chat/completions", GOOD, authorization="Bearer pm_nobody")
    without_id = [json.loads(answer[2])["error"] | {"request_id": ""} for answer in (revoked, unknown)]
    assert revoked[0] == unknown[0] == 401 and without_id[0] == without_id[1]


@pytest.mark.parametrize("query", ["api_key=x", "key=x", "x=1&token=x", "q=pm_abc"])
def test_a_key_in_the_url_is_refused(gateway: RunningGateway, query: str) -> None:
    status, _, text = gateway.post(f"/v1/chat/completions?{query}", GOOD)
    assert (status, json.loads(text)["error"]["code"]) == (400, "key_in_url")


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", "application/json; charset=latin-1"])
def test_only_json_is_taken(gateway: RunningGateway, content_type: str) -> None:
    status, _, text = gateway.post("/v1/chat/completions", GOOD, content_type=content_type)
    assert (status, json.loads(text)["error"]["code"]) == (415, "unsupported_media_type")


def test_a_body_declared_too_large_is_refused_unread(gateway: RunningGateway) -> None:
    answer = _send_raw(gateway, f"Content-Length: {33 * 1024 * 1024}\r\nExpect: 100-continue\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413") and b"request_too_large" in answer
    assert b"100 Continue" not in answer


def test_a_body_that_grows_too_large_is_refused_at_the_limit(gateway: RunningGateway) -> None:
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    answer = _send_raw(gateway, b"Transfer-Encoding: chunked\r\n", *([piece] * (33 * 16)))
    assert answer.startswith(b"HTTP/1.1 413") and b"request_too_large" in answer


def _send_raw(gateway: RunningGateway, fields: bytes, *pieces: bytes) -> bytes:
    """The whole answer to a request sent piece by piece, read until the server closes."""
    address = urlsplit(gateway.url)
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        + f"Authorization: Bearer {gateway.api_key}\r\n".encode()
        + fields
        + b"\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(head)
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        while data := connection.recv(65_536):
            answer += data
        return answer


@pytest.mark.parametrize(
    "path",
    ["//v1/chat/completions", "/v1/../api/v1/keys", "/V1/chat/completions", "/v1/chat/completions/", "/v1/nothing"],
)
def test_other_spellings_of_a_path_lead_nowhere(gateway: RunningGateway, path: str) -> None:
    assert gateway.post(path, GOOD)[0] == 404


def test_the_admin_api_needs_the_admin_key(gateway: RunningGateway) -> None:
    for path in ("/api/v1/usage", "/api/v1/keys", "/api/v1/configuration", "/openapi.json"):
        connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=10)
        for authorization in ({}, {"authorization": f"Bearer {gateway.api_key}"}, {"authorization": "Bearer x"}):
            connection.request("GET", path, headers=authorization)
            answer = connection.getresponse()
            assert answer.status == 401 and json.loads(answer.read())["code"] == "invalid_admin_key"
        connection.close()


def test_the_admin_key_does_not_open_inference(gateway: RunningGateway) -> None:
    assert gateway.post("/v1/chat/completions", GOOD, authorization=f"Bearer {gateway.admin_key}")[0] == 401


def test_endless_headers_are_bounded(gateway: RunningGateway) -> None:
    answer = _send_raw(gateway, b"".join(b"x-%d: y\r\n" % number for number in range(200)))
    assert answer.startswith(b"HTTP/1.1 431")


def test_bytes_that_are_no_http_get_an_answer(gateway: RunningGateway) -> None:
    address = urlsplit(gateway.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(b"\x16\x03\x01\x00garbage\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 400")
