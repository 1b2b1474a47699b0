"""What callers say beside a request: every word is read, joined or refused by name, and privacy is never lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.client_json import ClientError
from pointsman.core.privacy.labels import LABELS
from pointsman.core.routing.said import SAID_NOTHING, Said, read_said


def say(metadata: object = None, **words: str) -> Said:
    """Words as headers, `task_id` for `x-pointsman-task-id`."""
    return read_said(
        [(f"x-pointsman-{name.replace('_', '-')}".encode(), text.encode()) for name, text in words.items()], metadata
    )


def refusal(metadata: object = None, **words: str) -> str:
    with pytest.raises(ClientError) as refused:
        say(metadata, **words)
    assert refused.value.status == 400
    return refused.value.code


def test_every_word_is_read_from_headers_and_from_metadata() -> None:
    words = {
        "agent": "writer",
        "task": '{"type": "review", "complexity": 9}',
        "task_id": "t-1",
        "tags": "a, b,a",
        "user": "ada",
        "session": "s-1",
        "privacy": "medium",
        "timeout_ms": "30000",
        "max_cost": "0.50",
        "strategy": "balanced",
        "budget_mode": "true",
        "fallback_models": "big, small,big",
        "min_quality": "0.85",
    }
    wanted = Said(
        agent="writer",
        task={"type": "review", "complexity": 9},
        task_id="t-1",
        tags=("a", "b"),
        user="ada",
        session="s-1",
        privacy="medium",
        timeout_ms=30_000,
        max_cost_nusd=500_000_000,
        strategy="balanced",
        budget_mode=True,
        fallback_models=("big", "small"),
        min_quality=850_000,
    )
    assert say(**words) == wanted
    assert say(words) == wanted
    assert say({**words, "task": json.loads(words["task"]), "tags": ["a", "b"], "timeout_ms": 30_000}) == wanted


def test_nothing_said_is_nothing() -> None:
    assert read_said([]) is SAID_NOTHING
    assert read_said([(b"authorization", b"x")], {"mine": "x"}) is SAID_NOTHING


def test_a_single_word_is_the_type_of_the_task() -> None:
    assert say(task="review").task == {"type": "review"}


def test_a_header_counts_before_metadata_but_of_two_words_on_privacy_the_higher_one_does() -> None:
    assert say({"user": "body", "session": "body"}, user="head") == Said(user="head", session="body")
    assert say({"privacy": "high"}, privacy="low").privacy == "high"
    assert say({"privacy": "low"}, privacy="high").privacy == "high"


@given(st.sampled_from(LABELS), st.sampled_from(LABELS), st.booleans())
def test_no_task_takes_back_what_another_says_of_privacy(one: str, other: str, swapped: bool) -> None:
    in_body, in_header = (other, one) if swapped else (one, other)
    joined = say({"task": {"privacy_level": in_body, "type": "a"}}, task=json.dumps({"privacy_level": in_header})).task
    assert joined == {"privacy_level": max(one, other, key=LABELS.index), "type": "a"}
    kept = say({"task": {"privacy_level": in_body}}, task='{"type": "b"}').task
    assert kept == {"privacy_level": in_body, "type": "b"}


def test_a_level_that_is_none_stays_to_be_refused() -> None:
    assert say({"task": {"privacy_level": "hgh"}}, task='{"privacy_level": "high"}').task == {"privacy_level": "hgh"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"privacy": ""}, "invalid_privacy"),
        ({"privacy": "High"}, "invalid_privacy"),
        ({"privacy": "low, high"}, "invalid_privacy"),
        ({"privacy": "l\u043ew"}, "invalid_privacy"),
        ({"privcy": "high"}, "unknown_header"),
        ({"timeout_ms": "0"}, "invalid_deadline"),
        ({"timeout_ms": "-1"}, "invalid_deadline"),
        ({"timeout_ms": "NaN"}, "invalid_deadline"),
        ({"timeout_ms": "9" * 20}, "invalid_deadline"),
        ({"max_cost": "1e3"}, "invalid_max_cost"),
        ({"task": "{complexity"}, "invalid_task"),
        ({"task": '{"a": 1, "a": 2}'}, "invalid_task"),
        ({"task": "[1]"}, "invalid_task"),
        ({"tags": "a,,b"}, "invalid_tags"),
        ({"budget_mode": "yes"}, "invalid_value"),
        ({"fallback_models": "a,,b"}, "invalid_fallback_models"),
        ({"fallback_models": ",".join("abcdefghijklmnopq")}, "invalid_fallback_models"),
        ({"fallback_models": "a\u200bb"}, "invalid_fallback_models"),
        ({"min_quality": "1.1"}, "invalid_min_quality"),
        ({"min_quality": "-0"}, "invalid_min_quality"),
        ({"min_quality": "NaN"}, "invalid_min_quality"),
        ({"min_quality": "0.1234567"}, "invalid_min_quality"),
        ({"user": "x" * 257}, "invalid_value"),
        ({"user": "a\x01"}, "invalid_characters"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(words: dict[str, str], code: str) -> None:
    assert refusal(**words) == code


@pytest.mark.parametrize(
    "metadata",
    ["text", [1], True, {"Privacy": "high"}, {"task-id": "t"}, {str(at): "" for at in range(17)}, {"note": "x" * 513}],
)
def test_metadata_that_providers_would_refuse_or_that_only_looks_like_a_word_is_refused(metadata: Any) -> None:
    assert refusal(metadata) == "invalid_metadata"


def test_a_word_on_privacy_is_not_taken_for_unsaid_when_it_is_empty() -> None:
    assert refusal({"privacy": None}) == "invalid_privacy"


def test_a_header_that_stands_twice_is_refused() -> None:
    with pytest.raises(ClientError) as refused:
        read_said([(b"x-pointsman-privacy", b"high"), (b"x-pointsman-privacy", b"low")])
    assert refused.value.code == "repeated_header"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ClientError) as refused:
        read_said([(b"x-pointsman-user", b"\xff")])
    assert refused.value.code == "invalid_characters"
