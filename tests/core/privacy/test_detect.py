"""Private data is found in the forms that people write, whatever hides it from the eye, and its like is not."""

import pytest
from private_texts import HELD, NOTHING_HELD

from pointsman.core.privacy.detect import detect, locate
from pointsman.core.privacy.entities import ENTITIES, MOST_COUNTED, Entity, Findings
from pointsman.core.privacy.labels import LABELS, is_cleared, raise_label

CASES = [(kind, text) for kind, texts in HELD.items() for text in texts]
SURROUNDINGS = ("{}", "see {} there", "a\n{}\nb", "({}).", "我的是 {}，谢谢", '{{"value": "{}"}}')


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_private_data_is_found(kind: Entity, text: str) -> None:
    for surrounding in SURROUNDINGS[:-1] if '"' in text else SURROUNDINGS:
        whole = surrounding.format(text)
        assert kind in detect([whole]).kinds, whole
        assert detect([whole], frozenset({kind}))


@pytest.mark.parametrize("text", NOTHING_HELD)
def test_its_like_is_not(text: str) -> None:
    assert locate(text) == []
    assert not detect([text])
    assert not detect([text])


def test_what_was_found_is_counted_by_kind_and_never_kept() -> None:
    found = detect(["jane@acme.com and tom@acme.com", "nothing", "4111 1111 1111 1111"])
    assert found == Findings((("card", 1), ("email", 2)))
    assert found.kinds == {"card", "email"}
    assert "acme" not in repr(found)
    assert "4111" not in repr(found)


def test_only_what_is_asked_for_is_looked_for() -> None:
    text = "jane@acme.com 4111111111111111 93.184.216.34"
    assert detect([text], frozenset({"email"})).kinds == {"email"}
    assert not detect([text], frozenset({"iban", "phone"}))
    assert detect([text], frozenset()) == Findings()


def test_counts_are_bounded_and_no_kind_is_lost_behind_many_of_another() -> None:
    text = "\n".join(["call +14155550123"] * 500 + ["4111111111111111", "jane@acme.com"])
    assert detect([text, text]).counts == (("card", 2), ("email", 2), ("phone", MOST_COUNTED))


def test_of_finds_that_overlap_the_surest_counts() -> None:
    assert detect(["postgres://app:s3cr3t!@db.acme.com/main"]).counts == (("secret", 1),)
    assert detect(["GB29 NWBK 6016 1331 9268 19"]).counts == (("iban", 1),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("call (555) 234-5678 now", "(555) 234-5678"),
        ("call +49 (0)30 12345678.", "+49 (0)30 12345678"),
        ("a 41\u200b11 1111\u00a01111 1111 b", "41\u200b11 1111\u00a01111 1111"),
        ("\u200b\u00adto ja\u00adne@acme.com\u200b", "ja\u00adne@acme.com"),
        ("password = hunter22;", "hunter22"),
        ("😀 DE89 3704 0044 0532 0130 00 😀", "DE89 3704 0044 0532 0130 00"),
    ],
)
def test_places_are_those_of_the_text_as_it_was_given(text: str, found: str) -> None:
    [place] = locate(text)
    assert text[place.start : place.end] == found


def test_what_hides_in_signs_that_only_models_read_is_found() -> None:
    assert detect(["Hello" + "".join(chr(0xE0000 + ord(sign)) for sign in " jane@acme.com")]).kinds == {"email"}


def test_a_long_run_of_numbers_hides_no_card() -> None:
    for shift in range(1, 90):
        text = "12345 " * 300 + "1 " * shift + "x 4111 1111 1111 1111"
        assert detect([text], frozenset({"card"})).kinds == {"card"}
        assert "card" in detect(["1" * (900 + shift) + " 4111111111111111"]).kinds


def test_a_label_never_falls() -> None:
    assert raise_label() == raise_label(None) == "low"
    for one in LABELS:
        for other in LABELS:
            raised = raise_label(one, None, other)
            assert is_cleared(one, raised)
            assert is_cleared(other, raised)
            assert raised in (one, other)


def test_every_kind_has_texts() -> None:
    assert set(HELD) == set(ENTITIES)
