"""Frames are cut out of a stream whatever way it comes, and one that is damaged ends it."""

import json
import struct
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.core.chat.answer import (
    ChatEvent,
    Ended,
    Failed,
    Finished,
    MediaPart,
    Started,
    TextDelta,
    UsageSeen,
)
from pointsman.core.chat.conversation import Media
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.bedrock_converse.errors import classify_status
from pointsman.core.dialects.bedrock_converse.frames import MOST_FRAME_BYTES, FrameSplitter
from pointsman.core.dialects.bedrock_converse.read_events import EventReader
from pointsman.core.dialects.bedrock_converse.read_response import read_response


def write_header(name: str, value: str) -> bytes:
    text = value.encode()
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(text)) + text


def write_frame(headers: bytes, payload: bytes) -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def event(kind: str, **document: object) -> bytes:
    headers = write_header(":event-type", kind) + write_header(":message-type", "event")
    return write_frame(headers, json.dumps(document).encode())


def exception(name: str, message: str) -> bytes:
    headers = write_header(":exception-type", name) + write_header(":message-type", "exception")
    return write_frame(headers, json.dumps({"message": message}).encode())


START = event("messageStart", role="assistant")
TEXT = event("contentBlockDelta", contentBlockIndex=0, delta={"text": "hi"})
STOP = event("messageStop", stopReason="end_turn")
METADATA = event("metadata", usage={"inputTokens": 1, "outputTokens": 2, "totalTokens": 3})
HEADERS_OF_ALL_KINDS = b"".join(
    [
        b"\x01a\x00\x01b\x01",
        b"\x01c\x02\x05",
        b"\x01d\x03\x00\x05",
        b"\x01e\x04" + bytes(4),
        b"\x01f\x05" + bytes(8),
        b"\x01g\x06\x00\x02xy",
        write_header(":event-type", "messageStop"),
        b"\x01h\x08" + bytes(8),
        b"\x01i\x09" + bytes(16),
    ]
)


def read(*pieces: bytes) -> list[ChatEvent]:
    reader = EventReader()
    return [*(one for piece in pieces for one in reader.feed(piece)), *reader.finish()]


def test_headers_of_all_kinds_are_passed_over() -> None:
    (frame,) = FrameSplitter().split(write_frame(HEADERS_OF_ALL_KINDS, b"{}"))
    assert frame.headers == {":event-type": "messageStop"}
    assert frame.payload == b"{}"


DAMAGED = {
    "prelude": b"\x00\x00\x00\x20" + START[4:],
    "payload": START[:-6] + b"X" + START[-5:],
    "checksum": START[:-1] + bytes([START[-1] ^ 1]),
    "headers beyond the frame": struct.pack(">II", 20, 90) + struct.pack(">I", zlib.crc32(struct.pack(">II", 20, 90))),
    "too large": struct.pack(">II", MOST_FRAME_BYTES + 1, 0)
    + struct.pack(">I", zlib.crc32(struct.pack(">II", MOST_FRAME_BYTES + 1, 0))),
    "unknown kind of header": write_frame(b"\x01a\x0b", b"{}"),
    "header cut": write_frame(b"\x05ab", b"{}"),
    "header's text cut": write_frame(b"\x01a\x07\x00\x09x", b"{}"),
    "header's name no UTF-8": write_frame(b"\x01\xff\x00", b"{}"),
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_frame_ends_the_stream(damaged: bytes) -> None:
    events = read(START + TEXT + damaged + STOP)
    assert events[:2] == [Started("", ""), TextDelta("hi")]
    assert isinstance(events[2], Failed) and len(events) == 3
    assert events[2].failure.kind is FailureKind.BAD_RESPONSE


@settings(deadline=None)
@given(st.lists(st.integers(0, len(START + TEXT + STOP + METADATA)), max_size=8))
def test_any_cut(cuts: list[int]) -> None:
    stream = START + TEXT + STOP + METADATA
    places = [0, *sorted(cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(places)]
    expected = [Started("", ""), TextDelta("hi"), Finished("stop"), UsageSeen(Usage(1, 2)), Ended()]
    assert read(*pieces) == expected


def test_ends() -> None:
    assert read(START, TEXT) == [Started("", ""), TextDelta("hi")]
    assert read(START, TEXT, STOP)[-1] == Ended()
    assert read(START, METADATA, STOP, TEXT)[-1] == Ended()
    assert read(TEXT, STOP[:-3])[-1] == TextDelta("hi")


def test_three_malformed_events_are_forgiven_and_a_fourth_is_not() -> None:
    broken = event("contentBlockDelta", contentBlockIndex=0, delta={"toolUse": {"input": "{}"}})
    assert read(START, broken * 3, STOP, METADATA)[-1] == Ended()
    assert isinstance(read(START, broken * 4)[-1], Failed)


def test_unknown_events_and_blocks_are_passed_over() -> None:
    unknown = event("contentBlockDelta", contentBlockIndex=0, delta={"citation": {}})
    assert read(START, event("newThing", a=1), unknown, STOP)[-1] == Ended()


def test_an_image_within_an_answer() -> None:
    start = event("contentBlockStart", contentBlockIndex=0, start={"image": {"format": "webp"}})
    delta = event("contentBlockDelta", contentBlockIndex=0, delta={"image": {"source": {"bytes": "AAAA"}}})
    assert MediaPart(Media("image", "image/webp", data="AAAA")) in read(START, start, delta, STOP)


EXCEPTIONS = {
    "throttlingException": FailureKind.RATE_LIMITED,
    "modelStreamErrorException": FailureKind.SERVER_ERROR,
    "internalServerException": FailureKind.SERVER_ERROR,
    "validationException": FailureKind.INVALID_REQUEST,
    "serviceUnavailableException": FailureKind.OVERLOADED,
    "newException": FailureKind.SERVER_ERROR,
}


@pytest.mark.parametrize(("name", "kind"), EXCEPTIONS.items())
def test_exceptions_within_a_stream(name: str, kind: FailureKind) -> None:
    last = read(START, exception(name, "It went wrong."))[-1]
    assert isinstance(last, Failed) and last.failure.kind is kind
    assert last.failure.shown is not None and last.failure.shown.message == "It went wrong."


def test_an_error_that_is_no_exception() -> None:
    headers = write_header(":error-code", "InternalFailure") + write_header(":message-type", "error")
    last = read(START, write_frame(headers, b""))[-1]
    assert isinstance(last, Failed) and last.failure.kind is FailureKind.SERVER_ERROR


STATUSES = {
    "validation": (400, {"message": "1 validation error"}, FailureKind.INVALID_REQUEST),
    "too long": (400, {"message": "Input is too long for requested model."}, FailureKind.CONTEXT_LENGTH),
    "model": (400, {"message": "The provided model identifier is invalid."}, FailureKind.MODEL_MISSING),
    "access": (403, {"message": "You don't have access to the model."}, FailureKind.FORBIDDEN),
    "token": (403, {"__type": "com.amazon.coral.service#UnrecognizedClientException"}, FailureKind.AUTHENTICATION),
    "missing": (404, {"Message": "Could not resolve."}, FailureKind.MODEL_MISSING),
    "slow": (408, {"message": "Model timed out."}, FailureKind.FIRST_BYTE_TIMEOUT),
    "model error": (424, {"message": "The model failed."}, FailureKind.SERVER_ERROR),
    "fast": (429, {"message": "Too many requests"}, FailureKind.RATE_LIMITED),
    "warming up": (429, {"__type": "ModelNotReadyException"}, FailureKind.OVERLOADED),
    "server": (500, {"message": "x"}, FailureKind.SERVER_ERROR),
    "busy": (503, {"message": "x"}, FailureKind.OVERLOADED),
    "no object": (503, [1], FailureKind.OVERLOADED),
}


@pytest.mark.parametrize(("status", "body", "kind"), STATUSES.values(), ids=STATUSES.keys())
def test_statuses(status: int, body: object, kind: FailureKind) -> None:
    assert classify_status(status, json.dumps(body).encode())[0] is kind


ODD = st.sampled_from([None, True, 1, "x", [], {}, [1], {"text": 1}, {"toolUse": []}, {"reasoningContent": {}}])


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    assert sum(isinstance(one, Ended | Failed) for one in read(data)) <= 1
    with pytest.raises(UpstreamFailure):
        read_response(data)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            lambda kind, delta, index: event(kind, delta=delta, start=delta, contentBlockIndex=index, usage=delta),
            st.sampled_from(["contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]),
            ODD,
            ODD,
        ),
        max_size=8,
    )
)
def test_documents_that_only_look_right(frames: list[bytes]) -> None:
    assert sum(isinstance(one, Ended | Failed) for one in read(START, *frames)) <= 1


@settings(deadline=None)
@given(st.lists(ODD, max_size=3), ODD)
def test_answers_that_only_look_right(blocks: list[object], rest: object) -> None:
    answer = {"output": {"message": {"content": blocks}}, "stopReason": rest, "usage": rest, "serviceTier": rest}
    try:
        assert read_response(json.dumps(answer).encode()).choices
    except UpstreamFailure as failure:
        assert failure.kind is FailureKind.BAD_RESPONSE
