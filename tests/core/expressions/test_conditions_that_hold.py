"""What conditions mean: each of the seeds' can match, and every form of the grammar holds where it should."""

import pytest

from pointsman.core.expressions.condition import Condition, EvaluationError, read_condition
from pointsman.core.expressions.facts import declare_facts

TABLE = declare_facts({"component": "text", "files": "number"})

SEEDS: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("task.privacy_level == 'high'", {"task": {"privacy_level": "high"}}, {"task": {"privacy_level": "medium"}}),
    ("task.complexity > 8", {"task": {"complexity": 9}}, {"task": {"complexity": 8}}),
    ("cost_limit_reached", {"cost_limit_reached": True}, {}),
    ("task.type == 'code_generation'", {"task": {"type": "code_generation"}}, {"task": {"type": "planning"}}),
    ("task.complexity > 6", {"task": {"complexity": 7}}, {"task": {"complexity": 6}}),
    ("budget_mode == true", {"budget_mode": True}, {"budget_mode": False}),
    ("task.involves_ui_design", {"task": {"involves_ui_design": True}}, {"task": {}}),
    ("task.type == 'test_generation'", {"task": {"type": "test_generation"}}, {}),
    ("task.requires_reasoning", {"task": {"requires_reasoning": True}}, {}),
    ("model.rate_limit_approaching", {"model.rate_limit_approaching": True}, {}),
    ("daily_cost > budget * 0.8", {"daily_cost": 81, "budget": 100}, {"daily_cost": 80, "budget": 100}),
    ("data.contains_pii", {"data.contains_pii": True}, {}),
    (
        "task.critical and model.type == 'local'",
        {"task": {"critical": True}, "model": {"type": "local"}},
        {"task": {"critical": True}, "model": {"type": "cloud"}},
    ),
    ("primary_unavailable", {"primary_unavailable": True}, {}),
    ("all_premium_models_unavailable", {"all_premium_models_unavailable": True}, {}),
]
"""Each condition of seeds 001 and 004, facts for which it matches and facts for which it does not."""


def read(text: str) -> Condition:
    condition = read_condition(text, TABLE)
    assert isinstance(condition, Condition), condition
    return condition


def holds(text: str, **facts: object) -> bool:
    return read(text).evaluate(TABLE.fill({name.replace("__", "."): value for name, value in facts.items()}))


@pytest.mark.parametrize(("text", "matching", "other"), SEEDS)
def test_each_condition_of_the_seeds_can_match(
    text: str, matching: dict[str, object], other: dict[str, object]
) -> None:
    assert read(text).evaluate(TABLE.fill(matching)) is True
    assert read(text).evaluate(TABLE.fill(other)) is False


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "True and not false",
        "not False",
        "3 < task.complexity <= 5",
        "1 < 2 < 3 != 4",
        "task.complexity == 5.0",
        "task.complexity in [1, 5]",
        "task.complexity not in (1, 2, 3)",
        "task.complexity in {5}",
        "task.privacy_level in ['low', \"medium\"]",
        "time.weekday not in ['saturday', 'sunday']",
        "task.critical in [false]",
        "'x' in tags and 'y' not in tags",
        "agent in tags",
        "agent == \"it's\" or agent == 'x'",
        "user == null and null == user and team == None",
        "agent != null",
        "len(tags) == 2 and len(agent) == 1",
        "lower('ABC') == 'abc'",
        "starts_with(task.type, 'code_') and ends_with(task.type, '_review')",
        "contains(task.type, 'e_r') and not contains(task.type, 'E')",
        "min(task.complexity, 3, 4) == 3 and max(1, daily_cost) == 2.5",
        "daily_cost * 2 + 1 - 0.5 == 5.5",
        "daily_cost / 2 == 1.25",
        "-daily_cost < -2 and - -1 == 1",
        "2 - 3 == -1",
        "1 + 2 * 3 == 7 and (1 + 2) * 3 == 9 and 8 - 4 - 2 == 2 and 8 / 4 / 2 == 1",
        "task.critical == false and task.critical != true",
        "(task.complexity > 3) == true",
        "(task.complexity > 8) == task.critical",
        "task.component == 'ü'",
        "task.files > 2",
        "  task.complexity > 3  ",
        "task.complexity > 3\n",
        "false or true and true",
        "not task.critical == true",
    ],
)
def test_these_hold(text: str) -> None:
    assert holds(
        text,
        tags=["x", "z"],
        agent="x",
        daily_cost=2.5,
        task={"type": "code_review", "component": "ü", "files": 3},
    )


def test_the_facts_that_are_read_are_known_beforehand() -> None:
    condition = read("task.critical and (daily_cost > budget * 0.8 or 'x' in tags or len(user) > 3)")
    assert condition.reads == {"task.critical", "daily_cost", "budget", "tags", "user"}


@pytest.mark.parametrize(
    "text", ["daily_cost > budget", "not daily_cost > budget", "budget >= 0 or true", "budget != 3"]
)
def test_a_condition_that_reads_a_budget_never_matches_without_one(text: str) -> None:
    assert holds(text, daily_cost=5) is False


def test_what_follows_a_settled_answer_is_not_asked() -> None:
    assert holds("task.files > 0 and 1 / task.files > 3") is False
    assert holds("task.files == 0 or 1 / task.files > 3") is True


@pytest.mark.parametrize(
    "text", ["1 / task.files > 3", "daily_cost / budget > 0.5", "3 / (task.files - task.files) > 1"]
)
def test_dividing_by_nothing_is_an_error_and_known_beforehand(text: str) -> None:
    condition = read(text)
    assert condition.may_fail
    with pytest.raises(EvaluationError, match="divides"):
        condition.evaluate(TABLE.fill({"budget": 0}))


def test_dividing_by_a_written_number_never_fails() -> None:
    assert not read("daily_cost / 3 > 1").may_fail


def test_facts_that_nobody_gathered_are_an_error() -> None:
    with pytest.raises(EvaluationError, match=r"task\.files was not gathered"):
        read("task.files > 3").evaluate({})
    with pytest.raises(EvaluationError, match="do not fit"):
        read("task.files > 3").evaluate({"task.files": "many"})


def test_numbers_beyond_floats_are_an_error() -> None:
    condition = read(" * ".join(["task.complexity"] * 60) + " > 0.5 * task.complexity")
    assert condition.may_fail
    with pytest.raises(EvaluationError):
        read(" * ".join(["request.tokens_estimated"] * 60) + " * 0.5 > 1").evaluate(
            TABLE.fill({"request.tokens_estimated": 2**53})
        )


def test_the_same_text_is_the_same_condition() -> None:
    assert read("task.critical") == read("task.critical") != read("task.critical ")
