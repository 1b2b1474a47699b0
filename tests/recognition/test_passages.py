"""Passages together hold all of the text, and whatever is shorter than the overlap stands whole in one of them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.recognition.passages import (
    MOST_CHARACTERS,
    OVERLAP_CHARACTERS,
    PASSAGE_CHARACTERS,
    cut_passages,
    is_too_long,
)

WORDS = st.text(alphabet="abcdefghéZ19.,-", min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=40), st.integers(4_100, 20_000), st.sampled_from([" ", "\n", ""]))
def test_whatever_is_shorter_than_the_overlap_stands_whole_in_one(words: list[str], length: int, gap: str) -> None:
    text = gap.join(f"{words[place % len(words)]}{place}" for place in range(length))[:length]
    passages = cut_passages([text])
    assert all(len(passage) <= PASSAGE_CHARACTERS for passage in passages)
    for start in range(0, max(1, len(text) - OVERLAP_CHARACTERS), 97):
        wanted = text[start : start + OVERLAP_CHARACTERS]
        assert any(wanted in passage for passage in passages)


def test_a_cut_falls_between_two_words() -> None:
    passages = cut_passages(["lorem " * 2_000])
    assert len(passages) > 3
    assert all(passage.startswith("lorem") and passage.endswith("lorem ") for passage in passages)


def test_short_texts_share_a_passage_and_stay_apart_in_it() -> None:
    assert cut_passages(["Anna", "", " \n", "Smith"]) == ["Anna\n\nSmith"]


def test_nothing_to_read_is_no_passage() -> None:
    assert cut_passages([]) == cut_passages(["", "  \n"]) == []


def test_the_length_counts_what_stands_between_the_texts() -> None:
    half = "x" * (MOST_CHARACTERS // 2 - 1)
    assert len(cut_passages([half, half, "y"])) > 1
    assert not is_too_long([half, half]) and is_too_long([half, half, ""]) and is_too_long([half, f"{half}z"])
    assert not is_too_long([]) and not is_too_long(["x" * MOST_CHARACTERS])
