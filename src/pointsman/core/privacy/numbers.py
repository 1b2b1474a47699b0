"""Cards, US social security numbers and phones, read off the runs of digits; each digit belongs to one find at most."""

import re
from collections.abc import Iterator

from pointsman.core.privacy.boundaries import is_inside_word, is_word_after
from pointsman.core.privacy.cards import is_card
from pointsman.core.privacy.entities import Entity, Find
from pointsman.core.privacy.number_runs import NumberRun, list_runs
from pointsman.core.privacy.phones import find_phone, find_sign
from pointsman.core.privacy.reading import Reading

_CARD_SHAPES = frozenset(
    {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 4, 1), (4, 4, 4, 1), (4, 3, 3, 3)}
    | {(4, 4, 4, 3), (4, 4, 4, 2), (4, 4, 5)}
)
"""How cards are printed and typed; another grouping counts only where nothing else is in the run."""

_SHORTEST_CARD, _LONGEST_CARD = 13, 19
_SOCIAL_BEFORE = re.compile(r"\bssn\b|social[ _-]?security|soc\.? ?sec|\bss ?#|ssn_|_ssn|\bssn")
_FRACTION = re.compile(r"[0-9]\.")


def find_numbers(reading: Reading, wanted: frozenset[Entity]) -> Iterator[Find]:
    """Those of the three kinds that are wanted, in the order of the text."""
    last_end = 0
    for run in list_runs(reading):
        at = 0
        while at < len(run.groups):
            found = None if run.starts[at] < last_end else _find_at(reading, run, at, wanted)
            if found is None:
                at += 1
                continue
            entity, last = found
            last_end = run.find_end(last)
            start = run.starts[at]
            yield Find(entity, find_sign(reading.raw, start) if entity == "phone" else start, last_end)
            at = last + 1


def _find_at(reading: Reading, run: NumberRun, at: int, wanted: frozenset[Entity]) -> tuple[Entity, int] | None:
    """What begins with a group, and the last group of it."""
    last = _find_card(reading, run, at) if "card" in wanted else None
    if last is not None:
        return "card", last
    last = _find_social(reading, run, at) if "us_ssn" in wanted else None
    if last is not None:
        return "us_ssn", last
    last = find_phone(reading, run, at) if "phone" in wanted else None
    return None if last is None else ("phone", last)


def _find_card(reading: Reading, run: NumberRun, at: int) -> int | None:
    first, is_start = len(run.groups[at]), at == 0 and run.whole
    if (first != 4 and first < _SHORTEST_CARD and not is_start) or first > _LONGEST_CARD:
        return None
    length = 0
    if reading.raw[run.starts[at] - 1 : run.starts[at]] == b"+":
        return None
    for last in range(at, len(run.groups)):
        length += len(run.groups[last])
        if length > _LONGEST_CARD:
            return None
        if length < _SHORTEST_CARD or not _is_grouped_as_card(run, at, last):
            continue
        if is_card("".join(run.groups[at : last + 1])) and not _touches_word(reading, run, at, last):
            return last
    return None


def _is_grouped_as_card(run: NumberRun, at: int, last: int) -> bool:
    inner = run.separators[at:last]
    before = run.separators[at - 1] if at else " "
    after = run.separators[last] if last < len(run.separators) else " "
    # A fraction, a part of a longer code, or a number that goes on.
    if before in ("-", ".", "/") or after in ("-", "/"):
        return False
    if any(len(separator) > 3 or separator.strip(" -.") for separator in inner):
        return False
    if not inner:
        return True
    if tuple(map(len, run.groups[at : last + 1])) in _CARD_SHAPES and len(set(inner)) == 1:
        return not _is_in_table(run, at, last)
    return run.whole and at == 0 and last == len(run.groups) - 1


def _is_in_table(run: NumberRun, at: int, last: int) -> bool:
    """Whether groups of four go on before or after; several cards in a row are told by their number of groups."""
    begin, end = at, last + 1
    while (
        begin > max(0, at - 16) and len(run.groups[begin - 1]) == 4 and run.separators[begin - 1] == run.separators[at]
    ):
        begin -= 1
    while (
        end < min(len(run.groups), last + 20)
        and len(run.groups[end]) == 4
        and run.separators[end - 1] == run.separators[at]
    ):
        end += 1
    # A year may follow a card; two groups or more are columns, unless they make up whole cards.
    return (at - begin) % 4 != 0 or (end - last > 2 and (end - at) % 4 != 0)


def _find_social(reading: Reading, run: NumberRun, at: int) -> int | None:
    if len(run.groups[at]) not in (3, 9):
        return None
    lengths = tuple(map(len, run.groups[at : at + 3]))
    if lengths[:1] == (9,) and _is_alone(run, at, at):
        number, last = run.groups[at], at
        if not _SOCIAL_BEFORE.search(reading.words_before(run.starts[at], 40)):
            return None
    elif lengths == (3, 2, 4) and len({*run.separators[at : at + 2]}) == 1 and _is_alone(run, at, at + 2):
        number, last = "".join(run.groups[at : at + 3]), at + 2
        if run.separators[at] not in ("-", " ", ".", " - "):
            return None
    else:
        return None
    if number[:3] in ("000", "666") or number[0] == "9" or number[3:5] == "00" or number[5:] == "0000":
        return None
    return None if _touches_word(reading, run, at, last) else last


def _is_alone(run: NumberRun, at: int, last: int) -> bool:
    """Whether the groups are no part of a longer code, such as `12-123-45-6789`."""
    inner = run.separators[at] if last > at else "-"
    before = run.separators[at - 1] if at else ""
    after = run.separators[last] if last < len(run.separators) else ""
    return before not in (inner, "-", ".", "/") and after not in (inner, "-", "/")


def _touches_word(reading: Reading, run: NumberRun, at: int, last: int) -> bool:
    """Whether a letter, or the whole part of a fraction, stands right at the number."""
    start, end = run.starts[at], run.find_end(last)
    if is_inside_word(reading.raw, start) and reading.raw[start - 1 : start] != b"_":
        return True
    return is_word_after(reading.raw, end) or _FRACTION.search(reading.text[max(0, start - 2) : start]) is not None
