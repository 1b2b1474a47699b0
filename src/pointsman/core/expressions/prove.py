"""What can be proved about rules in order: which never match, are never reached, or pull apart; it never guesses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pointsman.core.expressions.answer import (
    UNKNOWN,
    Answer,
    EngineName,
    Found,
    Impossible,
    Part,
    Prover,
    try_example,
)
from pointsman.core.expressions.box_prover import BoxProver
from pointsman.core.expressions.condition import Condition
from pointsman.core.expressions.facts import FactTable, Values
from pointsman.core.expressions.rivals import MOST_RIVALS, Rivals

FindingKind = Literal["cannot_match", "always_matches", "shadowed", "contradicts"]
Verdict = Literal["yes", "no", "unknown"]

MOST_HARD_PARTS = 400
"""Conditions in questions to z3 over the life of a `Judge`; some milliseconds each."""

MOST_GIVEN_UP = 3
"""Questions that z3 may fail to answer before it is asked no more: each can take its whole deadline."""

MOST_PAIRS = 20_000
"""Pairs of rules with opposite effects that are looked at in one list."""

MOST_SHRUNK = 12
"""Rules that together shadow another, up to which the ones that do not matter are left out."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule does, as far as other rules could make it impossible.

    Attributes:
        needs: what must stay possible for the effect to happen, such as `cloud`.
        forbids: what the effect makes impossible, such as `cloud`.
        ends: whether rules after it are not asked once it matched.
    """

    needs: frozenset[str] = frozenset()
    forbids: frozenset[str] = frozenset()
    ends: bool = True

    def opposes(self, other: "Effect") -> bool:
        """Whether both cannot happen to the same request."""
        return bool(self.needs & other.forbids or self.forbids & other.needs)


@dataclass(frozen=True, slots=True)
class RuleToJudge:
    """A rule of a list."""

    condition: Condition
    effect: Effect


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was proved.

    Attributes:
        kind: `cannot_match`, `always_matches`, `shadowed` (earlier rules take all that it would match) or
            `contradicts` (it and an earlier rule can match at once and want opposite things).
        rule: its place in the list, from 0.
        others: the places of the earlier rules that shadow it, or that it contradicts.
        example: facts for which a contradiction happens, only those that the rules read; else `None`.
        proved_by: which prover.
    """

    kind: FindingKind
    rule: int
    others: tuple[int, ...]
    example: Values | None
    proved_by: EngineName


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that was proved about a list of rules.

    Attributes:
        findings: in the order of the rules.
        unjudged_rules: places of the rules about which at least one question stayed open.
        engine: the strongest prover that could be asked.
    """

    findings: tuple[Finding, ...]
    unjudged_rules: tuple[int, ...]
    engine: EngineName

    @property
    def unjudged(self) -> int:
        """How many rules have at least one open question."""
        return len(self.unjudged_rules)


def judge_rules(rules: Sequence[RuleToJudge], facts: FactTable, z3: Prover | None = None) -> Judgement:
    """What can be proved about one list of rules; `z3` is what `load_z3(facts)` gives.

    Whoever has many lists makes one `Judge` for all, which bounds the work over all of them.
    """
    return Judge(facts, z3).judge(rules)


class Judge:
    """Judges lists of rules and single conditions, with a bound on all the questions that it ever asks."""

    def __init__(self, facts: FactTable, z3: Prover | None = None) -> None:
        self.facts = facts
        self._boxes = BoxProver(facts)
        self._z3 = z3
        self._hard_parts = MOST_HARD_PARTS
        self._given_up = 0
        self._single: dict[tuple[str, bool], tuple[Answer, EngineName]] = {}

    @property
    def engine(self) -> EngineName:
        """The strongest prover that can be asked."""
        return "z3" if self._z3 is not None else "built-in"

    def cannot_match(self, condition: Condition) -> Verdict:
        """Whether there are no facts for which a condition holds."""
        return _say(self._ask_one(condition, True)[0])

    def always_matches(self, condition: Condition) -> Verdict:
        """Whether a condition holds for all facts."""
        return _say(self._ask_one(condition, False)[0])

    def implies(self, condition: Condition, other: Condition) -> Verdict:
        """Whether another condition holds wherever one does."""
        if condition.may_fail or other.may_fail:
            return "unknown"
        return _say(self._ask((Part(condition, True), Part(other, False)))[0])

    def find_both(self, condition: Condition, other: Condition) -> Values | None:
        """Facts for which both conditions hold, or `None` when there are none or none were found."""
        answer, _ = self._ask((Part(condition, True), Part(other, True)))
        return answer.values if isinstance(answer, Found) else None

    def judge(self, rules: Sequence[RuleToJudge]) -> Judgement:
        """What can be proved about one list of rules in their order."""
        findings: list[Finding] = []
        unjudged: set[int] = set()
        asked: list[int] = []
        rivals = Rivals()
        for place, rule in enumerate(rules):
            finding, is_open = self._judge_alone(place, rule.condition)
            if finding is None or finding.kind != "cannot_match":
                shadow, is_cut = self._find_shadow(rules, place, rivals)
                is_open = (is_open or is_cut) and shadow is None
                finding = shadow or finding
            findings += [finding] if finding else []
            unjudged |= {place} if is_open else set()
            if finding is None or finding.kind == "always_matches":
                asked.append(place)
                if rule.effect.ends and not rule.condition.may_fail:
                    rivals.add(place, self._boxes.find_boxes(rule.condition, True))
        findings += self._find_contradictions(rules, asked, unjudged)
        ordered = sorted(findings, key=lambda one: (one.rule, one.kind))
        return Judgement(tuple(ordered), tuple(sorted(unjudged)), self.engine)

    def _judge_alone(self, place: int, condition: Condition) -> tuple[Finding | None, bool]:
        """Whether a rule never or always matches, and whether that stayed open."""
        if condition.may_fail:
            return None, True
        match, proved_by = self._ask_one(condition, True)
        if isinstance(match, Impossible):
            return Finding("cannot_match", place, (), None, proved_by), False
        miss, proved_by = self._ask_one(condition, False)
        if isinstance(miss, Impossible):
            return Finding("always_matches", place, (), None, proved_by), False
        return None, UNKNOWN in (match, miss)

    def _find_shadow(self, rules: Sequence[RuleToJudge], place: int, rivals: Rivals) -> tuple[Finding | None, bool]:
        """Whether earlier rules take all that a rule would match, and whether that stayed open."""
        condition = rules[place].condition
        if condition.may_fail:
            return None, True
        earlier, is_cut = rivals.list_rivals(self._boxes.find_boxes(condition, True))
        if not earlier:
            return None, is_cut
        answer, proved_by = self._ask(_list_parts(rules, place, earlier))
        if isinstance(answer, Impossible):
            others = self._shrink(rules, place, [earlier[one - 1] for one in sorted(answer.because) if one])
            if not others:
                return Finding("cannot_match", place, (), None, proved_by), False
            return Finding("shadowed", place, tuple(others), None, proved_by), False
        return None, is_cut or answer == UNKNOWN

    def _shrink(self, rules: Sequence[RuleToJudge], place: int, earlier: list[int]) -> list[int]:
        """The rules that are needed to shadow another: one alone if there is one, else few."""
        if len(earlier) == 1:
            return earlier
        for one in earlier[:MOST_SHRUNK]:
            if isinstance(self._boxes.ask(_list_parts(rules, place, [one])), Impossible):
                return [one]
        for one in earlier[:MOST_SHRUNK]:
            fewer = [other for other in earlier if other != one]
            if isinstance(self._boxes.ask(_list_parts(rules, place, fewer)), Impossible):
                earlier = fewer
        return earlier

    def _find_contradictions(
        self, rules: Sequence[RuleToJudge], asked: Sequence[int], unjudged: set[int]
    ) -> Iterable[Finding]:
        """Pairs of rules that can both be reached for the same facts and want opposite things."""
        pairs = 0
        ending: list[int] = []
        by_effect: dict[Effect, list[int]] = {}
        for place in asked:
            effect = rules[place].effect
            opposed = (one for known, places in by_effect.items() if effect.opposes(known) for one in places)
            for other in opposed:
                pairs += 1
                if pairs > MOST_PAIRS:
                    unjudged.add(place)
                    break
                finding, is_open = self._judge_pair(rules, place, other, ending)
                unjudged |= {place} if is_open else set()
                if finding is not None:
                    yield finding
            if effect.ends:
                ending.append(place)
            else:
                by_effect.setdefault(effect, []).append(place)

    def _judge_pair(
        self, rules: Sequence[RuleToJudge], place: int, other: int, ending: Sequence[int]
    ) -> tuple[Finding | None, bool]:
        """Whether two rules contradict one another, and whether that stayed open."""
        both = (Part(rules[place].condition, True), Part(rules[other].condition, True))
        if isinstance(self._ask(both)[0], Impossible):
            return None, False
        # An earlier rule that ends the list may keep them from ever meeting.
        answer, proved_by = self._ask((*both, *_list_misses(rules, ending[:MOST_RIVALS])))
        if not isinstance(answer, Found):
            return None, answer == UNKNOWN
        if not isinstance(try_example(answer.values, _list_misses(rules, ending[MOST_RIVALS:]), self.facts), Found):
            return None, True
        reads = both[0].condition.reads | both[1].condition.reads
        example = {name: answer.values[name] for name in sorted(reads)}
        return Finding("contradicts", place, (other,), example, proved_by), False

    def _ask_one(self, condition: Condition, wanted: bool) -> tuple[Answer, EngineName]:
        """The answer about one condition by itself; asked once, because many agents share their rules."""
        key = (condition.text, wanted)
        if key not in self._single:
            self._single[key] = (UNKNOWN, "built-in") if condition.may_fail else self._ask((Part(condition, wanted),))
        return self._single[key]

    def _ask(self, parts: Sequence[Part]) -> tuple[Answer, EngineName]:
        """The answer of the quick prover, else of z3 as long as it may be asked."""
        answer = self._boxes.ask(parts)
        may_ask = self._z3 is not None and self._hard_parts > 0 and self._given_up < MOST_GIVEN_UP
        # A condition that may fail would be a formula that means something else.
        if answer != UNKNOWN or self._z3 is None or not may_ask or any(part.condition.may_fail for part in parts):
            return answer, "built-in"
        self._hard_parts -= len(parts)
        answer = self._z3.ask(parts)
        self._given_up += answer == UNKNOWN
        return answer, "z3"


def _say(answer: Answer) -> Verdict:
    return "unknown" if answer == UNKNOWN else "yes" if isinstance(answer, Impossible) else "no"


def _list_parts(rules: Sequence[RuleToJudge], place: int, earlier: Sequence[int]) -> tuple[Part, ...]:
    """Is there something that a rule matches and earlier rules do not?"""
    return (Part(rules[place].condition, True), *_list_misses(rules, earlier))


def _list_misses(rules: Sequence[RuleToJudge], places: Sequence[int]) -> tuple[Part, ...]:
    return tuple(Part(rules[one].condition, False) for one in places)
