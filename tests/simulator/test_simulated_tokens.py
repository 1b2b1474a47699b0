"""Tokens join to the text they came from, and a prefix of tokens is a tokenisation of its own."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.simulator.text import compose_answer
from pointsman.simulator.tokens import count_tokens, split_tokens


@given(st.text())
def test_pieces_join_to_the_text(text: str) -> None:
    assert "".join(split_tokens(text)) == text


@given(st.text(alphabet="ab é\n\t.,_19日本🙂"), st.integers(min_value=0, max_value=30))
def test_a_prefix_of_tokens_is_tokenised_alike(text: str, length: int) -> None:
    prefix = split_tokens(text)[:length]
    assert split_tokens("".join(prefix)) == prefix


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("Hello world", ["Hello", " world"]),
        ("routing configuration", ["routin", "g", " config", "uratio", "n"]),
        ("123456 7", ["123", "456", " 7"]),
        ("a(b):\n    c", ["a", "(", "b", "):", "\n", "    ", "c"]),
        ("日本語", ["日", "本", "語"]),
    ],
)
def test_known_splits(text: str, tokens: list[str]) -> None:
    assert split_tokens(text) == tokens


def test_english_has_about_four_characters_to_a_token() -> None:
    text = compose_answer("Plan a migration of the billing database to another region", Random(7))
    assert 3.3 < len(text) / count_tokens(text) < 4.7
