"""Answers speak of their prompt, take the form it asks for, and repeat for the same dice."""

import ast
from random import Random

from pointsman.simulator.text import GREETING, compose_answer, compose_report, find_topics


def test_names_come_before_words_and_fillers_not_at_all() -> None:
    topics = find_topics("What should I know about trains between Paris and Lyon?")
    assert set(topics[:2]) == {"Paris", "Lyon"}
    assert "trains" in topics
    assert "about" not in topics


def test_same_dice_same_answer_and_other_dice_another() -> None:
    prompt = "Explain how railways set points"
    assert compose_answer(prompt, Random(1)) == compose_answer(prompt, Random(1))
    assert len({compose_answer(prompt, Random(seed)) for seed in range(20)}) == 20


def test_the_answer_mentions_what_was_asked() -> None:
    for seed in range(20):
        answer = compose_answer("How does PostgreSQL vacuum its tables?", Random(seed)).lower()
        assert sum(word in answer for word in ("postgresql", "vacuum", "tables")) >= 2


def test_code_is_answered_with_code_that_parses() -> None:
    answer = compose_answer("Write a Python function for the median temperature", Random(3))
    code = answer.split("```python\n")[1].split("```")[0]
    assert isinstance(ast.parse(code).body[0], ast.FunctionDef)


def test_lists_brevity_echo_and_greeting() -> None:
    assert "\n1. " in f"\n{compose_answer('List ideas for the garden', Random(3))}"
    assert len(compose_answer("Describe gravity in one sentence", Random(3))) < 160
    assert compose_answer("Reply with exactly: pong", Random(3)) == "pong"
    assert compose_answer("hi", Random(3)) == GREETING


def test_a_tool_result_is_reported() -> None:
    assert "17 degrees in Lyon" in compose_report("17 degrees in Lyon", Random(3))
