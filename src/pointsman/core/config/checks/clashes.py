"""Finds rules that want opposite things of the same request, and says what happens then: denial first, then locality.

A clash is an error only where a rule could never do what it says; rules that merely may meet are ordinary.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pointsman.core.config.checks.rules import ReadRule
from pointsman.core.config.problems import Findings, Severity, quote
from pointsman.core.config.sections.routing import GlobalRule
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.expressions.condition import Condition, read_condition
from pointsman.core.expressions.facts import FactTable, Value, Values
from pointsman.core.expressions.prove import Judge, Verdict

PRIVATE = "task.privacy_level == 'high' or data.contains_pii"
"""When a request's label is high by definition."""

MOST_PAIRS = 20_000
MOST_EXAMPLE_FACTS = 4
MOST_NAMED = 3

_DENY = frozenset(("deny",))
_STAY_LOCAL = frozenset(("force_local_model", "switch_to_local_only"))
_VERIFY = frozenset(("require_cloud_verification",))
_PREFER = frozenset(("prefer",))
_PER_CANDIDATE = "model."


@dataclass(slots=True)
class ClashFinder:
    """Compares rules with those that deny and those that keep requests local.

    Attributes:
        judge: who proves; it asks a bounded number of questions.
        facts: that conditions may read.
        snapshot: where each model is.
        lenient_files: files in another written form, in which a contradiction is a warning.
        findings: where problems go.
        pairs_left: how many more pairs are looked at.
    """

    judge: Judge
    facts: FactTable
    snapshot: Snapshot
    lenient_files: frozenset[str]
    findings: Findings
    pairs_left: int = MOST_PAIRS

    def find(self, rules: Sequence[ReadRule]) -> Iterator[str]:
        """Note contradictions; gives the path of each rule about which something stayed open."""
        denials = [rule for rule in rules if _does(rule, _DENY)]
        local = [rule for rule in rules if _does(rule, _STAY_LOCAL)]
        private = read_condition(PRIVATE, self.facts)
        assert isinstance(private, Condition), "a condition of ours is right"
        for rule in rules:
            verdicts: list[Verdict] = []
            wants_cloud = self._uses_cloud(rule)
            if (rule.written.use is not None and not _does(rule, _PREFER)) or _does(rule, _VERIFY):
                verdicts.append(self._find_denial(rule, denials))
            if wants_cloud:
                verdicts.append(self._find_locality(rule, local))
            if wants_cloud and "yes" not in verdicts:
                verdicts.append(self._find_privacy(rule, private))
            if _does(rule, _VERIFY):
                self._find_unverified(rule, local)
            if "unknown" in verdicts and "yes" not in verdicts:
                yield rule.path

    def _uses_cloud(self, rule: ReadRule) -> bool:
        model = self.snapshot.models.get(rule.written.use or "")
        return model is not None and model.deployment.location == "cloud" and not _does(rule, _PREFER)

    def _find_denial(self, rule: ReadRule, denials: Sequence[ReadRule]) -> Verdict:
        verdict, denial = self._find_always_met(rule, denials)
        if denial is not None:
            message = (
                f"{denial.name_for(rule)} denies every request that this matches; remove one of them,"
                " or narrow the other"
            )
            self.findings.add(rule.place, "conflicting_rules", message, severity=self._soften(rule))
        return verdict

    def _find_locality(self, rule: ReadRule, local: Sequence[ReadRule]) -> Verdict:
        verdict, other = self._find_always_met(rule, local)
        if other is not None:
            message = (
                f"{quote(rule.written.use or '')} is a cloud model, and {other.name_for(rule)} keeps"
                " every request that this matches local, so it is never taken; name a local model, or narrow one of"
                " the rules"
            )
            self.findings.add(rule.place, "conflicting_rules", message, severity=self._soften(rule))
        return verdict

    def _find_privacy(self, rule: ReadRule, private: Condition) -> Verdict:
        verdict = self._always_meets(rule, private)
        if verdict == "yes":
            message = (
                f"{quote(rule.written.use or '')} is a cloud model, and whatever this matches has privacy high and"
                " stays local, so it is never taken; name a local model"
            )
            self.findings.add(rule.place, "privacy_unsatisfiable", message, severity=self._soften(rule))
        return verdict

    def _find_unverified(self, rule: ReadRule, local: Sequence[ReadRule]) -> None:
        """Warn of requests that are to be verified in the cloud and may not leave."""
        examples = [
            (other, example)
            for other in sorted(local, key=_bends)[: self._take(len(local))]
            if (example := self.judge.find_both(rule.condition, other.condition)) is not None
        ]
        if not examples:
            return
        first, example = examples[0]
        titles = [other.name_for(rule) for other, _ in examples[:MOST_NAMED]]
        more = f" and {len(examples) - MOST_NAMED} more" if len(examples) > MOST_NAMED else ""
        shown = _write_example(example, rule.condition.reads | first.condition.reads)
        message = (
            f"{' and '.join(titles)}{more} can match the same request{shown}; it then stays local and is not verified,"
            " and the decision says so; exclude that case here if you need the verification"
        )
        self.findings.add(rule.place, "conflicting_rules", message, severity="warning")

    def _find_always_met(self, rule: ReadRule, others: Sequence[ReadRule]) -> tuple[Verdict, ReadRule | None]:
        """The first rule that matches whenever this one does."""
        considered = others[: self._take(len(others))]
        verdict: Verdict = "no" if len(considered) == len(others) else "unknown"
        for other in considered:
            answer = self._always_meets(rule, other.condition)
            if answer == "yes":
                return "yes", other
            verdict = "unknown" if answer == "unknown" else verdict
        return verdict, None

    def _always_meets(self, rule: ReadRule, other: Condition) -> Verdict:
        """Whether another condition holds whenever a rule matches, which it does at times."""
        if any(fact.startswith(_PER_CANDIDATE) for fact in rule.condition.reads | other.reads):
            return "no"  # Such a rule is asked of each candidate: it drops some and leaves others.
        verdict = self.judge.implies(rule.condition, other)
        # A rule that never matches meets all others; that it never matches is said elsewhere.
        return "no" if verdict == "yes" and self.judge.cannot_match(rule.condition) == "yes" else verdict

    def _take(self, pairs: int) -> int:
        taken = min(pairs, self.pairs_left)
        self.pairs_left -= taken
        return taken

    def _soften(self, rule: ReadRule) -> Severity:
        return "warning" if rule.place.file in self.lenient_files else "error"


def _does(rule: ReadRule, actions: frozenset[str]) -> bool:
    """Whether it is a rule over all agents with one of these actions."""
    return isinstance(rule.written, GlobalRule) and rule.written.action in actions


def _bends(rule: ReadRule) -> bool:
    """Whether it keeps requests local to save money only; those that must are named first."""
    return not _does(rule, frozenset(("force_local_model",)))


def _write_example(values: Values, reads: frozenset[str]) -> str:
    """Facts for which both match, as conditions write them."""
    known = [(name, value) for name in sorted(reads) if (value := values.get(name)) is not None]
    shown = ", ".join(f"{name} = {_write_value(value)}" for name, value in known[:MOST_EXAMPLE_FACTS])
    return f" ({shown})" if shown else ""


def _write_value(value: Value) -> str:
    return json.dumps(sorted(value) if isinstance(value, frozenset) else value)
