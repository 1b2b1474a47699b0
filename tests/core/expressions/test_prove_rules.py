"""What is proved about rules: each kind of finding, by which prover, and what stays open."""

import builtins
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest
from condition_grammar import TABLE, read

from pointsman.core.expressions import box_prover, prove, z3_prover
from pointsman.core.expressions.answer import UNKNOWN, Answer, Part, Prover
from pointsman.core.expressions.prove import Effect, Judge, Judgement, RuleToJudge, judge_rules
from pointsman.core.expressions.rivals import MOST_RIVALS
from pointsman.core.expressions.z3_prover import load_z3

CLOUD = frozenset(("cloud",))
STAYS_LOCAL = Effect(forbids=CLOUD, ends=False)
NEEDS_CLOUD = Effect(needs=CLOUD, ends=False)

Z3 = load_z3(TABLE)


def judge(*texts: str, z3: Prover | None = None, effects: Mapping[int, Effect] | None = None) -> Judgement:
    chosen = effects or {}
    return judge_rules([RuleToJudge(read(text), chosen.get(at, Effect())) for at, text in enumerate(texts)], TABLE, z3)


def say(judgement: Judgement) -> list[tuple[str, int, tuple[int, ...]]]:
    return [(one.kind, one.rule, one.others) for one in judgement.findings]


@pytest.mark.parametrize(
    "text",
    [
        "task.complexity > 8 and task.complexity < 3",
        "task.complexity > 10",
        "task.complexity == 4.5",
        "4 < task.complexity < 5",
        "daily_cost < 0",
        "task.critical and not task.critical",
        "task.critical == false and task.critical",
        "task.privacy_level not in ['low', 'medium', 'high']",
        "task.type == 'a' and task.type != 'a'",
        "'x' in tags and 'x' not in tags",
        "task.type == 'a' and task.type == 'b' or 3 < 2",
        "lower(agent) == 'x' and not lower(agent) == 'x'",
        "budget > 3 and not budget > 3",
        "false",
    ],
)
def test_a_rule_that_cannot_match_is_found_without_z3(text: str) -> None:
    assert say(judge(text)) == [("cannot_match", 0, ())]


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "task.complexity >= 1",
        "task.critical or not task.critical",
        "not task.complexity > 10",
        "daily_cost >= 0",
    ],
)
def test_a_rule_that_always_matches_is_found_without_z3(text: str) -> None:
    assert say(judge(text)) == [("always_matches", 0, ())]
    assert Judge(TABLE).always_matches(read(text)) == "yes"


def test_a_rule_over_a_budget_does_not_always_match() -> None:
    assert judge("budget >= 0").findings == ()
    assert Judge(TABLE).always_matches(read("budget >= 0")) == "no"


@pytest.mark.parametrize(
    ("texts", "shadowed", "by"),
    [
        (("task.complexity > 5", "task.complexity > 7"), 1, (0,)),
        (("task.critical", "not task.critical", "user == 'x'"), 2, (0, 1)),
        (("task.complexity > 5", "user == 'u'", "task.complexity <= 5", "team == 't'"), 3, (0, 2)),
        (("task.type in ['a', 'b']", "task.type == 'b' and task.critical"), 1, (0,)),
        (("'x' in tags", "'x' in tags and 'y' in tags"), 1, (0,)),
        (("task.complexity in [1, 2, 3]", "task.complexity in [4, 5]", "2 <= task.complexity < 6"), 2, (0, 1)),
        (("true", "task.critical"), 1, (0,)),
        (("daily_cost > budget * 0.8", "daily_cost > budget * 0.8 and task.critical"), 1, (0,)),
    ],
)
def test_a_rule_that_earlier_ones_forestall_is_found_without_z3(
    texts: tuple[str, ...], shadowed: int, by: tuple[int, ...]
) -> None:
    found = judge(*texts)
    assert ("shadowed", shadowed, by) in say(found)
    assert [kind for kind, _, _ in say(found)].count("shadowed") == 1


def test_one_rule_that_forestalls_alone_is_named_alone() -> None:
    found = judge(
        "task.complexity > 7", "task.complexity <= 7 and user == 'u'", "task.critical", "task.complexity == 9"
    )
    assert say(found) == [("shadowed", 3, (0,))]


def test_only_rules_that_are_needed_are_named() -> None:
    found = judge("user == 'u'", "task.complexity > 7", "user == 'v'", "task.complexity <= 7", "user in ['x', 'w']")
    assert say(found) == [("shadowed", 4, (1, 3))]


def test_rules_that_do_not_end_the_list_forestall_nothing() -> None:
    assert judge("task.critical", "task.critical", effects={0: Effect(ends=False)}).findings == ()


def test_a_rule_over_a_budget_does_not_forestall_others() -> None:
    assert judge("budget >= 0", "task.critical").findings == ()


def test_rules_that_want_opposite_things_at_once_are_found_with_an_example() -> None:
    (found,) = judge(
        "data.contains_pii",
        "task.critical and model.type == 'local'",
        effects={0: STAYS_LOCAL, 1: NEEDS_CLOUD},
    ).findings
    assert (found.kind, found.rule, found.others) == ("contradicts", 1, (0,))
    assert found.example == {"data.contains_pii": True, "task.critical": True, "model.type": "local"}


@pytest.mark.parametrize(
    ("texts", "effects"),
    [
        (("task.critical", "not task.critical"), (STAYS_LOCAL, NEEDS_CLOUD)),
        (("task.critical", "task.critical"), (STAYS_LOCAL, STAYS_LOCAL)),
        (("task.critical", "task.critical"), (Effect(forbids=CLOUD), NEEDS_CLOUD)),
        (("task.critical", "task.complexity > 3", "task.critical"), (Effect(), STAYS_LOCAL, NEEDS_CLOUD)),
    ],
    ids=["never together", "not opposite", "the first ends the list", "an earlier one ends it"],
)
def test_rules_that_never_clash_are_not_called_so(texts: tuple[str, ...], effects: tuple[Effect, ...]) -> None:
    found = judge(*texts, effects=dict(enumerate(effects)))
    assert "contradicts" not in [kind for kind, _, _ in say(found)]


NEED_Z3 = [
    (("request.tokens_estimated * 2 > 100", "request.tokens_estimated > 60"), ("shadowed", 1, (0,))),
    (("starts_with(agent, 'ab')", "starts_with(agent, 'abc')"), ("shadowed", 1, (0,))),
    (("daily_cost > budget * 0.8", "daily_cost > budget * 0.9"), ("shadowed", 1, (0,))),
    (("daily_cost > budget and budget > daily_cost",), ("cannot_match", 0, ())),
    (("task.complexity + 1 > 11",), ("cannot_match", 0, ())),
    (("len(agent) < 0",), ("cannot_match", 0, ())),
    (("max(task.complexity, 3) >= 3",), ("always_matches", 0, ())),
    (("agent == user", "user == agent"), ("shadowed", 1, (0,))),
    (("agent in tags and agent == 'x' and 'x' not in tags",), ("cannot_match", 0, ())),
]


@pytest.mark.parametrize(("texts", "finding"), NEED_Z3)
def test_what_the_built_in_prover_leaves_open_z3_settles(
    texts: tuple[str, ...], finding: tuple[str, int, tuple[int, ...]]
) -> None:
    last = len(texts) - 1
    simple = judge(*texts)
    assert simple.findings == ()
    assert (simple.unjudged_rules, simple.unjudged, simple.engine) == ((last,), 1, "built-in")
    strong = judge(*texts, z3=Z3)
    assert say(strong) == [finding]
    assert (strong.findings[0].proved_by, strong.unjudged, strong.engine) == ("z3", 0, "z3")


def test_z3_finds_examples_that_hold() -> None:
    first = "daily_cost * 3 > 1000 and starts_with(agent, 'build') and 'ü' in tags"
    second = "budget - daily_cost > 17.25 and len(agent) > 9"
    (found,) = judge(first, second, z3=Z3, effects={0: STAYS_LOCAL, 1: NEEDS_CLOUD}).findings
    assert found.example is not None
    values = TABLE.fill(found.example)
    assert read(first).evaluate(values) and read(second).evaluate(values)
    assert found.example.keys() == read(first).reads | read(second).reads


def test_a_condition_that_may_fail_is_not_judged() -> None:
    found = judge("daily_cost / budget > 2 and false", "daily_cost / budget > 2", "task.critical", z3=Z3)
    assert found.findings == ()
    assert found.unjudged_rules == (0, 1)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("task.complexity > 7", "task.complexity > 5", "yes"),
        ("task.complexity > 5", "task.complexity > 7", "no"),
        ("task.privacy_level == 'high'", "task.privacy_level != 'low'", "yes"),
        ("daily_cost > budget", "daily_cost > budget * 0.5", "unknown"),
        ("1 / task.files > 2", "true", "unknown"),
    ],
)
def test_implication(one: str, other: str, verdict: str) -> None:
    assert Judge(TABLE).implies(read(one), read(other)) == verdict
    if verdict == "unknown" and not read(one).may_fail:
        assert Judge(TABLE, Z3).implies(read(one), read(other)) == "yes"


def test_facts_for_two_conditions_at_once() -> None:
    values = Judge(TABLE).find_both(read("task.complexity > 3"), read("task.complexity < 5"))
    assert values is not None and values["task.complexity"] == 4
    assert Judge(TABLE).find_both(read("task.critical"), read("not task.critical")) is None


def test_rules_that_demand_different_values_are_told_apart_in_a_long_list() -> None:
    texts = [f"agent == 'a{at // 2}' and task.complexity > {9 - at % 2 * 5}" for at in range(600)]
    texts += ["agent == 'a7' and task.complexity > 4"]
    found = judge(*texts)
    assert say(found) == [("shadowed", 600, (15,))]
    assert found.unjudged == 0


def test_beyond_its_bounds_it_says_how_many_rules_it_left_open() -> None:
    texts = [f"request.tokens_estimated == {at}" for at in range(MOST_RIVALS + 5)]
    found = judge(*texts)
    assert found.findings == ()
    assert found.unjudged_rules == tuple(range(MOST_RIVALS + 1, MOST_RIVALS + 5))


def test_the_work_of_a_judge_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_prover, "MOST_WORK", 3)
    rules = [RuleToJudge(read(f"task.complexity > {at} and task.critical"), Effect()) for at in range(9)]
    assert judge_rules(rules, TABLE).unjudged > 5
    monkeypatch.setattr(prove, "MOST_HARD_PARTS", 1)
    hard = [RuleToJudge(read(f"task.complexity + {at} > 11 + {at}"), Effect()) for at in range(4)]
    found = judge_rules(hard, TABLE, Z3)
    assert len(found.findings) <= 1 <= found.unjudged


class Doubter:
    """A prover that never knows."""

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, parts: Sequence[Part]) -> Answer:
        self.asked += 1
        return UNKNOWN


def test_a_prover_that_gives_up_is_soon_asked_no_more() -> None:
    doubter = Doubter()
    judge_of_many = Judge(TABLE, doubter)
    for at in range(9):
        assert judge_of_many.cannot_match(read(f"task.complexity + {at} > 11 + {at}")) == "unknown"
    assert doubter.asked == prove.MOST_GIVEN_UP


def test_z3_gives_up_where_its_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    condition = read("task.complexity * task.files == 7.5 and task.files > 8")
    assert Judge(TABLE, load_z3(TABLE)).cannot_match(condition) == "yes"
    monkeypatch.setattr(z3_prover, "MOST_WORK", 1)
    assert Judge(TABLE, load_z3(TABLE)).cannot_match(condition) == "unknown"


def test_a_limit_of_z3_that_it_raises_is_no_answer() -> None:
    text = "len(agent) == ((-task.complexity) - ((len(tags) + 0.5) + (-len(agent)))) <= task.files"
    assert Judge(TABLE, Z3).cannot_match(read(text)) in ("unknown", "no")


def test_a_condition_of_many_pieces_is_left_open() -> None:
    pieces = " and ".join(f"(task.complexity == {at} or agent == 'a{at}' or 'a{at}' in tags)" for at in range(8))
    found = judge(f"{pieces} and task.complexity > 10")
    assert found.findings == ()
    assert found.unjudged_rules == (0,)


def test_without_the_extra_the_built_in_prover_works_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def refuse(name: str, *arguments: object, **named: object) -> object:
        if name == "z3":
            raise ImportError(name)
        return original(name, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert load_z3(TABLE) is None


def test_z3_is_not_imported_before_it_is_asked_for() -> None:
    program = (
        "import sys, pointsman.core.expressions.prove, pointsman.core.expressions.z3_prover; print('z3' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.strip() == "False"
