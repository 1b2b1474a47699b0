"""Rows A25 and Y31: what no condition may hold, each with its column, code and a message that says what to write."""

import pytest

from pointsman.core.expressions.condition import Condition, read_condition
from pointsman.core.expressions.facts import declare_facts
from pointsman.core.expressions.mistake import MOST_MISTAKES, Mistake

TABLE = declare_facts({"component": "text", "files": "number"})


def refuse(text: str) -> tuple[Mistake, ...]:
    found = read_condition(text, TABLE)
    assert not isinstance(found, Condition), text
    assert 0 < len(found) <= MOST_MISTAKES
    for mistake in found:
        assert 1 <= mistake.column <= max(1, len(text))
        assert len(mistake.message) < 200
    return found


UNKNOWN = [
    ("task.complexty > 3", 1, "task.complexity"),
    ("Task.Complexity > 3", 1, "task.complexity"),
    ("not data.contains_pi", 5, "data.contains_pii"),
    ("task.critical and compnent == 'x'", 19, "task.component"),
    ("task.colour == 'red'", 1, None),
    ("daily-cost > 3", 1, "daily_cost"),
    ("agent.name == 'x'", 1, None),
    ("eval", 1, None),
    ("tag == 'x'", 1, "tags"),
]


@pytest.mark.parametrize(("text", "column", "suggestion"), UNKNOWN)
def test_an_unknown_fact_is_named_and_guessed(text: str, column: int, suggestion: str | None) -> None:
    first = refuse(text)[0]
    assert (first.column, first.code, first.suggestion) == (column, "unknown_fact", suggestion)


TYPES = [
    ("task.complexity == 'high'", 20, "whole number from 1 to 10"),
    ("task.type > 3", 1, "compares numbers"),
    ("3 < task.type", 5, "compares numbers"),
    ("task.type < 'a'", 1, "compares numbers"),
    ("task.type == 3", 14, "like with like"),
    ("task.type == daily_cost", 14, "like with like"),
    ("task.critical == 1", 18, "true or false"),
    ("task.critical > false", 1, "compares numbers"),
    ("task.critical == 'true'", 18, "true or false"),
    ("daily_cost", 1, "a condition is true or false"),
    ("task.type", 1, "a condition is true or false"),
    ("tags", 1, "ask with `in`"),
    ("null", 1, "a condition is true or false"),
    ("['a']", 1, "a condition is true or false"),
    ("(true, false)", 1, "a condition is true or false"),
    ("3", 1, "a condition is true or false"),
    ("not daily_cost", 5, "`not` stands before a condition"),
    ("task.critical and daily_cost", 19, "`and` stands between conditions"),
    ("task.type == 'a' or 'b'", 21, "`or` stands between conditions"),
    ("task.complexity == null", 1, "never null"),
    ("task.privacy_level == null", 1, "never null"),
    ("budget != null", 1, "never null"),
    ("null == task.critical", 9, "never null"),
    ("tags == ['a']", 1, "ask with `in`"),
    ("tags == null", 1, "ask with `in`"),
    ("['a'] != tags", 1, "ask with `in`"),
    ("daily_cost in tags", 1, "tags holds texts"),
    ("tags in ['a']", 1, "only a single value"),
    ("'a' in task.type", 8, "contains(text, 'part')"),
    ("task.type in 'abc'", 14, "contains(text, 'part')"),
    ("3 in daily_cost", 6, "stands a list"),
    ("task.type in ['a', 3]", 20, "like with like"),
    ("task.complexity in ['a']", 21, "like with like"),
    ("task.critical in [0, 1]", 19, "like with like"),
    ("task.type in [agent]", 15, "written numbers or texts"),
    ("task.type in [null]", 15, "written numbers or texts"),
    ("task.type in [['a']]", 15, "written numbers or texts"),
    ("task.type in []", 14, "empty list"),
    ("1 in [1] in [2]", 1, "`in` stands alone"),
    ("'a' + 'b' == agent", 1, "for numbers"),
    ("'a' * 9 == agent", 1, "for numbers"),
    ("daily_cost + true > 1", 14, "for numbers"),
    ("- 'a' == agent", 3, "for numbers"),
    ("+1 < daily_cost", 1, "only `-` and `not`"),
    ("daily_cost / 0 > 1", 14, "divided by 0"),
    ("daily_cost / (2 - 2.0) > 1", 15, "divided by 0"),
    ("9007199254740992 * 2 > daily_cost", 1, "numbers go up to"),
    ("daily_cost > 0.000000001 / 10", 14, "comes to less"),
    ("lower(3) == 'a'", 7, "takes a text here"),
    ("lower() == 'a'", 1, "lower takes 1 values"),
    ("lower('a', 'b') == 'a'", 1, "lower takes 1 values"),
    ("min(1) == 1", 1, "min takes 2 to 8 values"),
    ("min(1, 2, 3, 4, 5, 6, 7, 8, 9) == 1", 1, "min takes 2 to 8 values"),
    ("len(daily_cost) == 1", 5, "takes a set of texts here"),
    ("len(*tags) == 1", 5, "only between numbers"),
    ("lower == 'a'", 1, "lower is a function"),
    ("tags.add('x')", 1, "cannot be called"),
    ("open('x')", 1, "cannot be called"),
    ("eval('1')", 1, "cannot be called"),
    ("true()", 1, "cannot be called"),
    ("lower('a')('b')", 1, "cannot be called"),
    ("tags[0] == 'a'", 1, "picked out"),
    ("{} == agent", 1, "write a list"),
]


@pytest.mark.parametrize(("text", "column", "part"), TYPES)
def test_types_have_to_fit(text: str, column: int, part: str) -> None:
    first = refuse(text)[0]
    assert (first.column, first.code) == (column, "invalid_rule")
    assert part in first.message


CLOSED = [
    ("task.privacy_level == 'hgih'", 23, "high"),
    ("'High' != task.privacy_level", 1, "high"),
    ("task.privacy_level in ['low', 'hihg']", 31, "high"),
    ("time.weekday == 'sat'", 17, "saturday"),
    ("model.type == 'remote'", 15, None),
]


@pytest.mark.parametrize(("text", "column", "suggestion"), CLOSED)
def test_a_closed_text_is_compared_with_what_it_can_be(text: str, column: int, suggestion: str | None) -> None:
    (mistake,) = refuse(text)
    assert (mistake.column, mistake.code, mistake.suggestion) == (column, "invalid_rule", suggestion)
    assert "only ever one of" in mistake.message


FORBIDDEN = [
    ("", 1, "is empty"),
    ("   ", 1, "is empty"),
    ("()", 1, "an empty list"),
    ("task.complexity >", 17, "missing"),
    ("  task.complexity >", 19, "missing"),
    ("'ä' == user and", 15, "missing"),
    ("'ä' == user user", 13, "missing"),
    ("task.complexity > > 3", 19, "missing"),
    ("(task.critical", 1, "not closed"),
    ("task.critical)", 14, "closes nothing"),
    ("[task.critical)", 15, "closes nothing"),
    ("agent == 'x", 10, "does not end"),
    ("agent == 'it\\'s'", 10, "no `\\`"),
    ("agent == 'a' 'b'", 14, "side by side"),
    ("agent == f'a'", 11, "put a space"),
    ("agent == b'a'", 11, "put a space"),
    ("agent == '''a'''", 12, "side by side"),
    ("task.complexity = 3", 17, "`==`"),
    ("task.complexity === 3", 17, "`==`"),
    ("task.complexity <> 3", 17, "`!=`"),
    ("(x := 3) > 2", 4, "cannot set names"),
    ("task.critical && true", 15, "`and`"),
    ("task.critical || true", 15, "`or`"),
    ("task.critical & true", 15, "`and`"),
    ("!task.critical", 1, "`not`"),
    ("task.critical AND true", 15, "`and`"),
    ("TRUE", 1, "`true`"),
    ("2 ** 3 > daily_cost", 3, "powers"),
    ("daily_cost // 2 > 1", 12, "write `/`"),
    ("daily_cost % 2 > 1", 12, "`%`"),
    ("1 << 3 > daily_cost", 3, "shifted"),
    ("~1 < daily_cost", 1, "`~`"),
    ("daily_cost ^ 2 > 1", 12, "`^`"),
    ("task.complexity is 3", 17, "`==`"),
    ("1 if true else 0", 3, "no `if`"),
    ("[x for x in tags]", 4, "`for`"),
    ("lambda: true", 1, "`lambda`"),
    ("await agent", 1, "`await`"),
    ("{'a': 1}", 5, "`:`"),
    ("task.critical # sure", 15, "comments"),
    ("task.critical; true", 14, "`;`"),
    ("@agent", 1, "`@`"),
    ("().__class__", 3, "a point stands"),
    ("__class__", 1, "begin with `_`"),
    ("agent.__class__ == 'x'", 1, "begin with `_`"),
    ("_agent == 'x'", 1, "begin with `_`"),
    ("'a'.upper() == agent", 4, "a point stands"),
    ("task .type == 'a'", 6, "a point stands"),
    ("tags[0].x == 'a'", 8, "a point stands"),
    ("... == agent", 1, "a point stands"),
    (".5 < daily_cost", 1, "a point stands"),
    ("1. < daily_cost", 2, "a point stands"),
    ("1e3 < daily_cost", 2, "only digits"),
    ("0x10 < daily_cost", 2, "only digits"),
    ("1_000 < daily_cost", 2, "only digits"),
    ("3j < daily_cost", 2, "only digits"),
    ("007 < daily_cost", 1, "leading zeros"),
    ("0.0000000001 < daily_cost", 1, "9 decimals"),
    ("9007199254740993 < daily_cost", 1, "numbers go up to"),
    ("9" * 4_000 + " < daily_cost", 1, "numbers go up to"),
    ("аgent == 'x'", 1, "only looks familiar"),
    ("ａgent == 'x'", 1, "only looks familiar"),
    ("task.critical＝＝true", 14, "only looks familiar"),
    ("agent == ‘x’", 10, "only looks familiar"),
    ("task.critical\nand true", 14, "several lines"),
    ("task.critical\x00", 14, "invisible"),
    ("agent == '\u202ex'", 11, "invisible"),
    ("task.critical\u200b", 14, "invisible"),
    ("task.critical\tand true", 14, "invisible"),
    ("agent == '\ud800'", 11, "invisible"),
    ("agent == '" + "x" * 257 + "'", 10, "256 characters"),
    ("a" * 10**6, 1, "4096 bytes"),
    ("ä" * 2_049, 1, "4096 bytes"),
    ("(" * 10_000, 1, "4096 bytes"),
    ("(" * 400 + "true" + ")" * 400, 1, "500 words and signs"),
    ("(" * 100 + "true" + ")" * 100, 65, "brackets within"),
    ("not " * 450 + "true", 1, "nested more than 64"),
    ("- " * 450 + "1 < daily_cost", 1, "nested more than 64"),
    ("1 + " * 90 + "1 < daily_cost", 1, "nested more than 64"),
    ("task.complexity in [" + "1, " * 220 + "1]", 1, "200 values"),
    ("true and " * 220 + "true", 1, "200 values"),
    ("1 == " * 220 + "1", 1, "200 values"),
    ("!" * 4_000, 1, "`not`"),
]


@pytest.mark.parametrize(("text", "column", "part"), FORBIDDEN, ids=range(len(FORBIDDEN)))
def test_nothing_else_is_a_condition(text: str, column: int, part: str) -> None:
    first = refuse(text)[0]
    assert (first.column, first.code) == (column, "invalid_rule"), first
    assert part in first.message


def test_all_mistakes_are_told_at_once() -> None:
    found = refuse("task.complexty > 3 and task.privacy_level == 'hgih' and daily_cost and 'a' in agent")
    assert [(one.column, one.code) for one in found] == [
        (1, "unknown_fact"),
        (46, "invalid_rule"),
        (57, "invalid_rule"),
        (79, "invalid_rule"),
    ]


def test_mistakes_are_bounded_and_from_the_left() -> None:
    found = refuse(" and ".join(f"nothing{number} == 1" for number in range(30)))
    assert len(found) == MOST_MISTAKES
    assert found[0].column == 1
    assert [one.column for one in found] == sorted(one.column for one in found)


def test_what_could_be_a_key_is_not_repeated() -> None:
    for text in (
        "AKIAIOSFODNN7EXAMPLE",
        "task.type == 3 + 'sk-proj-abcdefghijklmnop1234'",
        "sk_live_4eC39HqLyjWDarjtT1",
    ):
        for mistake in refuse(text):
            assert not any(part in mistake.message for part in ("AKIA", "sk-proj", "sk_live"))
