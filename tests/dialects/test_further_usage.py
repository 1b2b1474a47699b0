"""What providers report beside plain tokens, and reports that contradict each other or cannot be true."""

import json
from typing import Any

import pytest

from pointsman.core.chat.usage import FurtherCounts, Usage
from pointsman.core.dialects.anthropic_messages import usage as anthropic
from pointsman.core.dialects.anthropic_messages.read_events import EventReader as AnthropicEvents
from pointsman.core.dialects.bedrock_converse import usage as bedrock
from pointsman.core.dialects.gemini import usage as gemini
from pointsman.core.dialects.openai_chat import usage as openai
from pointsman.core.dialects.openai_chat.read_events import EventReader as OpenAIEvents
from pointsman.core.dialects.openai_chat.stream import StreamReader as OpenAIStream
from pointsman.core.dialects.operation_checks import count_searches
from pointsman.core.dialects.translated_stream import TranslatedStream

ABSURD = (-1, 1.5, "12", 10**9, True, [], {})


def test_anthropic_tells_how_long_it_keeps_and_how_often_it_searched() -> None:
    reported = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 300,
        "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
        "output_tokens": 5,
        "server_tool_use": {"web_search_requests": 2},
    }
    usage = anthropic.read_usage(reported)
    assert usage == Usage(310, 5, 0, 0, 300, FurtherCounts(cache_write_1h_tokens=200, searches=2))


def test_bedrock_tells_how_long_it_keeps() -> None:
    details = [{"ttl": "1h", "inputTokens": 40}, {"ttl": "5m", "inputTokens": 10}, "?", {"ttl": "1h"}]
    reported = {"inputTokens": 1, "outputTokens": 2, "cacheWriteInputTokens": 50, "cacheDetails": details}
    assert bedrock.read_usage(reported) == Usage(51, 2, 0, 0, 50, FurtherCounts(cache_write_1h_tokens=40))


def test_openai_tells_of_sound_and_images() -> None:
    reported = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"audio_tokens": 60, "image_tokens": 20, "cached_tokens": 8},
        "completion_tokens_details": {"audio_tokens": 40},
    }
    usage = openai.read_usage(reported)
    further = FurtherCounts(audio_input_tokens=60, image_input_tokens=20, audio_output_tokens=40)
    assert usage == Usage(100, 50, 8, further=further)
    assert openai.read_usage(openai.write_usage(usage)) == usage


def test_gemini_tells_the_modality_of_each_part() -> None:
    reported = {
        "promptTokenCount": 100,
        "candidatesTokenCount": 50,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}, {"modality": "AUDIO", "tokenCount": 90}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 50}],
    }
    usage = gemini.read_usage(reported)
    assert usage == Usage(100, 50, further=FurtherCounts(audio_input_tokens=90, image_output_tokens=50))
    assert gemini.read_usage(gemini.write_usage(usage)) == usage


@pytest.mark.parametrize("wrong", [*ABSURD, None])
def test_details_that_cannot_be_are_left_out(wrong: Any) -> None:
    assert openai.read_usage(
        {"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": {"audio_tokens": wrong}}
    ) == Usage(1, 1)
    listed = [{"modality": "AUDIO", "tokenCount": wrong}, wrong]
    assert gemini.read_usage({"promptTokenCount": 1, "promptTokensDetails": listed}) == Usage(1, 0)
    reported = {"input_tokens": 1, "cache_creation": {"ephemeral_1h_input_tokens": wrong}, "server_tool_use": wrong}
    assert anthropic.read_usage(reported) == Usage(1, 0)
    assert bedrock.read_usage({"inputTokens": 1, "cacheDetails": wrong}) == Usage(1, 0)


@pytest.mark.parametrize(("units", "searches"), [(1, 1), (1.2, 2), (0.5, 1)])
def test_a_part_of_a_search_is_billed_as_one(units: float, searches: int) -> None:
    meta = {"billed_units": {"search_units": units}}
    assert count_searches(None, meta) == Usage(0, 0, further=FurtherCounts(searches=searches))
    assert count_searches(Usage(9, 0), meta) == Usage(9, 0, further=FurtherCounts(searches=searches))
    assert count_searches(Usage(9, 0), {"billed_units": {"search_units": 0}}) == Usage(9, 0)


def _chunk(**members: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": "a"}}]} | members).encode() + b"\n\n"


def _told(prompt: Any, completion: Any) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion}


def _open_streams() -> tuple[OpenAIStream, TranslatedStream]:
    return OpenAIStream(True), TranslatedStream(OpenAIEvents(), _QuietWriter())  # type: ignore[arg-type]


class _QuietWriter:
    """Writes nothing: what is tested is what was learnt."""

    def write(self, events: object) -> bytes:
        return b""


def test_usage_in_every_chunk_is_one_usage() -> None:
    for stream in _open_streams():
        for completion in (1, 2, 3):
            stream.feed(_chunk(usage=_told(10, completion)) + _chunk(usage=None))
        assert stream.usage == Usage(10, 3)
        assert not stream.tally.has_conflict and not stream.tally.is_rejected


def test_reports_that_contradict_each_other_are_noted() -> None:
    for stream in _open_streams():
        stream.feed(_chunk(usage=_told(10, 9)) + _chunk(usage=_told(12, 5)))
        assert stream.usage == Usage(12, 9) and stream.tally.has_conflict


@pytest.mark.parametrize("wrong", [-1, 1.5, "12", 10**9, True])
def test_reports_that_cannot_be_are_noted(wrong: Any) -> None:
    for stream in _open_streams():
        stream.feed(_chunk(usage=_told(wrong, 5)))
        assert stream.usage is None and stream.tally.is_rejected and not stream.tally.has_conflict


def test_missing_usage_is_neither() -> None:
    for stream in _open_streams():
        stream.feed(_chunk(usage=None) + _chunk() + _chunk(usage={}))
        assert stream.usage is None and not stream.tally.is_rejected


def test_anthropics_two_halves_are_no_conflict() -> None:
    stream = TranslatedStream(AnthropicEvents(), _QuietWriter())  # type: ignore[arg-type]
    start = {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 7, "output_tokens": 1}}}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
    for document in (start, end):
        stream.feed(b"data: " + json.dumps(document).encode() + b"\n\n")
    assert stream.usage == Usage(7, 9) and not stream.tally.has_conflict and not stream.tally.is_rejected
