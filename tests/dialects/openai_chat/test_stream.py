"""However a stream is cut on its way, the client gets the same; and a cut stream never looks whole."""

import json
from pathlib import Path
from typing import Any

import pytest

from pointsman.core.chat.failures import FailureKind
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.openai_chat.stream import DONE, StreamReader
from pointsman.core.dialects.server_events import MOST_EVENT_BYTES

RECORDED = sorted((Path(__file__).parent / "streams").glob("*.sse"))


def read(*pieces: bytes, wants_usage: bool = True) -> tuple[bytes, StreamReader]:
    reader = StreamReader(wants_usage)
    passed = b"".join(reader.feed(piece) for piece in pieces)
    return passed + reader.finish(), reader


def event(**chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def delta(finish_reason: str | None = None, index: int = 0, **content: object) -> bytes:
    return event(choices=[{"index": index, "delta": content, "finish_reason": finish_reason}])


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
@pytest.mark.parametrize("wants_usage", [True, False])
def test_every_cut_gives_the_same_answer(path: Path, wants_usage: bool) -> None:
    recorded = path.read_bytes()
    whole, whole_reader = read(recorded, wants_usage=wants_usage)
    assert whole_reader.done and whole_reader.usage is not None
    for place in range(1, len(recorded)):
        cut, reader = read(recorded[:place], recorded[place:], wants_usage=wants_usage)
        assert _with_plain_line_ends(cut) == _with_plain_line_ends(whole), place
        assert (reader.usage, reader.content_bytes) == (whole_reader.usage, whole_reader.content_bytes)
    bytewise, _ = read(*(recorded[place : place + 1] for place in range(len(recorded))), wants_usage=wants_usage)
    assert _with_plain_line_ends(bytewise) == _with_plain_line_ends(whole)


def _with_plain_line_ends(stream: bytes) -> bytes:
    """The same events; line ends between them may differ where something was left out."""
    return stream.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_stream_cut_off_anywhere_never_looks_whole(path: Path) -> None:
    recorded = path.read_bytes()
    whole, _ = read(recorded)
    for place in range(len(recorded)):
        passed, reader = read(recorded[:place])
        assert reader.done or reader.failure is not None
        if not reader.done:
            assert reader.failure is not None and reader.failure.kind is FailureKind.INTERRUPTED
            assert b"[DONE]" not in passed
            assert _with_plain_line_ends(whole).startswith(_with_plain_line_ends(passed))


def test_bytes_pass_as_they_came_when_nothing_is_left_out() -> None:
    stream = delta(role="assistant") + delta(content="é\u2028\x85") + delta("stop") + DONE
    assert read(stream, wants_usage=False)[0] == stream


def test_holds_back_until_there_is_content() -> None:
    reader = StreamReader(False)
    assert reader.feed(delta(role="assistant", content="")) == b""
    assert not reader.committed
    assert reader.feed(delta(content="x")) == delta(role="assistant", content="") + delta(content="x")
    assert reader.committed


@pytest.mark.parametrize("content", [{"tool_calls": [{"index": 0}]}, {"reasoning_content": "x"}, {"refusal": "no"}])
def test_all_kinds_of_content_count(content: dict[str, Any]) -> None:
    reader = StreamReader(False)
    assert reader.feed(delta(**content)) and reader.committed


def test_the_usage_chunk_goes_only_to_who_asked() -> None:
    usage = event(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2})
    stream = delta(content="x") + delta("stop") + usage + DONE
    assert read(stream)[0] == stream
    passed, reader = read(stream, wants_usage=False)
    assert passed == stream.replace(usage, b"")
    assert reader.usage == Usage(3, 2)


def test_cumulative_usage_is_never_summed() -> None:
    chunks = [
        event(choices=[{"delta": {"content": "x"}}], usage={"prompt_tokens": 3, "completion_tokens": count})
        for count in (1, 2, 3)
    ]
    assert read(*chunks, delta("stop"), DONE)[1].usage == Usage(3, 3)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        {"prompt_tokens": "3", "completion_tokens": 1},
        {"prompt_tokens": 10**9, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        "many",
    ],
)
def test_absurd_usage_is_not_believed(usage: object) -> None:
    assert read(delta(content="x"), event(choices=[], usage=usage), delta("stop"), DONE)[1].usage is None


def test_an_end_without_the_mark_gets_it_after_a_finish_reason() -> None:
    stream = delta(content="x") + delta("stop")
    assert read(stream, wants_usage=False)[0] == stream + DONE


def test_all_choices_must_finish() -> None:
    unfinished = delta(content="x") + delta(index=1, content="y") + delta("stop")
    passed, reader = read(unfinished)
    assert reader.failure is not None and passed == unfinished
    assert read(unfinished + delta("length", index=1))[1].done


def test_what_follows_the_end_mark_is_ignored() -> None:
    stream = delta(content="x") + delta("stop") + DONE
    assert read(stream + delta(content="more"))[0] == stream


def test_comments_are_swallowed_and_other_fields_understood() -> None:
    stream = b": waiting\n\n" + b"event: message\nid: 1\ndata:" + delta(content="x")[6:] + delta("stop") + DONE
    passed, reader = read(stream)
    assert b"waiting" not in passed and b"event: message" in passed
    assert reader.content_bytes == 1


def test_data_on_several_lines_is_one_event() -> None:
    first = b'data: {"choices":[{"index":0,\ndata: "delta":{"content":"x"}}]}\n\n'
    assert read(first + delta("stop") + DONE)[0] == first + delta("stop") + DONE


def test_an_error_event_is_a_failure_of_its_own_kind() -> None:
    _, reader = read(event(error={"message": "slow", "type": "rate_limit_error"}))
    assert reader.failure is not None and reader.failure.kind is FailureKind.RATE_LIMITED
    assert not reader.committed


def test_content_before_an_error_in_the_same_bytes_still_arrives() -> None:
    passed, reader = read(delta(content="x") + event(error={"message": "boom"}) + delta("stop") + DONE)
    assert passed == delta(content="x")
    assert reader.failure is not None and reader.failure.kind is FailureKind.SERVER_ERROR


def test_three_malformed_events_are_a_slip_and_four_are_not() -> None:
    bad = b"data: {oops\n\n"
    assert read(delta(content="x") + bad * 3 + delta("stop") + DONE)[1].done
    assert read(delta(content="x") + bad * 4 + delta("stop") + DONE)[1].failure is not None


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    good = delta(content="x?")
    assert read(good.replace(b"?", b"\xff"), delta("stop"), DONE)[0].startswith(good.replace(b"?", b"\xef\xbf\xbd"))


def test_an_event_without_end_is_bounded() -> None:
    reader = StreamReader(False)
    for _ in range(MOST_EVENT_BYTES // 65_536 + 1):
        reader.feed(b"x" * 65_536)
    assert reader.failure is not None and reader.failure.kind is FailureKind.BAD_RESPONSE


def test_an_error_named_only_by_its_event_is_a_failure() -> None:
    _, reader = read(b'event: error\ndata: {"message":"boom"}\n\n' + DONE)
    assert reader.failure is not None and not reader.done


def test_an_end_mark_without_an_answer_is_a_failure() -> None:
    _, reader = read(delta(role="assistant", content="") + DONE)
    assert reader.failure is not None and reader.failure.kind is FailureKind.BAD_RESPONSE


def test_what_is_held_back_is_bounded() -> None:
    role = delta(role="assistant", content="", padding="x" * 100_000)
    assert read(*[role] * 12)[1].failure is not None
