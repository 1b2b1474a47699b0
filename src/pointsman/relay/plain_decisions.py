"""Decisions that follow from what is asked for alone: the same for every such request, so each is made once."""

from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import Facts

MOST_KEPT = 1_000


class PlainDecisions:
    """The decisions of one configuration about requests of which no more is known, while nothing is noteworthy."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._known: dict[str, Decision] = {}

    def decide(self, snapshot: Snapshot, facts: Facts) -> Decision | Refusal:
        """The decision for facts that hold a target and no more."""
        if snapshot is not self._snapshot:
            self._snapshot, self._known = snapshot, {}
        known = self._known.get(facts.target)
        if known is not None:
            return known
        answer = decide(snapshot, facts)
        if isinstance(answer, Decision) and len(self._known) < MOST_KEPT:
            self._known[facts.target] = answer
        return answer
