"""A recognised person counts when it looks like a full name, or stands behind a title."""

import pytest

from pointsman.recognition.name_form import is_name


@pytest.mark.parametrize(
    "name",
    [
        "Maria Schneider",
        "Siobhan O'Connor",
        "JOHN SMITH",
        "Smith, John",
        "Schneider, M.",
        "Ludwig van Beethoven",
        "Maria de la Cruz",
        "J. R. Ewing",
        "Jean-Luc Lefèvre's",
        "Anna\nKowalska",
        "山田太郎",
    ],
)
def test_a_full_name_counts(name: str) -> None:
    assert is_name(name, 0, len(name))
    text = f"Ask {name} about it"
    assert is_name(text, 4, 4 + len(name))


@pytest.mark.parametrize(
    "span",
    ["John", "docker run", "Snapshot", "path.read_text", "Leeds LS2", "dict[str", "NAME.policy", "x", "  ", "Übung"],
)
def test_what_source_code_is_full_of_does_not(span: str) -> None:
    assert not is_name(span, 0, len(span))


@pytest.mark.parametrize("title", ["Mr", "Dr.", "Frau", "Mme", "Señora"])
def test_one_word_is_enough_behind_a_title(title: str) -> None:
    text = f"Call {title} Okafor today"
    start = text.index("Okafor")
    assert is_name(text, start, start + len("Okafor"))
    assert not is_name(text.replace("Okafor", "okafor"), start, start + len("Okafor"))
