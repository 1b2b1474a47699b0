"""A long text read in pieces holds what the whole of it holds, wherever the cuts fall."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from private_texts import HELD_TEXTS, NOTHING_HELD

from pointsman.core.privacy.detect import detect, detect_by_pieces, locate
from pointsman.core.privacy.pieces import MARGIN_CHARACTERS, PIECE_CHARACTERS, read_pieces
from pointsman.core.privacy.reading import write_plainly

LONGEST_PIECE = PIECE_CHARACTERS + 2 * MARGIN_CHARACTERS
EDGE = PIECE_CHARACTERS
CARD = "4111 1111 1111 1111"
TOKEN = f"eyJhbGciOiJIUzI1NiJ9.{'aB3xZ' * 700}.{'q9Rt' * 10}"


def put_at(place: int, held: str, filling: str) -> str:
    """A text of some pieces with something at a place in it."""
    before = (filling * (place // len(filling) + 1))[:place]
    return f"{before} {held} {filling * (2 * PIECE_CHARACTERS // len(filling))}"


@pytest.mark.parametrize("filling", ["word ", "word\n", "wörd ", '{"a":"b"},', "x"], ids=repr)
@pytest.mark.parametrize("back", [0, 3, 18, 40, 2_000])
def test_what_lies_across_a_cut_is_found_once(filling: str, back: int) -> None:
    for held in (
        CARD,
        "DE89 3704 0044 0532 0130 00",
        "call me: 0151 234 56 78",
        "jane.doe@acme.com",
        "password=hunter2x9",
    ):
        text = put_at(EDGE - back, held, filling)
        assert detect([text]).counts == tuple((kind, 1) for kind in detect([held]).kinds)


@pytest.mark.parametrize("filling", ["word ", '{"a":"b"},'])
def test_a_token_longer_than_the_margin_is_not_cut(filling: str) -> None:
    for back in range(0, len(TOKEN) + 200, 450):
        assert detect([put_at(EDGE - back, TOKEN, filling)]).kinds == {"secret"}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([" ", "\n", " ; ", ","]))
def test_the_kinds_are_those_of_the_whole_text(seed: int, gap: str) -> None:
    dice = random.Random(seed)
    entries = [dice.choice((*HELD_TEXTS[:: dice.randint(1, 9)], *NOTHING_HELD)) for _ in range(6_000)]
    text = gap.join(entries)[: 3 * PIECE_CHARACTERS]
    whole = {find.entity for find in locate(text)}
    assert detect([text]).kinds == whole


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.sampled_from([" ", ", ", "\n", "|"]))
def test_every_place_of_the_whole_text_is_counted_in_one_piece(seed: int, most_digits: int, gap: str) -> None:
    """Numbers of any kind, which is where a cut could do harm, in lines that are looked at in one."""
    dice = random.Random(seed)
    ends = ("\n" if place % 60 == 59 else "" for place in range(20_000))
    numbers = [f"{dice.randrange(10**most_digits)}{end}" for end in ends]
    text = gap.join(numbers)[: 3 * PIECE_CHARACTERS]
    pieces = list(detect_by_pieces([text]))
    assert len(pieces) > 1
    if all(len(found) < 100 for found in pieces):
        assert sorted(kind for found in pieces for kind in found) == sorted(find.entity for find in locate(text))


@given(st.integers(0, 3 * PIECE_CHARACTERS), st.sampled_from(["a ", "é\u200b1", "\u200b", "x", "１ "]))
@settings(max_examples=60, deadline=None)
def test_the_pieces_are_all_of_the_text_and_none_is_long(length: int, filling: str) -> None:
    text = (filling * length)[:length]
    pieces = list(read_pieces(text))
    assert "".join(reading.text[begin:end] for reading, begin, end in pieces) == write_plainly(text)
    assert all(len(reading.text) <= LONGEST_PIECE + MARGIN_CHARACTERS for reading, _, _ in pieces)
    for before, after in pairwise(pieces):
        known = min(MARGIN_CHARACTERS, before.end)
        assert (
            after.reading.text[after.begin - known : after.begin]
            == before.reading.text[before.end - known : before.end]
        )


def test_hidden_signs_do_not_count_as_length() -> None:
    hidden = ("\u200b" * 5_000).join(CARD)
    assert len(hidden) > 2 * LONGEST_PIECE
    assert detect([hidden]).kinds == {"card"}
