"""A wrong method or path is told in the shape of the format that the path belongs to."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from operating import RunningGateway


def ask(gateway: RunningGateway, method: str, path: str) -> tuple[int, str, dict[str, object]]:
    connection = HTTPConnection(urlsplit(gateway.url).netloc, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("allow", ""), json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_anthropic_gets_its_own_shape(gateway: RunningGateway, path: str) -> None:
    status, allow, error = ask(gateway, "PUT", path)
    assert (status, allow, error["type"]) == (405, "POST", "error")


@pytest.mark.parametrize("action", ["generateContent", "streamGenerateContent", "countTokens"])
def test_google_gets_its_own_shape(gateway: RunningGateway, action: str) -> None:
    status, allow, error = ask(gateway, "PUT", f"/v1beta/models/simulated-large:{action}")
    assert (status, allow) == (405, "POST")
    assert error["error"]["code"] == 405  # type: ignore[index]


@pytest.mark.parametrize("path", ["/v1beta/bogus", "/v1beta/models/m:bogus/x"])
def test_an_unknown_path_of_google_is_not_found(gateway: RunningGateway, path: str) -> None:
    status, allow, error = ask(gateway, "POST", path)
    assert (status, allow) == (404, "")
    assert error["error"]["status"] == "NOT_FOUND"  # type: ignore[index]


def test_cohere_gets_its_own_shape(gateway: RunningGateway) -> None:
    assert ask(gateway, "PUT", "/v2/chat")[0] == 405
    status, _, error = ask(gateway, "POST", "/v2/bogus")
    assert status == 404
    assert isinstance(error["message"], str)
