"""Proves what rules do to one another: which never act, and which want opposite things; only `check` takes the time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pointsman.core.config.checks.clashes import ClashFinder
from pointsman.core.config.checks.rules import ReadRule, declare, read_attributes, read_rules
from pointsman.core.config.problems import Findings, Problem
from pointsman.core.config.read_document import Document
from pointsman.core.config.sections.routing import GlobalRule
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.expressions.answer import EngineName
from pointsman.core.expressions.prove import Effect, Finding, Judge, RuleToJudge
from pointsman.core.expressions.z3_prover import load_z3

_STRICTEST = {
    "deny": "deny",
    "force_local_model": "stay local",
    "switch_to_local_only": "stay local",
    "require_cloud_verification": "verify",
    "switch_to_fallback": "fall back",
    "use": "use",
}
"""What rules over all agents come to; within one of these the first that matches leaves nothing to the later ones.

Rules that prefer a model only shift an order, so each of them adds something.
"""


_TAKEN = ("decides", "put this rule first, or remove it")
_REPEATED = ("does the same", "remove one of them")
"""What the earlier rules do with all that a later one matches, and what to do then."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of the proofs.

    Attributes:
        problems: in the order of the document.
        unjudged: paths of the rules about which something stayed open.
        engine: the strongest prover that could be asked.
    """

    problems: tuple[Problem, ...] = ()
    unjudged: tuple[str, ...] = ()
    engine: EngineName = "built-in"


@dataclass(slots=True)
class _Proof:
    judge: Judge
    findings: Findings = field(default_factory=Findings)
    unjudged: dict[str, None] = field(default_factory=dict)


def prove_rules(document: Document, snapshot: Snapshot, lenient_files: frozenset[str] = frozenset()) -> Proved:
    """Judge all rules of a document that compiled.

    Args:
        document: what was read; mistakes in conditions have been noted when it was compiled.
        snapshot: what it became.
        lenient_files: files in another written form, in which a contradiction is a warning.
    """
    attributes = read_attributes(document, Findings())
    facts, rules = declare(attributes), read_rules(document, attributes, Findings())
    proof = _Proof(Judge(facts, load_z3(facts) if rules else None))
    by_agent: dict[str, list[ReadRule]] = {}
    by_effect: dict[str, list[ReadRule]] = {}
    for rule in rules:
        if rule.agent is not None:
            by_agent.setdefault(rule.agent, []).append(rule)
        elif isinstance(rule.written, GlobalRule):
            by_effect.setdefault(_STRICTEST.get(rule.written.action, rule.path), []).append(rule)
    for of_one_agent in by_agent.values():
        _judge_list(of_one_agent, _TAKEN, proof)
    for effect, alike in by_effect.items():
        _judge_list(alike, _TAKEN if effect == "use" else _REPEATED, proof)
    finder = ClashFinder(proof.judge, facts, snapshot, lenient_files, proof.findings)
    for path in finder.find(rules):
        proof.unjudged[path] = None
    return Proved(proof.findings.in_order(), tuple(proof.unjudged), proof.judge.engine)


def _judge_list(rules: Sequence[ReadRule], what_earlier_do: tuple[str, str], proof: _Proof) -> None:
    """Note the rules of one list that can never act."""
    judgement = proof.judge.judge([RuleToJudge(rule.condition, Effect()) for rule in rules])
    for place in judgement.unjudged_rules:
        proof.unjudged[rules[place].path] = None
    for finding in judgement.findings:
        message = _explain(finding, rules, what_earlier_do)
        if message is not None:
            proof.findings.add(rules[finding.rule].place, "unreachable_rule", message, severity="warning")


def _explain(finding: Finding, rules: Sequence[ReadRule], what_earlier_do: tuple[str, str]) -> str | None:
    if finding.kind == "cannot_match":
        return "no request can ever match this condition; correct it, or remove the rule"
    if finding.kind != "shadowed":
        return None
    titles = [rules[other].name_for(rules[finding.rule]) for other in finding.others]
    does, advice = what_earlier_do
    if len(titles) == 1:
        return f"whenever this matches, {titles[0]} {does} already; {advice}"
    return f"whatever this matches, {', '.join(titles[:-1])} or {titles[-1]} {does} already; {advice}"
