"""Plain answers: what they mean, how they are written for Anthropic's clients, and what errors say both ways."""

import json
from pathlib import Path

import pytest
from anthropic.types import Message as SdkMessage

from pointsman.core.chat.answer import ChatAnswer, Choice, FinishReason
from pointsman.core.chat.conversation import Media, Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.failures import FailureKind, ShownError, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.chat.verification import AnswerText
from pointsman.core.dialects.anthropic_messages.decode_response import decode_response
from pointsman.core.dialects.anthropic_messages.errors import classify_error, classify_status
from pointsman.core.dialects.anthropic_messages.models import read_models
from pointsman.core.dialects.anthropic_messages.read_answer import read_answer
from pointsman.core.dialects.anthropic_messages.read_response import read_response
from pointsman.core.dialects.anthropic_messages.terms import NAME
from pointsman.core.dialects.anthropic_messages.write_response import write_response
from pointsman.core.dialects.dialect import Asking

ASKING = Asking(ChatRequest("agent:clerk", False, True, b"{}", {}, NAME), "req-1", 0)
GOLDEN = sorted((Path(__file__).parent.parent / "golden" / NAME).glob("*/response.json"))


def write(
    *parts: object, finish: FinishReason | None = "stop", sequence: str = "", usage: Usage | None = None
) -> SdkMessage:
    answer = ChatAnswer("", "", (Choice(parts, finish, sequence),), usage)  # type: ignore[arg-type]
    return SdkMessage.model_validate_json(write_response(answer, ASKING), strict=True)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.parent.name)
def test_the_sdk_parses_what_is_written(path: Path) -> None:
    written = write_response(read_response(path.read_bytes()), ASKING)
    parsed = SdkMessage.model_validate_json(written).model_dump(mode="json", exclude_none=True)
    original = SdkMessage.model_validate_json(path.read_bytes()).model_dump(mode="json", exclude_none=True)
    for counts in (parsed["usage"], original["usage"]):
        for name in ("cache_creation_input_tokens", "cache_read_input_tokens"):
            counts.setdefault(name, 0)
    assert parsed == original


def test_an_answer_of_another_format() -> None:
    message = write(
        Reasoning("hm", "sig", "gemini"),
        Text("a"),
        Text(""),
        Media("image", data="AAAA"),
        ToolCall("call_1", "look", '{"at": [1]}', "call-sig", "gemini"),
        ToolCall("call_2", "look", '{"at": '),
        finish="tool_calls",
        usage=Usage(100, 20, cached_input_tokens=60, reasoning_tokens=5, cache_write_tokens=30),
    )
    assert (message.id, message.model, message.stop_reason) == ("msg_req-1", "agent:clerk", "tool_use")
    assert [block.model_dump(exclude_none=True) for block in message.content] == [
        {"type": "thinking", "thinking": "hm", "signature": "pointsman.gemini.sig"},
        {"type": "text", "text": "a"},
        {"type": "redacted_thinking", "data": "pointsman.gemini.tool_use.call-sig"},
        {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": [1]}},
        {"type": "tool_use", "id": "call_2", "name": "look", "input": {"INVALID_JSON": '{"at": '}},
    ]
    usage = message.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (10, 60, 30)
    assert usage.output_tokens == 20 and usage.output_tokens_details is not None
    assert usage.output_tokens_details.thinking_tokens == 5


@pytest.mark.parametrize(
    ("finish", "sequence", "reason"),
    [
        ("stop", "", "end_turn"),
        ("stop", "END", "stop_sequence"),
        ("length", "", "max_tokens"),
        ("tool_calls", "", "tool_use"),
        ("content_filter", "", "refusal"),
        ("refusal", "", "refusal"),
        ("pause", "", "pause_turn"),
        (None, "", None),
    ],
)
def test_ends(finish: FinishReason | None, sequence: str, reason: str | None) -> None:
    message = write(Text("a"), finish=finish, sequence=sequence)
    assert (message.stop_reason, message.stop_sequence) == (reason, sequence or None)
    assert write(Refusal("No."), finish="stop").stop_reason == "refusal"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "pause"),
        ("brand_new", "stop"),
        (["x"], "stop"),
        (None, None),
    ],
)
def test_reasons_are_read(reason: object, finish: FinishReason | None) -> None:
    answer = read_response(json.dumps({"content": [], "stop_reason": reason}).encode())
    assert answer.choices == (Choice((), finish),)


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"input_tokens": 5, "output_tokens": 2}, Usage(5, 2)),
        ({"input_tokens": 5, "output_tokens": 2, "cache_read_input_tokens": None}, Usage(5, 2)),
        ({"input_tokens": -5, "output_tokens": 2}, None),
        ({"input_tokens": 5.0, "output_tokens": 2}, None),
        ({"output_tokens": 2}, None),
        ({"input_tokens": 5, "output_tokens": 2, "output_tokens_details": {"thinking_tokens": 9}}, Usage(5, 2, 0, 2)),
        ([], None),
        (None, None),
    ],
)
def test_usage_that_cannot_be_is_not_believed(usage: object, read: Usage | None) -> None:
    body = json.dumps({"content": [], "usage": usage}).encode()
    assert read_response(body).usage == decode_response(body) == read


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", FailureKind.BAD_RESPONSE),
        (b"[]", FailureKind.BAD_RESPONSE),
        (b"{}", FailureKind.BAD_RESPONSE),
        (b'{"content":null}', FailureKind.BAD_RESPONSE),
        (b'{"error":{"type":"overloaded_error"}}', FailureKind.OVERLOADED),
        (b'{"error":"x"}', FailureKind.SERVER_ERROR),
    ],
)
def test_what_is_no_answer(body: bytes, kind: FailureKind) -> None:
    for read in (read_response, decode_response):
        with pytest.raises(UpstreamFailure) as caught:
            read(body)
        assert caught.value.kind is kind


@pytest.mark.parametrize(
    "block", [{"type": "text"}, {"type": "tool_result", "tool_use_id": "a"}, 5, {"type": "tool_use"}]
)
def test_an_answer_with_a_wrong_block_is_none(block: object) -> None:
    with pytest.raises(UpstreamFailure) as caught:
        read_response(json.dumps({"content": [block]}).encode())
    assert caught.value.kind is FailureKind.BAD_RESPONSE


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (
            400,
            {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"},
            "CONTEXT_LENGTH",
        ),
        (400, {"type": "invalid_request_error", "message": "Your credit balance is too low"}, "QUOTA_EXHAUSTED"),
        (400, {"type": "invalid_request_error", "message": "x"}, "INVALID_REQUEST"),
        (400, {"details": {"error_code": "enforced_spend_limit_reached"}}, "QUOTA_EXHAUSTED"),
        (401, {"type": "authentication_error", "message": "invalid x-api-key"}, "AUTHENTICATION"),
        (402, {"type": "billing_error"}, "QUOTA_EXHAUSTED"),
        (403, {"type": "permission_error"}, "FORBIDDEN"),
        (404, {"type": "not_found_error", "message": "model: x"}, "MODEL_MISSING"),
        (413, {"type": "request_too_large"}, "REQUEST_TOO_LARGE"),
        (429, {"type": "rate_limit_error"}, "RATE_LIMITED"),
        (500, {"type": "api_error"}, "SERVER_ERROR"),
        (504, {"type": "timeout_error"}, "FIRST_BYTE_TIMEOUT"),
        (529, {"type": "overloaded_error"}, "OVERLOADED"),
    ],
)
def test_statuses(status: int, error: dict[str, object], kind: str) -> None:
    assert classify_status(status, json.dumps({"type": "error", "error": error}).encode())[0] is FailureKind[kind]


def test_what_a_provider_says_is_shown_without_keys() -> None:
    body = b'{"type":"error","error":{"type":"authentication_error","message":"bad key sk-ant-REDACTED"}}'
    assert classify_status(401, body)[1] == ShownError("bad key ***", "authentication_error")
    for odd in (b"<html>", b"[]", b'{"error":[]}', b'{"error":{"message":5,"type":[],"details":[]}}'):
        assert classify_status(500, odd) == (FailureKind.SERVER_ERROR, None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "overloaded_error"}, "OVERLOADED"),
        ({"type": "rate_limit_error"}, "RATE_LIMITED"),
        ({"type": "permission_error"}, "FORBIDDEN"),
        ({"type": "api_error"}, "SERVER_ERROR"),
        ({"type": ["x"]}, "SERVER_ERROR"),
        ("x", "SERVER_ERROR"),
    ],
)
def test_errors_without_a_status(error: object, kind: str) -> None:
    assert classify_error(error) is FailureKind[kind]


def test_the_list_of_models() -> None:
    assert read_models(b'{"data":[{"id":"a"},{"id":5},7,{"id":"b"}],"has_more":false}') == ["a", "b"]
    for odd in (b"", b"[]", b'{"data":{}}'):
        with pytest.raises(ValueError, match="list of models"):
            read_models(odd)


def test_what_an_answer_says() -> None:
    call = {"type": "tool_use", "id": "t", "name": "look", "input": {"at": 1}}
    content = [
        {"type": "thinking", "thinking": "x"},
        {"type": "text", "text": "a"},
        call,
        5,
        {"type": "text", "text": 5},
    ]
    body = {"content": content, "stop_reason": "tool_use"}
    assert read_answer(json.dumps(body).encode()) == AnswerText(
        'a\n\n{"name":"look","input":{"at":1}}', is_complete=True
    )
    for reason in ("refusal", "pause_turn", None, ["x"]):
        assert not read_answer(json.dumps({**body, "stop_reason": reason}).encode()).is_complete
    assert read_answer(b"[]") == read_answer(b"x") == AnswerText("")
