"""Google's errors: what a provider's means, that no key is shown of it, and that its SDK raises ours."""

import json

import pytest

from pointsman.core.chat.failures import FailureKind
from pointsman.core.dialects.gemini.errors import classify_error, classify_status, encode_error, encode_stream_error
from pointsman.core.dialects.gemini.models import read_models

KEY = "AIza" + "SyA1234567890abcdefghijklmnopqrstuv"


def error_of(code: int, status: str, message: str = "words", reason: str = "") -> bytes:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return json.dumps({"error": {"code": code, "message": message, "status": status, "details": details}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error_of(400, "INVALID_ARGUMENT"), FailureKind.INVALID_REQUEST),
        (400, error_of(400, "INVALID_ARGUMENT", "API key not valid.", "API_KEY_INVALID"), FailureKind.AUTHENTICATION),
        (400, error_of(400, "INVALID_ARGUMENT", "API key not valid. Please pass one."), FailureKind.AUTHENTICATION),
        (400, error_of(400, "INVALID_ARGUMENT", "API key expired. Please renew it."), FailureKind.AUTHENTICATION),
        (
            400,
            error_of(
                400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8)."
            ),
            FailureKind.CONTEXT_LENGTH,
        ),
        (400, error_of(400, "FAILED_PRECONDITION", "User location is not supported."), FailureKind.FORBIDDEN),
        (401, error_of(401, "UNAUTHENTICATED"), FailureKind.AUTHENTICATION),
        (403, error_of(403, "PERMISSION_DENIED"), FailureKind.FORBIDDEN),
        (403, error_of(403, "PERMISSION_DENIED", reason="BILLING_DISABLED"), FailureKind.QUOTA_EXHAUSTED),
        (404, error_of(404, "NOT_FOUND"), FailureKind.MODEL_MISSING),
        (429, error_of(429, "RESOURCE_EXHAUSTED"), FailureKind.RATE_LIMITED),
        (
            429,
            error_of(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
            FailureKind.QUOTA_EXHAUSTED,
        ),
        (500, error_of(500, "INTERNAL"), FailureKind.SERVER_ERROR),
        (503, b"[" + error_of(503, "UNAVAILABLE") + b"]", FailureKind.OVERLOADED),
        (504, error_of(504, "DEADLINE_EXCEEDED"), FailureKind.FIRST_BYTE_TIMEOUT),
        (502, b"<html>", FailureKind.SERVER_ERROR),
        (400, b'{"error":"words"}', FailureKind.INVALID_REQUEST),
        (
            400,
            b'{"error":{"details":[1,{"reason":[]},{"fieldViolations":[1]}],"message":1}}',
            FailureKind.INVALID_REQUEST,
        ),
    ],
)
def test_what_errors_mean(status: int, body: bytes, kind: FailureKind) -> None:
    assert classify_status(status, body)[0] == kind


def test_what_is_shown_of_an_error() -> None:
    violation = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "contents[0]"}]}
    error = {"message": f"Bad key {KEY}", "status": "INVALID_ARGUMENT", "details": [violation]}
    _, shown = classify_status(400, json.dumps({"error": error}).encode())
    assert shown is not None and KEY not in shown.message
    assert (shown.message, shown.code, shown.param) == ("Bad key ***", "INVALID_ARGUMENT", "contents[0]")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 429}, FailureKind.RATE_LIMITED),
        ({"status": "INVALID_ARGUMENT"}, FailureKind.INVALID_REQUEST),
        ({"code": "429", "status": ["x"]}, FailureKind.SERVER_ERROR),
        ("words", FailureKind.SERVER_ERROR),
    ],
)
def test_errors_without_a_status_of_their_own(error: object, kind: FailureKind) -> None:
    assert classify_error(error) == kind


def test_ours_are_written_as_googles() -> None:
    error = json.loads(encode_error(400, "invalid_messages", "Bad.", "contents[0]", "req-1"))["error"]
    assert (error["code"], error["status"], error["message"]) == (400, "INVALID_ARGUMENT", "Bad.")
    assert error["details"][0]["reason"] == "invalid_messages"
    assert error["details"][0]["metadata"] == {"request_id": "req-1"}
    assert error["details"][1]["fieldViolations"] == [{"field": "contents[0]", "description": "Bad."}]
    statuses = {401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE", 413: "INVALID_ARGUMENT"}
    for status, name in statuses.items():
        assert json.loads(encode_error(status, "x", "y", None, "r"))["error"]["status"] == name
    assert encode_stream_error("upstream_error", "Broken.", "r").startswith(b'data: {"error":{"code":502,')


def test_lists_of_models() -> None:
    body = b'{"models":[{"name":"models/gemini-2.5-pro"},{"name":"tunedModels/mine"},{"x":1},2],"nextPageToken":"t"}'
    assert read_models(body) == ["gemini-2.5-pro", "tunedModels/mine"]
    assert read_models(b'{"publisherModels":[{"name":"publishers/google/models/gemini-2.5-pro"}]}') == [
        "gemini-2.5-pro"
    ]
    for wrong in (b"", b"[]", b"{}", b'{"models":{}}'):
        with pytest.raises(ValueError, match="list of models"):
            read_models(wrong)
