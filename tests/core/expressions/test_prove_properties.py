"""Nothing that a prover claims about random rules is refuted by trying every combination of a few values."""

import pytest
from condition_grammar import CONDITIONS, SIMPLE_CONDITIONS, TABLE, evaluate, list_values, read
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pointsman.core.expressions.answer import UNKNOWN, Found, Impossible, Part, Prover
from pointsman.core.expressions.box_prover import BoxProver
from pointsman.core.expressions.condition import Condition, read_condition
from pointsman.core.expressions.prove import Effect, Finding, RuleToJudge, judge_rules
from pointsman.core.expressions.z3_prover import load_z3

Z3 = load_z3(TABLE)
assert Z3 is not None
EFFECTS = st.sampled_from(
    [
        Effect(),
        Effect(ends=False),
        Effect(forbids=frozenset("c"), ends=False),
        Effect(needs=frozenset("c"), ends=False),
        Effect(needs=frozenset("c")),
    ]
)


def read_all(texts: list[str]) -> list[Condition]:
    found = [read_condition(text, TABLE) for text in texts]
    kept = [one for one in found if isinstance(one, Condition)]
    assume(len(kept) == len(texts))
    return kept


@pytest.mark.parametrize("prover", [BoxProver(TABLE), Z3], ids=["built-in", "z3"])
@settings(deadline=None, max_examples=120)
@given(texts=st.lists(CONDITIONS, min_size=1, max_size=3), wanted=st.lists(st.booleans(), min_size=3, max_size=3))
def test_an_answer_is_never_refuted(prover: Prover, texts: list[str], wanted: list[bool]) -> None:
    conditions = read_all(texts)
    assume(not any(condition.may_fail for condition in conditions))
    parts = [Part(condition, want) for condition, want in zip(conditions, wanted, strict=False)]
    if isinstance(prover, BoxProver):
        prover = BoxProver(TABLE)
    answer = prover.ask(parts)
    match answer:
        case Found(values):
            assert TABLE.fill(values) == values
            assert all(evaluate(part.condition, values) is part.wanted for part in parts)
        case Impossible(because):
            enough = [parts[place] for place in because]
            for values in list_values(*conditions):
                assert not all(evaluate(part.condition, values) is part.wanted for part in enough), (texts, values)


@settings(deadline=None, max_examples=200)
@given(st.lists(SIMPLE_CONDITIONS, min_size=1, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3))
def test_simple_conditions_are_always_settled_without_z3(texts: list[str], wanted: list[bool]) -> None:
    parts = [Part(condition, want) for condition, want in zip(read_all(texts), wanted, strict=False)]
    answer = BoxProver(TABLE).ask(parts)
    assert answer != UNKNOWN
    second = Z3.ask(parts)
    assert second == UNKNOWN or isinstance(answer, Impossible) == isinstance(second, Impossible)


@settings(deadline=None, max_examples=120)
@given(st.lists(st.tuples(CONDITIONS, EFFECTS), min_size=2, max_size=4), st.booleans())
def test_no_finding_is_ever_refuted(written: list[tuple[str, Effect]], with_z3: bool) -> None:
    conditions = read_all([text for text, _ in written])
    rules = [RuleToJudge(one, effect) for one, (_, effect) in zip(conditions, written, strict=True)]
    judgement = judge_rules(rules, TABLE, Z3 if with_z3 else None)
    assert [one.rule for one in judgement.findings] == sorted(one.rule for one in judgement.findings)
    for finding in judgement.findings:
        check_finding(finding, rules)
    settled = {finding.rule for finding in judgement.findings} | set(judgement.unjudged_rules)
    for place in set(range(len(rules))) - settled:
        assert may_be_reached(place, rules), place


def check_finding(finding: Finding, rules: list[RuleToJudge]) -> None:
    condition = rules[finding.rule].condition
    others = [rules[place].condition for place in finding.others]
    assert all(place < finding.rule for place in finding.others)
    if finding.kind == "contradicts":
        assert finding.example is not None
        values = TABLE.fill(finding.example)
        assert condition.evaluate(values) and others[0].evaluate(values)
        assert rules[finding.rule].effect.opposes(rules[finding.others[0]].effect)
        return
    assert finding.example is None
    for values in list_values(condition, *others):
        answer = evaluate(condition, values)
        match finding.kind:
            case "cannot_match":
                assert answer is False
            case "always_matches":
                assert answer is True
            case "shadowed":
                assert others
                assert answer is False or any(evaluate(other, values) is True for other in others)


def may_be_reached(place: int, rules: list[RuleToJudge]) -> bool:
    """Whether nobody can prove that earlier rules take all that a rule would match."""
    # Where a condition cannot be answered, the rules after it may be reached: nothing can be concluded from it.
    earlier = [rule.condition for rule in rules[:place] if rule.effect.ends and not rule.condition.may_fail]
    parts = [Part(rules[place].condition, True), *(Part(one, False) for one in earlier)]
    return not any(isinstance(prover.ask(parts), Impossible) for prover in (BoxProver(TABLE), Z3))


@pytest.mark.parametrize(
    "text", ["task.files * 0.1 == 0.3", "task.files * 3 == 0.3", "(task.files + 0.1) + 0.2 == 0.6"]
)
def test_z3_does_not_deny_what_rounding_makes_possible(text: str) -> None:
    condition = read(text)
    tried = [number / 1_000_000_000 for number in range(0, 4_000_000_000, 100_000_000)]
    matching = [value for value in tried if condition.evaluate({"task.files": value})]
    answer = Z3.ask([Part(condition, True)])
    assert not isinstance(answer, Impossible)
    assert matching or answer == UNKNOWN or isinstance(answer, Found)
