"""docs/estimates.md names the kinds of work with their levels and words, and as many prompts as the tests have."""

from pathlib import Path

from complexity_examples import CALIBRATION
from complexity_held_out import HELD_OUT
from complexity_more_examples import MORE_EXAMPLES

from pointsman.core.routing.complexity_words import THEMES

_PAGE = (Path(__file__).parents[3] / "docs" / "estimates.md").read_text(encoding="utf-8")


def _list_rows(head: str) -> list[list[str]]:
    table = _PAGE.partition(f"\n| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def test_every_kind_of_work_stands_there_with_its_levels_and_words() -> None:
    rows = _list_rows("kind of work")
    assert [(name, levels) for name, levels, _ in rows] == [
        (theme.name, f"{theme.points / 10:.1f}") for theme in THEMES
    ]
    for (_, _, words), theme in zip(rows, THEMES, strict=True):
        assert {word.strip(" `") for word in words.split(",")} <= set(theme.words.split())


def test_the_numbers_of_prompts_are_those_of_the_tables() -> None:
    first, second = (row[0].split()[0] for row in _list_rows("prompts"))
    assert (int(first), int(second)) == (len(CALIBRATION) + len(MORE_EXAMPLES), len(HELD_OUT))
