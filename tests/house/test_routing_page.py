"""docs/routing.md lists what routing knows as the code has it: words, reasons, actions, strategies, factors."""

import re
from typing import get_args

from markdown_pages import read_page, spans_of
from source_tree import read_modules, text_of

from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.config.locality import BUILT_IN, BUILT_IN_WEIGHTS
from pointsman.core.config.routing_plan import FallbackStrategy
from pointsman.core.config.sections.routing import Action, CloudThreshold, Strategy
from pointsman.core.routing.strategies.measures import FACTORS, MEASURES

PAGE = read_page("docs/routing.md")


def first_spans(*head: str) -> list[str]:
    """What is set as code in the first column of a table, without values behind it."""
    return [span.partition(":")[0] for row in PAGE.list_rows(*head) for span in spans_of(row[0])]


def test_the_page_lists_every_word_that_a_caller_may_say() -> None:
    stated = {
        (word, header) for header, words, _ in PAGE.list_rows("header", "in `metadata`") for word in spans_of(words)
    }
    assert stated == {(word, f"`x-pointsman-{name.replace('_', '-')}`") for word, name in OWN_WORDS.items()}


def test_the_page_lists_every_reason_to_leave_a_candidate_out() -> None:
    codes = {
        text_of(call.args[1])
        for module in read_modules("core/routing")
        for name, call in module.list_calls()
        if name == "Drop" and len(call.args) > 1
    }
    assert sorted(first_spans("code", "the candidate")) == sorted(code for code in codes if code)


def test_the_page_lists_every_action() -> None:
    assert sorted(first_spans("action", "what it does")) == sorted(get_args(Action))


def test_the_page_lists_the_built_in_strategies_with_switches_and_weights() -> None:
    stated = PAGE.list_rows("strategy", "switches", "weights")
    assert [spans_of(name)[0] for name, _, _ in stated] == list(BUILT_IN)
    for name, switches, weights in stated:
        strategy = BUILT_IN[spans_of(name)[0]]
        assert [span.partition(":")[0] for span in spans_of(switches)] == [
            field for field in Strategy.model_fields if field in strategy.model_fields_set
        ]
        assert spans_of(weights) == tuple(
            f"{factor}: {weight}" for factor, weight in BUILT_IN_WEIGHTS[spans_of(name)[0]].items()
        )
        for span in spans_of(switches):
            field, _, value = span.partition(": ")
            assert value == "{}" or getattr(strategy, field) == {"true": True, "false": False}.get(value, value)


def test_the_page_lists_every_switch_with_its_usual_value() -> None:
    assert sorted(first_spans("switch", "what it does")) == sorted(Strategy.model_fields)
    usual = {
        spans_of(row[0])[-1]: re.findall(r"\(([0-9.]+)\)", row[1]) for row in PAGE.list_rows("switch", "what it does")
    }
    assert usual["complex_from"] == [str(Strategy().complex_from)]
    assert usual["routine_up_to"] == [str(Strategy().routine_up_to)]
    threshold = CloudThreshold()
    assert usual["fallback_to_cloud_threshold"] == [str(threshold.complexity), str(threshold.confidence / 1_000_000)]


def test_the_page_lists_every_factor_and_what_it_is_made_from() -> None:
    stated = {spans_of(name)[0]: spans_of(made) for name, _, made in PAGE.list_rows("factor", "what it compares")}
    assert list(stated) == list(FACTORS)
    for name, measures in stated.items():
        named = [MEASURES[measure] for measure in measures]  # type: ignore[index]
        assert named == [scorer for scorer in FACTORS[name] if scorer in MEASURES.values()]  # type: ignore[index]


def test_the_page_lists_every_measure() -> None:
    assert sorted(first_spans("measure", "what it is")) == sorted(MEASURES)


def test_the_page_lists_every_fallback_strategy() -> None:
    assert sorted(first_spans("`routing.fallback_strategy`")) == sorted(get_args(FallbackStrategy))
