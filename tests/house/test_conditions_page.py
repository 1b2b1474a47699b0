"""docs/conditions.md lists the facts, functions and limits of conditions as the code has them; its examples work."""

import re

from markdown_pages import read_page, spans_of

from pointsman.core.expressions.condition import Condition, read_condition
from pointsman.core.expressions.facts import (
    DECIMALS,
    FACTS,
    GREATEST,
    MOST_ATTRIBUTES,
    MOST_CHARACTERS,
    MOST_TEXTS,
    Fact,
    declare_facts,
    describe_kind,
)
from pointsman.core.expressions.language import FUNCTIONS, MOST_ARGUMENTS, NOUNS
from pointsman.core.expressions.parse import MOST_DEPTH, MOST_NODES
from pointsman.core.expressions.scan import MOST_BYTES, MOST_TOKENS

PAGE = read_page("docs/conditions.md")
TABLE = declare_facts({"component": "text", "files": "number", "urgent": "bool"})


def test_the_page_lists_every_fact_and_no_other() -> None:
    stated = PAGE.list_rows("fact", "type", "where missing", "comes from", "what it is")
    assert stated == [
        (f"`{fact.name}`", describe_kind(fact), write_default(fact), fact.source, fact.about) for fact in FACTS
    ]


def test_the_page_lists_every_function_and_no_other() -> None:
    stated = [
        (spans_of(name)[0].partition("(")[0], takes, gives)
        for name, takes, gives in PAGE.list_rows("function", "takes", "gives")
    ]
    assert stated == [
        (name, ", ".join(NOUNS[one] for one in takes), NOUNS[gives]) for name, (takes, gives) in FUNCTIONS.items()
    ]


def test_the_page_states_the_limits() -> None:
    assert (
        f"Limits: {MOST_BYTES} bytes, {MOST_TOKENS} words and signs, {MOST_NODES} values and operations," in PAGE.text
    )
    assert f"{MOST_DEPTH} levels of nesting" in PAGE.text
    assert f"at most {MOST_CHARACTERS} characters, a set {MOST_TEXTS:,} texts" in PAGE.text
    assert f"between -{GREATEST} and {GREATEST}" in PAGE.text
    assert DECIMALS == 9 and "nine digits after the point" in PAGE.text
    assert f"up to {MOST_ARGUMENTS} numbers" in PAGE.text
    assert f"Up to {MOST_ATTRIBUTES} of them" in PAGE.text


def test_every_condition_on_the_page_can_be_read() -> None:
    conditions = [code for code in spans_of(PAGE.prose) if re.search(r"\S (?:[<>=!]+|and|in) \S", code)]
    shown = [code for code in conditions if not re.search(r"\b[ab]\b", code)]
    assert len(shown) >= 9
    for code in shown:
        assert isinstance(read_condition(code, TABLE), Condition), code


def write_default(fact: Fact) -> str:
    """What counts where a fact is missing, as conditions write it."""
    match fact.default:
        case None:
            return "never matches"
        case bool() as value:
            return f"`{str(value).lower()}`"
        case frozenset():
            return "empty"
        case value:
            return f"`{value!r}`"
