"""Whole answers and errors of the Responses format, from providers that can be trusted with nothing."""

import json

import pytest

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.chat.verification import AnswerText
from pointsman.core.dialects.openai_responses.decode_response import decode_response
from pointsman.core.dialects.openai_responses.errors import classify_status, encode_error
from pointsman.core.dialects.openai_responses.read_answer import read_answer
from pointsman.core.dialects.openai_responses.read_response import read_response


def answer(**members: object) -> bytes:
    return json.dumps({"id": "resp_1", "status": "completed", "model": "m", "output": [], **members}).encode()


def message(*content: object) -> dict[str, object]:
    return {"type": "message", "role": "assistant", "content": list(content)}


BROKEN: list[tuple[bytes, FailureKind]] = [
    (b"", FailureKind.BAD_RESPONSE),
    (b"<html>", FailureKind.BAD_RESPONSE),
    (b"[]", FailureKind.BAD_RESPONSE),
    (b"{}", FailureKind.BAD_RESPONSE),
    (b'"\xff"', FailureKind.BAD_RESPONSE),
    (answer(output=None), FailureKind.BAD_RESPONSE),
    (b'{"error":{"message":"x","code":"server_is_overloaded"}}', FailureKind.OVERLOADED),
    (answer(status="failed", error={"code": "rate_limit_exceeded", "message": "x"}), FailureKind.RATE_LIMITED),
    (answer(status="failed", error=None), FailureKind.SERVER_ERROR),
]


@pytest.mark.parametrize(("body", "kind"), BROKEN)
def test_what_is_no_answer_fails(body: bytes, kind: FailureKind) -> None:
    for read in (read_response, decode_response):
        with pytest.raises(UpstreamFailure) as failure:
            read(body)
        assert failure.value.kind is kind and failure.value.sent


ODD: list[bytes] = [
    answer(status="in_progress"),
    answer(status=["completed"]),
    answer(output=[3]),
    answer(output=[{"type": "message"}]),
    answer(output=[message({"type": "output_text", "text": 3})]),
    answer(output=[message("x")]),
    answer(output=[{"type": "function_call", "call_id": "a", "name": "f", "arguments": {}}]),
    answer(output=[{"type": "function_call", "call_id": 3, "name": "f", "arguments": ""}]),
    answer(output=[{"type": "reasoning", "summary": [{"text": 3}]}]),
    answer(output=[{"type": ["x"]}]),
    answer(output=[message({"type": "output_text", "text": "x", "logprobs": [{"token": 1}]})]),
]


@pytest.mark.parametrize("body", ODD)
def test_what_only_looks_like_an_answer_fails(body: bytes) -> None:
    with pytest.raises(UpstreamFailure) as failure:
        read_response(body)
    assert failure.value.kind is FailureKind.BAD_RESPONSE


def test_usage_is_believed_where_it_can_be_true() -> None:
    details = {"input_tokens_details": {"cached_tokens": 99}, "output_tokens_details": {"reasoning_tokens": 1}}
    usage = {"input_tokens": 9, "output_tokens": 3, **details}
    assert decode_response(answer(usage=usage)) == Usage(9, 3, 9, 1)
    assert decode_response(answer()) is None
    assert decode_response(answer(usage={"input_tokens": True, "output_tokens": 1})) is None


def test_unknown_ends_are_ends() -> None:
    body = answer(status="incomplete", incomplete_details={"reason": "new"})
    assert read_response(body).choices[0].finish == "stop"
    assert read_response(answer(status="incomplete", incomplete_details={"reason": []})).choices[0].finish == "stop"


def test_what_an_answer_says() -> None:
    logprobs = [{"token": "a", "logprob": 0.0}, {"token": "b", "logprob": -100.0}, {"token": "c", "logprob": "x"}, 3]
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}
    texts = message(
        {"type": "output_text", "text": "One", "logprobs": logprobs}, {"type": "refusal", "refusal": "No"}, 3
    )
    said = read_answer(answer(output=[texts, call, 3, {"type": "reasoning", "content": [{"text": "hidden"}]}]))
    assert said == AnswerText('One\n\nNo\n\n{"name":"f","arguments":"{}"}', 500_000, is_complete=True)
    assert read_answer(answer(status="incomplete")) == AnswerText("")
    assert read_answer(b"<html>") == AnswerText("") == read_answer(b"[]")


def test_refusals_of_a_provider_are_told_apart() -> None:
    body = b'{"error":{"message":"Too long","type":"invalid_request_error","code":"context_length_exceeded"}}'
    kind, shown = classify_status(400, body)
    assert kind is FailureKind.CONTEXT_LENGTH and shown is not None and shown.message == "Too long"
    assert classify_status(529, b"<html>") == (FailureKind.OVERLOADED, None)


def test_our_errors_have_openais_shape() -> None:
    error = json.loads(encode_error(400, "state_not_portable", "Send it all.", "conversation", "r1"))["error"]
    assert error == {
        "message": "Send it all.",
        "type": "invalid_request_error",
        "param": "conversation",
        "code": "state_not_portable",
        "request_id": "r1",
    }
