"""An error that comes with status 200 is a failure, wherever in the answer it stands, and never an empty answer."""

import json

import pytest

from pointsman.core.chat.answer import Failed
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.openai_chat.decode_response import decode_response
from pointsman.core.dialects.openai_chat.read_events import EventReader
from pointsman.core.dialects.openai_chat.read_response import read_response
from pointsman.core.dialects.openai_chat.stream import StreamReader

ERROR: dict[str, object] = {"code": "rate_limit_exceeded", "message": "Slow down."}
EMPTY = {"role": "assistant", "content": ""}
ERRORS: list[dict[str, object]] = [
    {"error": ERROR},
    {"choices": None, "error": ERROR},
    {"choices": [], "error": ERROR},
    {"choices": [], "error": ERROR, "usage": {"prompt_tokens": 1}},
    {"choices": [{"index": 0, "message": EMPTY, "finish_reason": "error", "error": ERROR}]},
    {"choices": [{"index": 0, "message": EMPTY, "finish_reason": None, "error": ERROR}]},
    {"choices": [{"index": 0, "error": ERROR}]},
]


@pytest.mark.parametrize("answer", ERRORS, ids=[str(place) for place in range(len(ERRORS))])
def test_an_error_with_status_200_is_a_failure(answer: dict[str, object]) -> None:
    body = json.dumps(answer, indent=1).encode()
    for read in (decode_response, read_response):
        with pytest.raises(UpstreamFailure) as failure:
            read(body)
        assert failure.value.kind is FailureKind.RATE_LIMITED
        assert failure.value.shown is not None and failure.value.shown.message == "Slow down."


def test_a_numbered_error_is_the_providers() -> None:
    body = b'{"choices":[{"message":{"content":""},"finish_reason":"error","error":{"code":502,"message":"x"}}]}'
    with pytest.raises(UpstreamFailure) as failure:
        decode_response(body)
    assert failure.value.kind is FailureKind.SERVER_ERROR


def test_an_answer_that_speaks_of_an_error_is_an_answer() -> None:
    said = {"role": "assistant", "content": '"error"'}
    choice = {"index": 0, "message": said, "finish_reason": "stop", "error": None}
    body = json.dumps({"choices": [choice], "error": None, "usage": {"prompt_tokens": 3, "completion_tokens": 1}})
    usage = decode_response(body.encode())
    assert usage is not None and usage == read_response(body.encode()).usage


def test_a_choice_that_is_an_error_breaks_a_stream() -> None:
    chunk = {"choices": [{"index": 0, "delta": EMPTY, "finish_reason": "error", "error": ERROR}]}
    event = b"data: " + json.dumps(chunk).encode() + b"\n\n"
    reader = StreamReader(True)
    assert reader.feed(event) == b""
    assert reader.failure is not None and reader.failure.kind is FailureKind.RATE_LIMITED
    (failed,) = [told for told in EventReader().feed(event) if isinstance(told, Failed)]
    assert failed.failure.kind is FailureKind.RATE_LIMITED
