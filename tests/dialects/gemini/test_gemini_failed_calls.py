"""A call of a tool that Gemini could not read is no answer, unless something else was said."""

import json

import pytest

from pointsman.core.chat.answer import Ended, Failed, Finished
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.gemini.read_events import EventReader
from pointsman.core.dialects.gemini.read_response import read_response

REASONS = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")


def write(reason: str, *texts: str) -> bytes:
    parts = [{"text": text} for text in texts]
    candidate = {"finishReason": reason, "index": 0, **({"content": {"parts": parts}} if parts else {})}
    return json.dumps({"candidates": [candidate], "usageMetadata": {"promptTokenCount": 5}}).encode()


@pytest.mark.parametrize("reason", REASONS)
def test_a_call_that_could_not_be_read_is_a_failure(reason: str) -> None:
    with pytest.raises(UpstreamFailure) as failure:
        read_response(write(reason))
    assert failure.value.kind is FailureKind.BAD_RESPONSE
    reader = EventReader()
    told = [*reader.feed(b"data: " + write(reason) + b"\n\n"), *reader.finish()]
    assert isinstance(told[-1], Failed) and told[-1].failure.kind is FailureKind.BAD_RESPONSE
    assert not any(isinstance(event, Finished | Ended) for event in told)


@pytest.mark.parametrize("reason", REASONS)
def test_what_was_said_before_it_stays(reason: str) -> None:
    (choice,) = read_response(write(reason, "Let me look.")).choices
    assert choice.finish == "stop" and len(choice.parts) == 1
    reader = EventReader()
    told = [*reader.feed(b"data: " + write(reason, "Let me look.") + b"\n\n"), *reader.finish()]
    assert told[-2:] == [Finished("stop"), Ended()]
