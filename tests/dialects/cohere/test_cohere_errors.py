"""A provider's refusal is understood, and ours has the form that Cohere's SDKs read."""

import json

import pytest

from pointsman.core.chat.failures import FailureKind
from pointsman.core.dialects.cohere.errors import classify_status, encode_error, encode_stream_error

MEANINGS = {
    "bad": (400, b'{"message":"invalid request: message must be at least 1 token long"}', FailureKind.INVALID_REQUEST),
    "long": (400, b'{"message":"too many tokens: total number of tokens in the prompt"}', FailureKind.CONTEXT_LENGTH),
    "limit": (400, b'{"message":"too many tokens: max tokens must be less than"}', FailureKind.INVALID_REQUEST),
    "key": (401, b'{"message":"invalid api token"}', FailureKind.AUTHENTICATION),
    "unpaid": (402, b'{"message":"add a payment method"}', FailureKind.QUOTA_EXHAUSTED),
    "model": (404, b'{"message":"model not found"}', FailureKind.MODEL_MISSING),
    "fast": (429, b'{"message":"trial token rate limit exceeded, 40 calls / minute"}', FailureKind.RATE_LIMITED),
    "month": (429, b'{"message":"limited to 1000 API calls per month"}', FailureKind.QUOTA_EXHAUSTED),
    "blocked": (498, b'{"message":"blocked"}', FailureKind.INVALID_REQUEST),
    "cancelled": (499, b'{"message":"request cancelled"}', FailureKind.SERVER_ERROR),
    "html": (503, b"<html>", FailureKind.OVERLOADED),
    "list": (500, b"[1]", FailureKind.SERVER_ERROR),
}


@pytest.mark.parametrize(("status", "body", "kind"), MEANINGS.values(), ids=MEANINGS.keys())
def test_meaning(status: int, body: bytes, kind: FailureKind) -> None:
    assert classify_status(status, body)[0] is kind


def test_the_words_of_a_provider_are_shown() -> None:
    shown = classify_status(400, b'{"id":"x","message":"no such tool, Bearer abcdef"}')[1]
    assert shown is not None and shown.message == "no such tool, ***"
    assert classify_status(400, b'{"error":{"message":"nested"}}')[1] is not None
    assert classify_status(400, b"{}")[1] is None


def test_the_form_of_errors() -> None:
    error = json.loads(encode_error(404, "model_not_found", "There is no such model.", "model", "req-1"))
    expected = {"id": "req-1", "message": "There is no such model.", "code": "model_not_found", "param": "model"}
    assert error == expected
    name, _, data = encode_stream_error("upstream_error", "The provider failed.", "req-1").partition(b"\n")
    assert name == b"event: message-end"
    assert json.loads(data.removeprefix(b"data: "))["delta"] == {
        "error": "The provider failed.",
        "finish_reason": "ERROR",
    }
