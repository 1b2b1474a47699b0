"""Two requests are the same only where all is the same that an answer depends on, and the key is one of it."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pointsman.core.catalog.quirk import Quirk
from pointsman.core.config.snapshot import Terms
from pointsman.core.routing.decision import Check
from pointsman.relay.answer_key import KEY_BYTES, UNHEEDED, Question, digest_question
from relay.scripted import model

FIELDS: dict[str, object] = {"model": "agent:a", "messages": [{"role": "user", "content": "hi"}], "n": 1}
QUESTION = Question("key_1", "/chat/completions", model("one"), (("temperature", 0.3),), None, Terms(), (), FIELDS)
ELSEWHERE = dataclasses.replace(QUESTION.model.deployment, base_url="http://127.0.0.1:2/v1")
OTHER_AUTH = dataclasses.replace(QUESTION.model.deployment, auth="x-api-key")
SAID_OTHERWISE = dataclasses.replace(QUESTION.model.deployment, quirks=(Quirk("q", most={"temperature": 1}),))
OTHER_ACCOUNT = dataclasses.replace(QUESTION.model.deployment, credential="env:OTHER_KEY")


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "key_2"},
        {"client_path": "/messages"},
        {"model": model("two")},
        {"model": dataclasses.replace(QUESTION.model, deployment=ELSEWHERE)},
        {"model": dataclasses.replace(QUESTION.model, deployment=OTHER_ACCOUNT)},
        {"parameters": (("temperature", 0.4),)},
        {"model": dataclasses.replace(QUESTION.model, deployment=OTHER_AUTH)},
        {"model": dataclasses.replace(QUESTION.model, deployment=SAID_OTHERWISE)},
        {"model": dataclasses.replace(QUESTION.model, max_output_tokens=9)},
        {"terms": Terms(is_strict=True)},
        {"terms": Terms(on_loss="refuse")},
        {"passed": ((b"anthropic-beta", b"context-1m-2025-08-07"),)},
        {"parameters": ()},
        {"check": Check("quality", model("two"))},
        {"fields": FIELDS | {"temperature": 0}},
        {"fields": FIELDS | {"n": 2}},
        {"fields": FIELDS | {"n": 1.0}},
        {"fields": FIELDS | {"n": True}},
        {"fields": FIELDS | {"n": None}},
        {"fields": FIELDS | {"messages": [{"content": "hi", "role": "user"}]}},
        {"fields": FIELDS | {"messages": [{"role": "user", "content": "hi "}]}},
    ],
    ids=str,
)
def test_whatever_an_answer_depends_on_makes_another_question(change: dict[str, Any]) -> None:
    assert digest_question(replace(QUESTION, **change)) != digest_question(QUESTION)


@pytest.mark.parametrize("name", sorted(UNHEEDED))
def test_what_says_nothing_of_the_answer_does_not_count(name: str) -> None:
    assert digest_question(replace(QUESTION, fields=FIELDS | {name: {"a": 1}})) == digest_question(QUESTION)


def test_the_order_of_the_members_does_not_count_and_prices_do_not_either() -> None:
    turned = replace(QUESTION, fields=dict(reversed(FIELDS.items())), model=model("one", None))
    assert digest_question(turned) == digest_question(QUESTION)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_whatever_a_request_holds_has_a_digest_of_its_own(one: object, other: object) -> None:
    digests = [digest_question(replace(QUESTION, fields=FIELDS | {"x": value})) for value in (one, other)]
    assert {len(digest) for digest in digests} == {KEY_BYTES}
    assert (digests[0] == digests[1]) == (write(one) == write(other))


def write(value: object) -> str:
    """A text of a value that is another one for each: 1, 1.0 and true are three values."""
    return f"{type(value).__name__}:{value!r}" if not isinstance(value, list | dict) else write_all(value)


def write_all(value: "list[object] | dict[str, object]") -> str:
    if isinstance(value, list):
        return f"[{','.join(map(write, value))}]"
    return f"{{{','.join(f'{name!r}={write(item)}' for name, item in value.items())}}}"
