"""What a plain answer says and how sure it is, and that no answer of whatever form raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.verification import AnswerText
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.dialects.openai_chat.read_answer import read_answer
from pointsman.core.dialects.openai_chat.rewrite_request import rewrite_request
from pointsman.core.dialects.openai_chat.write_verification import write_verification

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("ab\n"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["content", "logprob", "text"]), inner),
)


def answer(*choices: object) -> bytes:
    return json.dumps({"choices": choices}).encode()


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "four"}, "four"),
        ({"content": [{"type": "text", "text": "fo"}, {"type": "text", "text": "ur"}]}, "fo\n\nur"),
        ({"content": None, "refusal": "No."}, "No."),
        ({"content": None, "tool_calls": [{"id": "a"}]}, '{"tool_calls":[{"id":"a"}]}'),
        ({"content": 4}, ""),
        (None, ""),
    ],
)
def test_all_that_is_said_is_read(message: object, text: str) -> None:
    assert read_answer(answer({"message": message})) == AnswerText(text)


def test_several_choices_are_read_together() -> None:
    one = {"message": {"content": "a"}, "logprobs": {"content": [{"logprob": 0}]}}
    other = {"message": {"content": "b"}, "logprobs": {"content": [{"logprob": -50}, {"logprob": -1e300}]}}
    assert read_answer(answer(one, other)) == AnswerText("a\n\nb", 333_333)


@pytest.mark.parametrize("logprob", ["-1", None, True, [], {}])
def test_what_is_no_probability_does_not_count(logprob: object) -> None:
    assert read_answer(answer({"logprobs": {"content": [{"logprob": logprob}]}})).confidence is None


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b'{"choices": 3}', b'{"choices": [3]}', b"[" * 100_000])
def test_what_is_no_answer_says_nothing(body: bytes) -> None:
    assert read_answer(body) == AnswerText("")


@given(JSON, JSON)
def test_whatever_form_it_has_nothing_raises(message: object, logprobs: object) -> None:
    read = read_answer(answer({"message": message, "logprobs": logprobs}))
    assert read.confidence is None or 0 <= read.confidence <= 1_000_000


def test_a_question_is_a_request_like_any_other_and_leaves_pictures_out() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    asked = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "What?"}, picture]}]}
    question = write_verification(asked["messages"], "A cat.", "mark", False)
    assert question is not None and "response_format" not in question.fields
    assert b"AAAA" not in question.body and b"left_out" in question.body
    sent = rewrite_request(question, Target("up"))
    assert decode_request(sent.body).fields["model"] == "up" and sent.changes == ()
