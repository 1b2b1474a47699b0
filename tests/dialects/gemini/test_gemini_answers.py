"""Answers both ways: what providers send becomes the hub's, and what clients get parses as Google's own types."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from google.genai import types

from pointsman.core.chat.answer import (
    ChatAnswer,
    ChatEvent,
    Choice,
    Ended,
    Failed,
    Finished,
    FinishReason,
    ReasoningDelta,
    ReasoningSigned,
    RefusalDelta,
    Started,
    TextDelta,
    TokenLogprob,
    ToolDelta,
    ToolStarted,
    UsageSeen,
)
from pointsman.core.chat.assemble import assemble_answer
from pointsman.core.chat.conversation import Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.gemini.decode_response import decode_response
from pointsman.core.dialects.gemini.finish_reasons import read_finish, write_finish
from pointsman.core.dialects.gemini.read_answer import read_answer
from pointsman.core.dialects.gemini.read_events import EventReader
from pointsman.core.dialects.gemini.read_request import read_request
from pointsman.core.dialects.gemini.read_response import read_response
from pointsman.core.dialects.gemini.stream import StreamReader
from pointsman.core.dialects.gemini.usage import read_usage, write_usage
from pointsman.core.dialects.gemini.write_events import EventWriter
from pointsman.core.dialects.gemini.write_response import write_response

ASKING = Asking(ChatRequest("agent:a", True, True, b"{}", {}, "gemini"), "req-1", 1_790_000_000)


def body_of(*parts: dict[str, Any], reason: str | None = "STOP", **others: Any) -> bytes:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "finishReason": reason}
    return json.dumps({"candidates": [candidate], "responseId": "r-1", "modelVersion": "g", **others}).encode()


def events_of(*chunks: bytes) -> list[ChatEvent]:
    reader = EventReader()
    return [*(event for chunk in chunks for event in reader.feed(b"data: " + chunk + b"\r\n\r\n")), *reader.finish()]


def parse_stream(events: Sequence[ChatEvent]) -> list[types.GenerateContentResponse]:
    lines = EventWriter(ASKING).write(events).decode().split("\n\n")
    assert lines.pop() == "" and all(line.startswith("data: ") for line in lines)
    return [types.GenerateContentResponse.model_validate_json(line[6:]) for line in lines]


@pytest.mark.parametrize(
    ("reason", "calls", "finish"),
    [
        ("STOP", False, "stop"),
        ("STOP", True, "tool_calls"),
        ("MAX_TOKENS", True, "length"),
        *[
            (reason, False, "content_filter")
            for reason in ("SAFETY", "RECITATION", "SPII", "BLOCKLIST", "IMAGE_SAFETY")
        ],
        ("MALFORMED_FUNCTION_CALL", False, "stop"),
        ("SOMETHING_NEW", False, "stop"),
        ("FINISH_REASON_UNSPECIFIED", False, None),
        (None, True, None),
        (7, False, None),
    ],
)
def test_why_answers_ended(reason: object, calls: bool, finish: str | None) -> None:
    assert read_finish(reason, calls) == finish


@pytest.mark.parametrize("finish", ["stop", "length", "tool_calls", "content_filter", "refusal", "pause"])
def test_every_end_has_a_reason_that_google_knows(finish: FinishReason) -> None:
    assert write_finish(finish) in types.FinishReason.__members__


def test_every_reason_that_google_knows_is_read() -> None:
    assert all(read_finish(reason.value, False) for reason in types.FinishReason if "UNSPECIFIED" not in reason.value)


def test_thoughts_count_as_output_and_results_of_tools_as_input() -> None:
    reported = {"promptTokenCount": 10, "cachedContentTokenCount": 4, "toolUsePromptTokenCount": 3}
    usage = read_usage({**reported, "candidatesTokenCount": 5, "thoughtsTokenCount": 7, "totalTokenCount": 25})
    assert usage == Usage(13, 12, 4, 7)
    written = write_usage(usage)
    assert (written["candidatesTokenCount"], written["totalTokenCount"]) == (5, 25)
    assert read_usage(written) == usage


@pytest.mark.parametrize(
    "reported",
    [
        None,
        [],
        {},
        {"promptTokenCount": -1},
        {"promptTokenCount": "1"},
        {"promptTokenCount": 1, "thoughtsTokenCount": 0.5},
    ],
)
def test_usage_that_cannot_be_true_is_none(reported: object) -> None:
    assert read_usage(reported) is None


def test_ids_are_made_from_the_answers_own() -> None:
    answer = read_response(body_of({"functionCall": {"name": "f"}}, {"functionCall": {"name": "f", "id": "x"}}))
    assert answer.choices[0].parts == (ToolCall("call_r-1_0", "f", "{}"), ToolCall("x", "f", "{}"))
    assert answer.choices[0].finish == "tool_calls"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FailureKind.BAD_RESPONSE),
        (b"[]", FailureKind.BAD_RESPONSE),
        (b"{}", FailureKind.BAD_RESPONSE),
        (b'{"candidates":[]}', FailureKind.BAD_RESPONSE),
        (b'{"usageMetadata":{}}', FailureKind.BAD_RESPONSE),
        (b'{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}', FailureKind.RATE_LIMITED),
        (b'{"error":{"status":"UNAVAILABLE"}}', FailureKind.OVERLOADED),
        (b'{"error":"odd"}', FailureKind.SERVER_ERROR),
    ],
)
def test_bodies_that_are_no_answers(body: bytes, kind: FailureKind) -> None:
    for read in (read_response, decode_response):
        with pytest.raises(UpstreamFailure) as caught:
            read(body)
        assert caught.value.kind == kind


@pytest.mark.parametrize(
    "candidate",
    [1, {"content": 1}, {"content": {"parts": [1]}}, {"content": {"parts": [{"text": 1}]}}, {"index": "0"}]
    + [{"content": {"parts": [{"functionCall": call}]}} for call in (1, {}, {"name": 1}, {"name": "f", "args": []})]
    + [{"logprobsResult": {"chosenCandidates": [value]}} for value in (1, {"logProbability": "x"}, {"token": 1})],
)
def test_candidates_that_are_none(candidate: object) -> None:
    body = json.dumps({"candidates": [candidate]}).encode()
    with pytest.raises(UpstreamFailure) as caught:
        read_response(body)
    assert caught.value.kind == FailureKind.BAD_RESPONSE
    assert not any(isinstance(event, Ended) for event in events_of(body))


def test_an_answer_of_another_provider_parses_as_googles() -> None:
    parts = (
        Reasoning("hm", "SIG+/=", "anthropic"),
        Reasoning("", "hidden", "openai_responses", True, "rs_1"),
        Text("here", "5m"),
        Refusal("but no"),
        ToolCall("t1", "f", '{"a":1}', "cs", "openai_chat"),
        ToolCall("t2", "f", "[1"),
    )
    logprobs = (TokenLogprob("here", -0.5, (104,), (TokenLogprob("there", -1.5),)),)
    choices = (Choice(parts, "tool_calls", "", logprobs), Choice((Text("two"),), "length", index=1))
    body = write_response(ChatAnswer("", "", choices, Usage(10, 7, 3, 2, 1), 1_790_000_000), ASKING)
    answer = types.GenerateContentResponse.model_validate_json(body)
    assert answer.candidates and answer.usage_metadata and answer.candidates[0].content
    assert (answer.response_id, answer.model_version) == ("req-1", "agent:a")
    assert answer.usage_metadata.candidates_token_count == 5 and answer.usage_metadata.thoughts_token_count == 2
    assert [candidate.finish_reason for candidate in answer.candidates] == ["STOP", "MAX_TOKENS"]
    found = answer.candidates[0].content.parts or []
    assert found[4].function_call and found[4].function_call.args == {"a": 1}
    assert found[5].function_call and found[5].function_call.args == {"_raw": "[1"}
    # What a client sends back, in whatever base64 the SDK writes, is what the other provider signed.
    sent = {"contents": [answer.candidates[0].content.model_dump(mode="json", by_alias=True, exclude_none=True)]}
    back = read_request(decode_generate(json.dumps(sent).encode(), "m", False)).messages[0].parts
    assert back[0] == parts[0] and back[1] == parts[1] and back[4] == parts[4]
    assert back[2:4] == (Text("here"), Text("but no"))


def test_a_hidden_thought_before_a_call_stays_a_thought() -> None:
    parts = (Reasoning("", "S1", "anthropic"), ToolCall("1", "f", "{}"), Reasoning("", "S2", "anthropic", True))
    body = write_response(ChatAnswer("i", "m", (Choice(parts, "tool_calls"),)), ASKING)
    content = json.loads(body)["candidates"][0]["content"]
    back = read_request(decode_generate(json.dumps({"contents": [content]}).encode(), "m", False))
    assert back.messages[0].parts == parts


def test_a_stream_of_another_provider_parses_as_googles() -> None:
    events: list[ChatEvent] = [
        Started("id-1", "claude"),
        UsageSeen(Usage(10, 1)),
        ReasoningDelta("h"),
        ReasoningDelta("m"),
        ReasoningSigned("SIG", "anthropic"),
        ReasoningSigned("secret", "anthropic", is_hidden=True),
        TextDelta("he"),
        TextDelta("re", 0, (TokenLogprob("re", -0.5),)),
        ToolStarted(0, "t1", "f"),
        ToolDelta(0, '{"a"'),
        ToolStarted(1, "t2", "g"),
        ToolDelta(0, ":1}"),
        RefusalDelta("no", 1),
        Finished("tool_calls"),
        Finished("refusal", 1),
        UsageSeen(Usage(10, 9, 0, 3)),
        Ended(),
    ]
    chunks = parse_stream(events)
    assert all(chunk.response_id == "id-1" and chunk.model_version == "claude" for chunk in chunks)
    last = chunks[-1]
    assert last.usage_metadata and last.usage_metadata.total_token_count == 19
    assert [candidate.finish_reason for candidate in last.candidates or []] == ["STOP", "SAFETY"]
    assert not any(chunk.usage_metadata for chunk in chunks[:-1])
    parts = [part for chunk in chunks for c in chunk.candidates or [] if not c.index for part in c.content.parts or []]  # type: ignore[union-attr]
    assert [part.text for part in parts if part.text] == ["h", "m", "he", "re"]
    assert [part.function_call.args for part in parts if part.function_call] == [{"a": 1}, {}]
    sent = [part.model_dump(mode="json", by_alias=True, exclude_none=True) for part in parts[:-1]]
    body = json.dumps({"contents": [{"role": "model", "parts": sent}]}).encode()
    back = read_request(decode_generate(body, "m", False)).messages[0].parts
    assert back[:2] == (Reasoning("hm", "SIG", "anthropic"), Reasoning("", "secret", "anthropic", True))


def test_a_call_goes_before_the_text_that_follows_it_once_it_is_whole() -> None:
    events: list[ChatEvent] = [
        Started("i", "m"),
        ToolStarted(0, "1", "f"),
        ToolDelta(0, "{}"),
        TextDelta("then"),
        Finished("stop"),
        Ended(),
    ]
    parts = [part for chunk in parse_stream(events) for part in (chunk.parts or [])]
    assert parts[0].function_call and parts[1].text == "then"


def test_every_candidate_must_end() -> None:
    half, end = body_of({"text": "a"}, reason=None), body_of({"text": "b"})
    assert not any(isinstance(event, Finished | Ended) for event in events_of(half))
    answer = assemble_answer(events_of(half, end))
    assert answer is not None and answer.choices == (Choice((Text("ab"),), "stop"),)
    other = json.dumps({"candidates": [{"index": 1, "content": {"parts": [{"text": "x"}]}}]}).encode()
    assert assemble_answer(events_of(half, other, end)) is None
    # Some models name an end in every chunk; content after it is content all the same.
    assert assemble_answer(events_of(end, end)) == assemble_answer(events_of(body_of({"text": "bb"})))


def test_a_stream_without_anything_is_no_answer() -> None:
    assert assemble_answer(events_of()) is None
    assert assemble_answer(events_of(b'{"usageMetadata":{"promptTokenCount":1}}')) is None


@pytest.mark.parametrize(
    "error", [b'{"error":{"code":503,"status":"UNAVAILABLE","message":"busy"}}', b'[{"error":{"code":503}}]']
)
def test_errors_within_a_stream(error: bytes) -> None:
    last = events_of(body_of({"text": "a"}, reason=None), error)[-1]
    assert isinstance(last, Failed) and last.failure.kind == FailureKind.OVERLOADED
    reader = StreamReader(True)
    passed = reader.feed(b"data: " + body_of({"text": "a"}, reason=None) + b"\n\ndata: " + error + b"\n\n")
    assert b'"a"' in passed and b"error" not in passed
    assert reader.failure is not None and reader.failure.kind == FailureKind.OVERLOADED


def test_the_short_way_holds_back_what_comes_before_content() -> None:
    reader = StreamReader(True)
    opening = b"data: " + body_of({"text": ""}, reason=None) + b"\r\n\r\n"
    assert reader.feed(opening) == b"" and not reader.committed
    content = b"data: " + body_of({"text": "a"}, reason="STOP", usageMetadata={"promptTokenCount": 3}) + b"\r\n\r\n"
    assert b'"a"' in reader.feed(content)
    assert (reader.usage, reader.content_bytes, reader.done) == (Usage(3, 0), 1, False)
    assert (reader.finish(), reader.done, reader.failure) == (b"", True, None)


def test_the_short_way_notices_a_cut() -> None:
    reader = StreamReader(True)
    reader.feed(b"data: " + body_of({"text": "a"}, reason=None) + b"\n\n")
    reader.finish()
    assert reader.failure is not None and reader.failure.kind == FailureKind.INTERRUPTED


def test_the_short_way_passes_a_blocked_prompt() -> None:
    reader = StreamReader(True)
    blocked = b'data: {"promptFeedback":{"blockReason":"SAFETY"}}\n\n'
    assert reader.feed(blocked) == blocked and reader.finish() == b"" and reader.done


def test_what_an_answer_says_and_how_sure_it_is() -> None:
    logprobs = {"chosenCandidates": [{"token": "a", "logProbability": 0.0}, {"token": "b", "logProbability": -100}]}
    candidate = {
        "content": {"parts": [{"text": "hm", "thought": True}, {"text": "a"}, {"functionCall": {"name": "f"}}]},
        "finishReason": "STOP",
        "avgLogprobs": -1,
        "logprobsResult": logprobs,
    }
    said = read_answer(json.dumps({"candidates": [candidate]}).encode())
    assert (said.text, said.confidence, said.is_complete) == ('a\n\n{"functionCall":{"name":"f"}}', 500_000, True)
    del candidate["logprobsResult"]
    assert read_answer(json.dumps({"candidates": [candidate]}).encode()).confidence == 367_879
    assert not read_answer(body_of({"text": "a"}, reason="SAFETY")).is_complete
    assert read_answer(b"x").text == "" and read_answer(b'{"candidates":[1,{"content":[]}]}').confidence is None
