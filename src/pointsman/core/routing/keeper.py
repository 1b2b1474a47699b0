"""Names what kept a request on local models, for counting: a rule by its name, all else by its kind."""

from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.find_target import find_caller

KEEPING = frozenset(("switch_to_local_only", "force_local_model"))
"""Actions of rules that keep requests local."""


def name_keeper(snapshot: Snapshot, facts: Facts, answer: Decision | Refusal) -> str:
    """The rule that kept a request local, or `detector`, `label`, `policy` or `strategy`; `""` when nothing did."""
    is_kept = answer.stays_local is not None if isinstance(answer, Decision) else answer.code == "privacy_unavailable"
    if not is_kept:
        return ""
    for rule in snapshot.routing.rules:
        if rule.action in KEEPING and rule.name in answer.fired:
            return rule.name
    if facts.value_of("data.contains_pii"):
        return "detector"
    if facts.label != "low":
        return "label"
    caller = find_caller(snapshot, facts)
    stated = caller.stays_local if caller else snapshot.settings.stays_local
    return "policy" if stated is not None and "strategy" not in stated else "strategy"
