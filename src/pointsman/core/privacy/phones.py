"""Phone numbers: international ones by their code, national ones by how a country groups them, others by their word."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from pointsman.core.privacy.boundaries import is_inside_word, is_word_after
from pointsman.core.privacy.calling_codes import CALLING_CODES, find_calling_code
from pointsman.core.privacy.number_runs import NumberRun
from pointsman.core.privacy.reading import Reading

MOST_DIGITS = 15
"""Digits of a number with its country, as E.164 limits them."""

_BETWEEN = frozenset({" ", "-", ".", "/", " - ", " / ", "  ", " (", ") ", ")", "(", ")-", ") (", "-(", ").", ")/"})
"""What stands between two groups of one number."""

_MOST_BEFORE = 28
"""Characters before a number in which a word may say what it is."""

_PHONE_WORDS = (
    "phone", "tel", "mob", "cell", "call", "fax", "whats", "sms", "text me", "text us", "dial", "ring", "signal",
    "viber", "handy", "ruf", "hotline", "téléphone", "portable", "appele", "teléfono", "móvil", "celular", "llám",
    "telemóvel", "ligue", "тел", "звони", "电话", "手机", "致电", "電話", "携帯", "전화", "फ़ोन", "फोन", "मोबाइल",
    "هاتف", "جوال", "bel me", "puhelin", "numer", "zadzwoń", "contact", "reach", "number is", "nummer ist",
)  # fmt: skip
"""Parts of words that may announce a phone number, in the languages that most of the world writes."""

_PHONE_BEFORE = re.compile(
    r"(?<![a-z])(?:tel|mob|cell|call|fax|sms|dial|ring|ruf|contact|reach)(?:$|[^a-z]|ile|ing|ed|s\b|phone|efo|elé|emó|ul|en)"
    r"|[^\x00-\x7f]|(?:phone|whats ?app|signal|viber|handy|hotline|portable|appele|celular|ligue|bel me|puhelin"
    r"|(?<![a-z])numer(?![a-z])|contact|number is|text (?:me|us))"
)
_CODE_BEFORE = re.compile(
    r"(?:\b(?:order|invoice|ticket|ref|reference|sku|part|serial|tracking|isbn|issn|version|build|case|batch|lot|model|item"
    r"|patent|doi|rev|revision|commit|row|line|page|port|pid|account|acct|customer|receipt|shipment|parcel|po)\b"
    r"[ .:=\"']{0,3}(?:no|nr|num|number|id|code)?|\bid|_id|nummer|_no|_number|№|n°)[ .:=#\"']{0,4}$|[$€£¥]\s?$|[#%]$"
)
_DATE_FIRST = re.compile(r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}(?!\d)|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d(?!\d)")

_NANP = re.compile(r"1?[2-9](?!11)\d\d[2-9](?!11)\d{6}")
_SHAPES: dict[tuple[int, ...], re.Pattern[str]] = {
    (3, 3, 4): _NANP,
    (1, 3, 3, 4): re.compile(r"1[2-9]\d{9}"),
    (1, 3, 3, 2, 2): re.compile(r"8[3-9]\d{9}"),  # Russia
    (5, 5): re.compile(r"[6-9](?!\d000)\d{9}"),  # India, and no range such as 60000-64999
    (3, 4, 4): re.compile(r"1[3-9]\d{9}"),  # China
    (2, 5, 4): re.compile(r"[1-9][1-9]9\d{8}"),  # Brazil, mobile
    (3, 2, 2, 2): re.compile(r"[679]\d{8}"),  # Spain
    (3, 3, 2, 2): re.compile(r"[5-9]\d{9}"),  # Turkey, Russia without the trunk digit
    (3, 7): re.compile(r"3[2-9]\d{8}"),  # Italy, mobile
}
"""Groupings that say phone by themselves, with what the digits then look like."""

_SHAPES_AFTER_BRACKET: dict[tuple[int, ...], re.Pattern[str]] = {
    (3, 7): _NANP,
    (2, 4, 4): re.compile(r"[1-9]\d{9}"),  # Brazil, Mexico
}
_OTHER_SHAPES = frozenset({(3, 2, 4), (5, 4)})
"""Social security numbers and postal codes of the USA."""

_BARE = re.compile(r"07[1-9]\d{8}|01[567]\d{8,9}|0[67]\d{8}|0[789]0\d{8}")
"""Mobile numbers with their trunk digit in one piece: United Kingdom, Germany, France, Japan."""


def find_phone(reading: Reading, run: NumberRun, at: int) -> int | None:
    """The last group of the phone number that begins with a group, if one does."""
    start = run.starts[at]
    if _has_plus(reading, start):
        last = _find_international(run, at)
        return None if last is None or is_word_after(reading.raw, run.find_end(last)) else last
    # Amid other numbers, a digit alone begins only the long form of America's and Russia's numbers.
    if (at and len(run.groups[at]) == 1 and run.groups[at] not in "178") or not _may_begin(reading, run, at):
        return None
    last = next((last for rule in _RULES if (last := rule(reading, run, at)) is not None), None)
    if last is None or is_word_after(reading.raw, run.find_end(last)):
        return None
    written = "".join(_write(run, at, min(at + 3, len(run.groups) - 1)))
    before = reading.words_before(start, _MOST_BEFORE)
    if _DATE_FIRST.match(written) or (_CODE_BEFORE.search(before) and not _announces(before)):
        return None
    return last


def find_sign(raw: bytes, start: int) -> int:
    """Where a phone number begins that begins with a plus sign or a bracket before its first digit."""
    begin = start - (raw[start - 1 : start] == b"(") if start else 0
    return begin - (raw[begin - 1 : begin] == b"+") if begin else 0


def _write(run: NumberRun, at: int, last: int) -> Iterator[str]:
    for group in range(at, last):
        yield run.groups[group] + run.separators[group]
    yield run.groups[last]


def _has_plus(reading: Reading, start: int) -> bool:
    """Whether a plus sign, perhaps with a bracket after it, stands before, and no sum is written."""
    plus = start - 1 - (reading.raw[start - 1 : start] == b"(")
    if start == 0 or reading.raw[plus : plus + 1] != b"+":
        return False
    return not (is_inside_word(reading.raw, plus) or reading.raw[plus - 1 : plus] == b")")


def _may_begin(reading: Reading, run: NumberRun, at: int) -> bool:
    """Whether nothing right before makes the group a part of something longer."""
    start = run.starts[at]
    if at:
        separator = run.separators[at - 1]
        if "(" in separator or len(separator) > 1:
            return True
        return separator == " " and (at >= len(run.separators) or run.separators[at] != " ")
    before = reading.raw[start - 1 : start] if start else b""
    if before in (b"(", b" ", b"\n", b""):
        return True
    if is_inside_word(reading.raw, start):
        return False
    if before in (b"-", b".", b"/", b"+", b"@", b"&", b"%", b"#", b"$", b"^", b"\\"):
        return before == b"/" and reading.raw[max(0, start - 2) : start] == b"//"
    if before == b"*":
        return start > 1 and reading.raw[start - 2 : start - 1] in (b"*", b" ", b"\n")
    return True


def _may_end(run: NumberRun, last: int) -> bool:
    """Whether the number may stop after a group: what follows is nothing, or set apart otherwise than its groups."""
    if last >= len(run.separators):
        return True
    after = run.separators[last]
    inner = run.separators[last - 1] if last else ""
    return after not in ("-", "/", inner) or (after == "." and inner != ".")


def _find_international(run: NumberRun, at: int) -> int | None:
    """As many groups after the plus as the country may have digits."""
    digits, best = "", None
    for last in range(at, len(run.groups)):
        if last > at and run.separators[last - 1] not in _BETWEEN:
            break
        # The trunk digit in brackets, +44 (0)20, is written for callers from within.
        is_trunk = run.groups[last] == "0" and last > at and "(" in run.separators[last - 1]
        digits += "" if is_trunk else run.groups[last]
        if len(digits) > MOST_DIGITS:
            break
        code = find_calling_code(digits)
        if code is not None and not is_trunk:
            fewest, most = CALLING_CODES[code]
            if len(digits) - len(code) > most:
                break
            best = last if len(digits) - len(code) >= max(fewest, 6) else best
    return best


def _find_dialled(reading: Reading, run: NumberRun, at: int) -> int | None:
    """`00` and the code of a country, or `011` from America, in groups."""
    first = run.groups[at]
    prefix = next((prefix for prefix in ("011", "00") if first.startswith(prefix)), None)
    if prefix is None or first.startswith("000"):
        return None
    groups = (first[len(prefix) :], *run.groups[at + 1 :])
    bare = NumberRun(groups, run.separators[at:], run.starts[at:], run.whole)
    last = _find_international(bare, 0)
    if last is None or (last == 0 and not 11 <= len(first) <= MOST_DIGITS):
        return None
    return at + last


def _find_shaped(reading: Reading, run: NumberRun, at: int) -> int | None:
    shape: tuple[int, ...] = ()
    after_bracket = "(" in _sign_before(reading, run.starts[at]) and ")" in (run.separators[at : at + 1] or ("",))[0]
    for last in range(at, min(at + 5, len(run.groups))):
        shape = (*shape, len(run.groups[last]))
        form = _SHAPES.get(shape) or (_SHAPES_AFTER_BRACKET.get(shape) if after_bracket else None)
        if form is None or not _is_one_number(run, at, last) or not _may_end(run, last):
            continue
        if form.fullmatch("".join(run.groups[at : last + 1])):
            return last
    return None


def _sign_before(reading: Reading, start: int) -> str:
    return reading.text[max(0, start - 1) : start]


def _is_one_number(run: NumberRun, at: int, last: int) -> bool:
    """Whether the groups are set apart as those of one number are: alike, but for the first one or two."""
    inner = run.separators[at:last]
    if any(separator not in _BETWEEN for separator in inner) or (inner[:1] == (".",) and set(inner) != {"."}):
        return False
    return len(set(inner[2:])) <= 1 and (len(inner) < 3 or inner[1] == inner[2] or ")" in inner[0] + inner[1])


def _find_trunk(reading: Reading, run: NumberRun, at: int) -> int | None:
    """A leading zero and nine to twelve digits in all: most of Europe, Asia, Africa and Australia."""
    first = run.groups[at]
    if first[0] != "0" or (len(first) > 1 and first[1] == "0"):
        return None
    if _BARE.fullmatch(first) and _may_end(run, at):
        return at
    best, total = None, 0
    for last in range(at, min(at + 6, len(run.groups))):
        total += len(run.groups[last])
        if total > 12:
            break
        if last > at and total >= 9 and _is_one_number(run, at, last) and _may_end(run, last):
            best = last
    if best is None or not 2 <= len(first) <= 6:
        return None
    shape = tuple(map(len, run.groups[at : best + 1]))
    # One digit alone is the extension of a desk: (089) 123456-0.
    if min(shape[:-1]) < 2 or (shape[-1] < 2 and run.separators[best - 1] != "-") or shape in _OTHER_SHAPES:
        return None
    if set(shape) == {2} and len(shape) != 5:
        return None
    # A column of counting numbers, 01 02 03 04 05, is no phone.
    pairs = [int(group) for group in run.groups[at : best + 1]]
    return None if all(after - before == 1 for before, after in pairwise(pairs)) else best


def _find_announced(reading: Reading, run: NumberRun, at: int) -> int | None:
    """Seven to fifteen digits in groups of a phone, after a word that announces one."""
    best, total = None, 0
    for last in range(at, min(at + 7, len(run.groups))):
        if last > at and run.separators[last - 1] not in _BETWEEN:
            break
        total += len(run.groups[last])
        if total > MOST_DIGITS:
            break
        best = last if total >= 7 else best
    is_fraction = best == at + 1 and run.separators[at] == "."
    if best is None or is_fraction or not _announces(reading.words_before(run.starts[at], _MOST_BEFORE)):
        return None
    return best


def _announces(before: str) -> bool:
    """Whether words say that a phone number follows; the regular expression is asked last, it is slow."""
    return any(word in before for word in _PHONE_WORDS) and _PHONE_BEFORE.search(before) is not None


_RULES: tuple[Callable[[Reading, NumberRun, int], int | None], ...] = (
    _find_dialled,
    _find_shaped,
    _find_trunk,
    _find_announced,
)
