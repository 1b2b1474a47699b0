"""Whatever bytes come, from clients or providers: only the errors that are meant for it come out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pointsman.core.chat.answer import Failed
from pointsman.core.chat.assemble import assemble_answer
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import Asking, Target
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.gemini.dialect import GEMINI
from pointsman.core.dialects.gemini.read_request import read_request

GOLDEN = Path(__file__).parent.parent / "golden" / "gemini"
REQUESTS = [json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*/request.json"))]
RESPONSES = [json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*/response.json"))]
ASKING = Asking(ChatRequest("m", True, True, b"{}", {}, "gemini"), "req-1", 0)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(
        [[], {}, [[]], [{}], {"type": []}, {"mode": {}}, "ANY", "AAAA", "cG9pbnRzbWFu", "cG9pbnRzbWFuWzFd"]
    ),
)


@st.composite
def spoil(draw: Callable[[Any], Any], documents: list[Any]) -> Any:
    """A document with up to three of its values replaced or left out."""
    document = json.loads(json.dumps(draw(st.sampled_from(documents))))
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = document
        for _ in range(draw(st.integers(0, 7))):
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            inner = [key for key in keys if isinstance(holder[key], dict | list) and holder[key]]
            if not inner:
                break
            holder = holder[draw(st.sampled_from(inner))]
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if keys:
            holder[draw(st.sampled_from(keys))] = json.loads(json.dumps(draw(ODD)))
    return document


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoil(REQUESTS))
def test_spoilt_requests(document: Any) -> None:
    try:
        request = decode_generate(json.dumps(document).encode(), "gemini-3-x", False)
        conversation = read_request(request)
    except ClientError as error:
        assert 400 <= error.status < 500 and error.message
        return
    assert GEMINI.provider is not None and GEMINI.verbatim is not None
    draft = GEMINI.provider.encode_request(conversation, False, Target("gemini-3-x"))
    again = read_request(decode_generate(json.dumps(draft.fields).encode(), "gemini-3-x", False))
    assert len(again.messages) <= len(conversation.messages)
    target = Target("m", parameters=(("temperature", 0.5), ("reasoning_effort", "low")))
    assert isinstance(json.loads(GEMINI.verbatim.rewrite_request(request, target).body), dict)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoil(RESPONSES))
def test_spoilt_answers(document: Any) -> None:
    assert GEMINI.provider is not None and GEMINI.client is not None and GEMINI.verbatim is not None
    body = json.dumps(document).encode()
    GEMINI.client.read_answer(body)
    try:
        GEMINI.verbatim.decode_response(body)
        answer = GEMINI.provider.read_response(body)
    except UpstreamFailure:
        pass  # what it is for
    else:
        assert isinstance(json.loads(GEMINI.client.write_response(answer, ASKING)), dict)
    reader = GEMINI.provider.read_stream()
    events = [*reader.feed(b"data: " + body + b"\n\n"), *reader.finish()]
    if not any(isinstance(event, Failed) for event in events):
        assemble_answer(events)
        GEMINI.client.write_stream(ASKING).write(events)
    passed = GEMINI.verbatim.read_stream(True)
    passed.feed(b"data: " + body + b"\n\n")
    passed.finish()
    assert passed.done != (passed.failure is not None)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(alphabet='{}[]",:01 data\n', max_size=60).map(str.encode)))
def test_any_bytes(data: bytes) -> None:
    assert GEMINI.provider is not None and GEMINI.client is not None and GEMINI.verbatim is not None
    for read in (GEMINI.provider.read_response, GEMINI.verbatim.decode_response):
        try:
            read(data)
        except UpstreamFailure as failure:
            assert failure.sent
    try:
        decode_generate(data, "m", False)
    except ClientError as error:
        assert error.status == 400
    GEMINI.provider.classify_status(400, data)
    reader = GEMINI.provider.read_stream()
    assert (
        assemble_answer([event for event in (*reader.feed(data), *reader.finish()) if not isinstance(event, Failed)])
        is None
    )
