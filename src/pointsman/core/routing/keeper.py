"""Names what keeps a request on local models, for counting: a rule by its name, all else by its kind."""

from pointsman.core.config.routing_plan import StrategyPlan
from pointsman.core.config.snapshot import Agent
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.rules import Verdict


def name_keeper(facts: Facts, caller: Agent | None, strategy: StrategyPlan | None, verdict: Verdict) -> str:
    """The rule that keeps a request local, or `detector`, `label`, `policy` or `strategy`; there is one of them.

    A rule counts before what raised the label: it is what somebody wrote to keep such requests here.
    """
    if verdict.stays_local is not None:
        return verdict.stays_local.name
    if facts.value_of("data.contains_pii"):
        return "detector"
    if facts.label == "high":
        return "label"
    is_private = caller is not None and caller.privacy == "high"
    return "strategy" if strategy is not None and strategy.only == "local" and not is_private else "policy"
