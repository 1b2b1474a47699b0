"""How hard a request probably is, from 1 to 10, with the reasons; docs/estimates.md says how often it is right.

The one rule: lines added to a question never make it easier, for only the absence of more makes one easy.
No reason repeats what the caller wrote.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice

import msgspec

from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.outline import outline_request
from pointsman.core.routing.complexity_question import Question, find_question, split_words
from pointsman.core.routing.complexity_words import (
    CHORES,
    DEMANDS,
    GREETINGS,
    PHRASES,
    SEQUENCE,
    SHORT_QUESTIONS,
    THEMES,
)

_START_POINTS = 26
_MOST_POINTS = 100
_CHORE_POINTS = -6
_SHORT_QUESTION_POINTS = -12
_SHORT_QUESTION_WORDS = 12
_FEW_WORDS_POINTS = -14
_FULL_THEME_POINTS = 36
_MOST_LIST_POINTS = 16
_MOST_CODE_POINTS = 26
_MOST_FILE_NAMES = 50
_FEW_WORDS = 4
_OPENING_CHARACTERS = 160
_OPENING_WORDS = 5
_STRONG_THEME_POINTS = 12

# At least so many (left), so many points.
_POINTS_BY_TOKENS = (
    (0, 0),
    (28, 2),
    (45, 5),
    (90, 8),
    (250, 11),
    (700, 14),
    (2_000, 17),
    (6_000, 20),
    (15_000, 24),
    (40_000, 30),
)
_POINTS_BY_ITEMS = ((0, 0), (2, 3), (3, 5), (4, 7), (6, 10), (9, 13), (14, 16))
_POINTS_BY_CLAUSES = ((0, 0), (3, 3), (5, 6), (8, 10))
_POINTS_BY_TOOLS = ((0, 0), (1, 3), (3, 6), (8, 10), (20, 14))
_POINTS_BY_MESSAGES = ((0, 0), (5, 2), (10, 5), (30, 9))
_POINTS_BY_FILES = ((0, 0), (2, 4), (4, 8), (8, 12))
_POINTS_BY_EFFORT = {"medium": 5, "high": 12, "xhigh": 20, "max": 20}
_POINTS_BY_FORMAT = {"json_schema": 4, "json_object": 2}

_TRACES = ("Traceback (most recent", "Exception in thread", "panicked at", "\n\tat ", "\n    at ", "Segmentation fault")
_DIFFS = ("diff --git ", "\n@@ -", "\n+++ b/")
_CODE_SIGNS = ("def ", "{\n", ";\n", "#include", "SELECT ", "</", "import ")

_CLAUSE_SIGNS = (", ", "; ")

_LIST_ITEM = re.compile(r"\n[ \t]{0,8}(?:[0-9]{1,3}[.)]|[-*+•])[ \t]")
_FENCE = re.compile(r"```([A-Za-z+#]{0,15})")
_FILE_NAME = re.compile(r"\.(?:py|tsx?|jsx?|go|rs|java|kt|cpp|cs|rb|php|sql|sh|ya?ml|toml|tf|vue|css|html|h|c)\b")


_THEME_BY_WORD = {word.encode(): theme.name for theme in THEMES for word in theme.words.split()}
_THEME_WORDS = frozenset(_THEME_BY_WORD)
_THEME_BY_PHRASE = tuple(PHRASES.items())
_DEMAND_WORDS = frozenset(DEMANDS.encode().split())
_SEQUENCE_WORDS = frozenset(SEQUENCE.encode().split())
_CHORE_WORDS = frozenset(CHORES.encode().split())
_GREETING_WORDS = frozenset(GREETINGS.encode().split())
_SHORT_QUESTIONS = tuple(f"{beginning} ".encode() for beginning in SHORT_QUESTIONS)


class ComplexityPart(msgspec.Struct, frozen=True):
    """What one property of a request adds to its complexity.

    Attributes:
        name: stable, such as `length` or `code`.
        points: tenths of a level; negative for `easy` and `overlap`.
        because: what was seen, in our words, never in the caller's.
    """

    name: str
    points: int
    because: str


class Complexity(msgspec.Struct, frozen=True):
    """An estimate, and what it is made of.

    Attributes:
        value: 1 (trivial) to 10 (as hard as they come).
        parts: in a fixed order; their points, over ten and rounded, give the value.
    """

    value: int
    parts: tuple[ComplexityPart, ...]


def estimate_complexity(request: ChatRequest, tokens: int) -> Complexity:
    """How hard a request probably is.

    Args:
        request: as the client sent it.
        tokens: of the prompt, as `estimate_tokens` has it.
    """
    outline = outline_request(request)
    question = find_question(outline)
    parts = [
        ComplexityPart("start", _START_POINTS, "every request starts here"),
        *_judge_length(tokens),
        *_judge_code(question.text),
        *_judge_structure(question),
        *_judge_request(outline),
    ]
    themes = list(_judge_themes(question))
    parts += themes
    parts += _judge_overlap(themes)
    parts += _judge_ease(question, themes)
    total = sum(part.points for part in parts)
    return Complexity(min(max((total + 5) // 10, 1), 10), tuple(parts))


def _look_up(table: tuple[tuple[int, int], ...], count: int) -> int:
    return table[bisect_right(table, (count, _MOST_POINTS)) - 1][1]


def _judge_length(tokens: int) -> Iterator[ComplexityPart]:
    points = _look_up(_POINTS_BY_TOKENS, max(tokens, 0))
    if points:
        yield ComplexityPart("length", points, f"the prompt has about {tokens:,} tokens")


def _judge_code(text: str) -> Iterator[ComplexityPart]:
    reasons: list[str] = []
    points = 0
    fences = _FENCE.findall(text)
    if fences:
        points += 6
        reasons.append("fenced code")
        languages = len({name.lower() for name in fences if name})
        if languages > 1:
            points += 5
            reasons.append(f"{languages} languages")
    # Code, traces and diffs go over several lines; most questions do not.
    if text.count("\n") > 1:
        if not fences and sum(sign in text for sign in _CODE_SIGNS) > 1:
            points += 6
            reasons.append("code")
        if any(sign in text for sign in _TRACES):
            points += 7
            reasons.append("a stack trace")
        if any(sign in text for sign in _DIFFS):
            points += 6
            reasons.append("a diff")
    files = _count_files(text)
    if files > 1:
        points += _look_up(_POINTS_BY_FILES, files)
        reasons.append(f"{files} files")
    if points:
        yield ComplexityPart("code", min(points, _MOST_CODE_POINTS), f"it holds {', '.join(reasons)}")


def _count_files(text: str) -> int:
    names: set[str] = set()
    for match in islice(_FILE_NAME.finditer(text), _MOST_FILE_NAMES):
        before = text[max(match.start() - 40, 0) : match.start()].split()
        names.add(f"{before[-1] if before else ''}{match[0]}")
    return len(names)


def _judge_structure(question: Question) -> Iterator[ComplexityPart]:
    items = len(_LIST_ITEM.findall(question.text))
    sequence = len(_SEQUENCE_WORDS.intersection(question.words))
    points = _look_up(_POINTS_BY_ITEMS, items) + min(2 * sequence, 6)
    if points:
        because = f"{items} items in lists, {sequence} words of sequence"
        yield ComplexityPart("steps", min(points, _MOST_LIST_POINTS), because)
    clauses = sum(map(question.text.count, _CLAUSE_SIGNS))
    points = _look_up(_POINTS_BY_CLAUSES, clauses)
    if points:
        yield ComplexityPart("clauses", points, f"{clauses} commas and semicolons")
    demands = len(_DEMAND_WORDS.intersection(question.words))
    if demands:
        yield ComplexityPart("demands", min(3 * demands, 12), f"{demands} different words that set conditions")
    if question.has_media:
        yield ComplexityPart("media", 4, "an image, a sound or a file has to be understood")


def _judge_request(fields: dict[str, object]) -> Iterator[ComplexityPart]:
    tools = fields.get("tools")
    if type(tools) is list and tools:
        yield ComplexityPart("tools", _look_up(_POINTS_BY_TOOLS, len(tools)), f"{len(tools)} tools are offered")
    yield from _judge_parameters(fields)
    messages = fields.get("messages")
    points = _look_up(_POINTS_BY_MESSAGES, len(messages)) if type(messages) is list else 0
    if points and type(messages) is list:
        yield ComplexityPart("turns", points, f"the conversation has {len(messages)} messages")


def _judge_parameters(fields: dict[str, object]) -> Iterator[ComplexityPart]:
    response_format = fields.get("response_format")
    kind = response_format.get("type") if type(response_format) is dict else None
    if type(kind) is str and kind in _POINTS_BY_FORMAT:
        yield ComplexityPart("format", _POINTS_BY_FORMAT[kind], f"the answer must have the form {kind}")
    effort = fields.get("reasoning_effort")
    if type(effort) is str and effort in _POINTS_BY_EFFORT:
        yield ComplexityPart("effort", _POINTS_BY_EFFORT[effort], f"reasoning effort {effort} is asked for")


def _judge_themes(question: Question) -> Iterator[ComplexityPart]:
    """Each theme in full; one that only the question before had, by half."""
    lowered = question.text.lower()
    now = {_THEME_BY_WORD[word] for word in _THEME_WORDS.intersection(question.words)}
    now.update(theme for phrase, theme in _THEME_BY_PHRASE if phrase in lowered)
    before = {_THEME_BY_WORD[word] for word in _THEME_WORDS.intersection(question.earlier_words)}
    for theme in THEMES:
        if theme.name in now:
            yield ComplexityPart("work", theme.points, f"it asks for {theme.name}")
        elif theme.name in before:
            yield ComplexityPart("work", theme.points // 2, f"the question before asked for {theme.name}")


def _judge_overlap(themes: list[ComplexityPart]) -> Iterator[ComplexityPart]:
    """Work of many kinds is often the same work seen from many sides: past a bound it counts two fifths."""
    beyond = sum(part.points for part in themes) - _FULL_THEME_POINTS
    if beyond > 1:
        yield ComplexityPart("overlap", -(3 * beyond // 5), "kinds of work that go together count less")


def _judge_ease(question: Question, themes: list[ComplexityPart]) -> Iterator[ComplexityPart]:
    """Reasons to take a request for an easy one; they shrink and vanish, and none appears, as lines are added."""
    if len(question.words) <= _FEW_WORDS and not themes:
        yield ComplexityPart("easy", _FEW_WORDS_POINTS, "it is a few words long")
        return
    points = _judge_opening(question)
    if points and len(question.words) <= _SHORT_QUESTION_WORDS:
        yield ComplexityPart("easy", 2 * points, "it is one short question or a small chore")
    elif points and all(part.points < _STRONG_THEME_POINTS for part in themes):
        yield ComplexityPart("easy", points, "it opens like a short question or a small chore")


def _judge_opening(question: Question) -> int:
    line = question.text[1 : _OPENING_CHARACTERS + 1].partition("\n")[0]
    words = split_words(line)[:_OPENING_WORDS]
    if b" ".join([*words, b""]).startswith(_SHORT_QUESTIONS) or not _GREETING_WORDS.isdisjoint(words[:1]):
        return _SHORT_QUESTION_POINTS
    return 0 if _CHORE_WORDS.isdisjoint(words) else _CHORE_POINTS
