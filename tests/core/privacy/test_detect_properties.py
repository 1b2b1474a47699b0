"""However private data is grouped and wherever it stands, it is found; with one digit changed it is not."""

from hypothesis import given
from hypothesis import strategies as st
from private_texts import HELD_TEXTS, NOTHING_HELD, cards, grouped, ibans

from pointsman.core.privacy.cards import has_right_check_digit, is_card
from pointsman.core.privacy.detect import detect, locate
from pointsman.core.privacy.ibans import FORMS

TEXTS = st.lists(st.sampled_from((*HELD_TEXTS, *NOTHING_HELD)) | st.text(max_size=60), max_size=6).map(" ; ".join)


@given(st.data())
def test_a_card_is_found_however_it_is_grouped(data: st.DataObject) -> None:
    card = data.draw(cards())
    written = data.draw(grouped(card))
    assert "card" in detect([f"pay: {written} today"]).kinds


@given(st.data())
def test_another_digit_makes_it_no_card(data: st.DataObject) -> None:
    card = data.draw(cards())
    at = data.draw(st.integers(0, len(card) - 1))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != card[at]]))
    changed = card[:at] + digit + card[at + 1 :]
    assert not has_right_check_digit(changed)
    assert not is_card(changed)
    assert "card" not in detect([f"pay: {changed} today"]).kinds


@given(st.data(), st.sampled_from(sorted(FORMS)))
def test_an_account_of_every_country_is_found(data: st.DataObject, country: str) -> None:
    iban = data.draw(ibans(country))
    for written in (iban, iban.lower(), " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))):
        assert "iban" in detect([f"to {written}."]).kinds


@given(st.data())
def test_another_digit_makes_it_no_account(data: st.DataObject) -> None:
    iban = data.draw(ibans())
    at = data.draw(st.sampled_from([at for at, sign in enumerate(iban) if sign.isdigit()]))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != iban[at]]))
    assert "iban" not in detect([f"to {iban[:at]}{digit}{iban[at + 1 :]}."]).kinds


@given(st.lists(TEXTS, max_size=5))
def test_texts_in_lines_hold_at_least_what_each_holds(texts: list[str]) -> None:
    parts = frozenset[str]().union(*(detect([text]).kinds for text in texts))
    assert parts <= detect(["\n".join(texts)]).kinds


@given(TEXTS)
def test_places_lie_within_the_text_apart_and_in_order(text: str) -> None:
    places = locate(text)
    end = 0
    for place in places:
        assert end <= place.start < place.end <= len(text)
        end = place.end
    assert {place.entity for place in places} == detect([text]).kinds
    assert bool(places) == bool(detect([text]))


@given(TEXTS)
def test_what_is_found_is_there_and_found_again(text: str) -> None:
    """A find is in its own piece of text, with the words before it and the sign after it."""
    for place in locate(text):
        before = text[max(0, place.start - 400) : place.start]
        again = locate(before + text[place.start : place.end + 2])
        assert any(place.entity == one.entity and one.end > len(before) for one in again)


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert all(0 <= place.start < place.end <= len(text) for place in locate(text))
