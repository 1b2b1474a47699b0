"""Estimated complexity: near what engineers say, explained, deterministic, monotone in what is added, never failing."""

import json

import pytest
from complexity_examples import CALIBRATION, Example
from complexity_held_out import HELD_OUT
from complexity_more_examples import MORE_EXAMPLES
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from requests_of_any_kind import REQUESTS, ask

from pointsman.core.chat.request import ChatRequest
from pointsman.core.routing.complexity_question import MOST_READ_CHARACTERS
from pointsman.core.routing.complexity_words import PHRASES, THEMES
from pointsman.core.routing.estimate_complexity import Complexity, estimate_complexity
from pointsman.core.routing.estimate_tokens import estimate_tokens

_WORDS = sorted({word for theme in THEMES for word in theme.words.split()} | {"hi", "translate", "what", "is", "apple"})


def _estimate(request: ChatRequest) -> Complexity:
    return estimate_complexity(request, estimate_tokens(request))


def _measure(examples: tuple[Example, ...]) -> tuple[float, float]:
    """The mean absolute error in levels, and the share whose band (simple, moderate, complex) is right."""
    values = [(_estimate(ask(example.prompt, **example.fields)).value, example.level) for example in examples]
    error = sum(abs(value - level) for value, level in values) / len(values)
    return error, sum(_name_band(value) == _name_band(level) for value, level in values) / len(values)


def _name_band(level: int) -> str:
    return "simple" if level <= 3 else "moderate" if level <= 6 else "complex"


@pytest.mark.parametrize(
    ("examples", "most_error", "least_share"),
    [(CALIBRATION, 0.6, 0.85), (MORE_EXAMPLES, 0.75, 0.75), (HELD_OUT, 1.2, 0.65)],
    ids=["calibration", "more", "held out"],
)
def test_estimates_are_near_what_engineers_say(
    examples: tuple[Example, ...], most_error: float, least_share: float
) -> None:
    error, share = _measure(examples)
    assert error <= most_error
    assert share >= least_share


@pytest.mark.parametrize("example", [*CALIBRATION, *MORE_EXAMPLES, *HELD_OUT], ids=lambda example: example.prompt[:40])
def test_no_example_is_off_by_more_than_one_band(example: Example) -> None:
    value = _estimate(ask(example.prompt, **example.fields)).value
    assert {_name_band(value), _name_band(example.level)} != {"simple", "complex"}


def test_the_parts_explain_the_value() -> None:
    complexity = _estimate(ask("Design a scheduler:\n1. Name the goals.\n2. Prove that it never starves a task."))
    points = sum(part.points for part in complexity.parts)
    assert complexity.value == (points + 5) // 10
    assert [(part.name, part.because) for part in complexity.parts if part.name in ("steps", "work")] == [
        ("steps", "2 items in lists, 0 words of sequence"),
        ("work", "it asks for a proof"),
        ("work", "it asks for design"),
        ("work", "it asks for an algorithm"),
    ]


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"tools": [{"type": "function", "function": {"name": "a"}}]}, "tools"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "format"),
        ({"reasoning_effort": "high"}, "effort"),
        ({"messages": [{"role": "user", "content": "Sort this list of towns by their size"}] * 5}, "turns"),
    ],
)
def test_what_stands_beside_the_question_counts(more: dict[str, object], name: str) -> None:
    plain = estimate_complexity(ask("Sort this list of towns by their size"), 20)
    richer = estimate_complexity(ask("Sort this list of towns by their size", **more), 20)
    assert [part.name for part in richer.parts if part not in plain.parts] == [name]
    assert sum(part.points for part in richer.parts) > sum(part.points for part in plain.parts)


def test_the_question_before_counts_by_half() -> None:
    before = {"role": "user", "content": "Prove the theorem."}
    now = {"role": "user", "content": "Please put it in shorter and friendlier words for the newsletter"}
    parts = _estimate(ask("", messages=[before, {"role": "assistant", "content": "..."}, now])).parts
    assert ("work", 27, "the question before asked for a proof") in [
        (part.name, part.points, part.because) for part in parts
    ]


def test_reasons_never_repeat_what_the_caller_wrote() -> None:
    secret = "zebra9secret"
    request = ask(f"Debug {secret}.py and {secret}.go:\n```{secret}\nx\n```\n- design {secret}", user=secret)
    assert secret not in repr(_estimate(request))


def test_of_a_huge_question_only_both_ends_are_read() -> None:
    half = MOST_READ_CHARACTERS // 2
    begin, end = "design a queue " * 2_000, " then prove it\n" * 2_000
    huge = f"{begin}{'refactor the parser; ' * 1_000_000}{end}"
    assert estimate_complexity(ask(huge), 9) == estimate_complexity(ask(f"{begin[:half]}\n{end[-half:]}"), 9)


@pytest.mark.parametrize("text", ["\n", " ", "\n        9", ".", "```", "-\t", "a.py "])
def test_monotonous_texts_do_no_harm(text: str) -> None:
    assert 1 <= _estimate(ask(text * 20_000)).value <= 10


def test_words_of_the_tables_are_as_the_splitter_leaves_them() -> None:
    words = [word for theme in THEMES for word in theme.words.split()]
    assert len(words) == len(set(words))
    assert all(word == word.lower() and not set(word) & set("'.,;/()") for word in words)
    assert {theme.name for theme in THEMES}.issuperset(PHRASES.values())


@given(REQUESTS, st.integers(0, 10**8))
@settings(max_examples=300)
def test_any_request_has_a_level_and_always_the_same(body: dict[str, object], tokens: int) -> None:
    request = ChatRequest("agent:writer", False, False, json.dumps(body).encode(), body)
    complexity = estimate_complexity(request, tokens)
    assert 1 <= complexity.value <= 10
    assert complexity == estimate_complexity(request, tokens)


@given(
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=30).map(" ".join) | st.text("ab ,;:.\n-1`{}", min_size=1),
    st.lists(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=8).map(" ".join), min_size=1, max_size=12),
    st.sampled_from(["- {}", "1. {}", "* {}", "{}"]),
)
def test_more_lines_never_make_a_question_easier(question: str, lines: list[str], form: str) -> None:
    assume(question.strip())
    longer = "\n".join([question, *map(form.format, lines)])
    assert _estimate(ask(longer)).value >= _estimate(ask(question)).value


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_longer_prompt_is_never_easier(some: int, more: int) -> None:
    request = ask("Sort the towns by size")
    assert estimate_complexity(request, some + more).value >= estimate_complexity(request, some).value
