"""Estimated tokens: near two real vocabularies, never for bytes that are no text, bounded in work, never failing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests_of_any_kind import REQUESTS, ask
from token_samples import SAMPLES, Sample

from pointsman.core.chat.request import ChatRequest
from pointsman.core.routing.estimate_tokens import (
    AUDIO_TOKENS,
    FILE_PAGE_TOKENS,
    IMAGE_LOW_TOKENS,
    IMAGE_TOKENS,
    VIDEO_TOKENS,
    estimate_tokens,
    estimate_tokens_of_texts,
)

_BASE64 = "iVBORw0KGgoAAAANSUhEUgAA" * 2_000


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.kind)
def test_a_sample_is_estimated_within_a_fifth_of_what_both_vocabularies_make_of_it(sample: Sample) -> None:
    mean = (sample.cl100k + sample.o200k) / 2
    assert abs(estimate_tokens_of_texts([sample.text]) - mean) <= 0.2 * mean


def test_the_mean_error_over_all_samples_is_under_a_tenth() -> None:
    errors = [
        abs(2 * estimate_tokens_of_texts([sample.text]) / (sample.cl100k + sample.o200k) - 1) for sample in SAMPLES
    ]
    assert sum(errors) / len(errors) < 0.1


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_BASE64}"}}, IMAGE_TOKENS),
        ({"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}}, IMAGE_LOW_TOKENS),
        ({"type": "image_url", "image_url": f"data:image/png;base64,{_BASE64}"}, IMAGE_TOKENS),
        ({"type": "input_audio", "input_audio": {"format": "wav", "data": "A" * 64_000}}, 11),
        ({"type": "input_audio", "input_audio": {"format": "mp3", "data": "A" * 21_000}}, 11),
        ({"type": "audio_url", "audio_url": {"url": "https://example.org/a.mp3"}}, AUDIO_TOKENS),
        ({"type": "video_url", "video_url": {"url": "https://example.org/a.mp4"}}, VIDEO_TOKENS),
        ({"type": "file", "file": {"file_id": "file-1"}}, FILE_PAGE_TOKENS),
        ({"type": "file", "file": {"file_data": "A" * 300_000}}, 3 * FILE_PAGE_TOKENS),
    ],
)
def test_what_is_no_text_counts_by_its_kind_and_its_bytes_never_as_text(part: dict[str, object], tokens: int) -> None:
    text: dict[str, object] = {"type": "text", "text": "What is this?"}
    assert estimate_tokens(ask([text, part])) - estimate_tokens(ask([text])) == tokens


@pytest.mark.parametrize(
    "more",
    [
        {"tools": [{"type": "function", "function": {"name": "look_up", "description": "Finds an order."}}]},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}},
        {"prediction": {"type": "content", "content": "The answer is probably this."}},
        {
            "messages": [
                {"role": "user", "content": "Hello"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "a", "function": {"name": "look_up", "arguments": '{"order": 4711}'}}],
                },
            ]
        },
    ],
    ids=["tools", "format", "prediction", "tool_calls"],
)
def test_everything_that_the_model_reads_counts(more: dict[str, object]) -> None:
    assert estimate_tokens(ask("Hello", **more)) > estimate_tokens(ask("Hello")) + 5


def test_metadata_and_the_caller_s_name_for_the_user_are_not_read_by_the_model() -> None:
    assert estimate_tokens(ask("Hello", metadata={"note": "long " * 50}, user="u-1")) == estimate_tokens(ask("Hello"))


@pytest.mark.parametrize("text", ["plain words and more of them ", "字のない文はない。", '{"a": 1, "b": [2, 3]}, '])
def test_a_sample_of_a_large_text_stands_for_all_of_it(text: str) -> None:
    whole = estimate_tokens_of_texts([text * 100])
    large = estimate_tokens_of_texts([text * 100_000])
    assert abs(large / (1_000 * whole) - 1) < 0.03


def test_the_sample_is_spread_over_all_texts() -> None:
    """Half of the characters are digits, in many short texts after one long one of letters."""
    letters = "word " * 200_000
    digits = ["0123456789"] * 100_000
    apart = estimate_tokens_of_texts([letters]) + estimate_tokens_of_texts(["".join(digits)])
    assert abs(estimate_tokens_of_texts([letters, *digits]) / apart - 1) < 0.05


@given(st.lists(st.text(max_size=40), max_size=20), st.text(max_size=200))
def test_more_text_is_never_fewer_tokens(texts: list[str], more: str) -> None:
    assert estimate_tokens_of_texts([*texts, more]) >= estimate_tokens_of_texts(texts)


@given(REQUESTS)
@settings(max_examples=300)
def test_no_request_that_is_let_through_makes_it_fail(body: dict[str, object]) -> None:
    request = ChatRequest("agent:writer", False, False, json.dumps(body).encode(), body)
    tokens = estimate_tokens(request)
    assert tokens > 0
    assert estimate_tokens(request) == tokens
