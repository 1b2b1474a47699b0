"""What routing did, under closed sets of labels: names of the configuration as they come into use, else `other`.

Labels are given once and stay, each kind up to a bound, so that a scrape stays small whatever clients and operators do.
"""

from bisect import bisect_left
from collections.abc import Collection
from typing import get_args

from pointsman.core.config.sections.routing import Saving
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.decision import DecidedBy
from pointsman.core.routing.outcome import Outcome

OTHER_LABEL = "other"
"""Stands for every name beyond a bound, or that is not configured."""
NOBODY = "none"
"""Stands for requests that were refused before anything was decided."""

MOST_MODELS = 50
MOST_PAIRS = 600
"""Of an agent and a model that has answered it."""
MOST_STRATEGIES = 40
MOST_KEEPERS = 100

BOUNDS_MS = (100, 250, 500, 1_000, 2_500, 5_000, 15_000, 60_000)
"""Upper bounds of the histograms by model; fewer than by agent, because there are two of them."""

_BOUNDS_US = [bound * 1_000 for bound in BOUNDS_MS]
_KINDS = frozenset(get_args(DecidedBy)) - {"strategy"}
_KEEPERS = ("label", "policy", "strategy", "detector")


class Spread:
    """How long something took, in buckets.

    Attributes:
        counts: per bucket of `BOUNDS_MS`, not cumulative; the last one is for those above every bound.
        sum_us: all of it together, in microseconds.
    """

    __slots__ = ("counts", "sum_us")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_MS) + 1)
        self.sum_us = 0

    def add(self, took_ms: float) -> None:
        """Count one."""
        took_us = round(took_ms * 1_000)
        self.counts[bisect_left(_BOUNDS_US, took_us)] += 1
        self.sum_us += took_us


class ModelTally:
    """What one model has answered since the start.

    Attributes:
        answered: requests by the label of their agent.
        latency: from a request's arrival to the last byte.
        first_content: from a request's arrival to the first content of a stream.
    """

    __slots__ = ("answered", "first_content", "latency")

    def __init__(self) -> None:
        self.answered: dict[str, int] = {}
        self.latency = Spread()
        self.first_content = Spread()


class Counts:
    """Counts by name.

    Attributes:
        by_label: so far.
    """

    __slots__ = ("_known", "_most", "by_label")

    def __init__(self, names: Collection[str], most: int) -> None:
        """Begin with these names at zero; `most` others get a label of their own."""
        self.by_label = dict.fromkeys(names, 0)
        self._most = len(self.by_label) + most
        self._known: Collection[str] = ()

    def follow(self, known: Collection[str]) -> None:
        """Let these names have labels once they are counted."""
        self._known = known

    def add(self, name: str) -> None:
        """Count one."""
        counts = self.by_label
        if name not in counts and (len(counts) >= self._most or name not in self._known):
            name = OTHER_LABEL
        counts[name] = counts.get(name, 0) + 1


class RoutingMetrics:
    """What routing did since the start; belongs to the event loop's thread.

    Attributes:
        models: by label.
        decisions: by what settled them: a strategy's name, else the kind of thing.
        kept_local: requests that had to stay local, by the rule, or the kind of thing, that said so.
        rule_failures: rules whose conditions could not be asked.
    """

    def __init__(self) -> None:
        self.models: dict[str, ModelTally] = {}
        self.decisions = Counts(sorted((*_KINDS, NOBODY, OTHER_LABEL)), MOST_STRATEGIES)
        self.kept_local = Counts((*_KEEPERS, OTHER_LABEL), MOST_KEEPERS)
        self.rule_failures = 0
        self._pairs = 0
        self._known_models: Collection[str] = ()

    def follow(self, snapshot: Snapshot) -> None:
        """Know the names of a snapshot."""
        plan = snapshot.routing
        self._known_models = snapshot.models
        self.decisions.follow({*plan.strategies, *get_args(Saving)})
        own_rules = (rule for rules in plan.agent_rules.values() for rule in rules)
        self.kept_local.follow({rule.name for rule in (*plan.rules, *own_rules)})

    def record(self, outcome: Outcome, agent: str) -> None:
        """Count one finished request; `agent` is the label of its agent."""
        decided_by = outcome.decided_by
        self.decisions.add(outcome.decision_name if decided_by == "strategy" else decided_by or NOBODY)
        if outcome.kept_local_by:
            self.kept_local.add(outcome.kept_local_by)
        self.rule_failures += outcome.rules_failed
        if outcome.failure or not outcome.model or outcome.cached:
            return
        tally = self.models.get(outcome.model) or self._admit(outcome.model)
        answered = tally.answered
        if agent in answered:
            answered[agent] += 1
        else:
            self._add_pair(answered, agent)
        tally.latency.add(outcome.latency_ms)
        if outcome.first_content_ms is not None:
            tally.first_content.add(outcome.first_content_ms)

    def _admit(self, model: str) -> ModelTally:
        """The tally of a model that has no label yet."""
        label = model if model in self._known_models and len(self.models) < MOST_MODELS else OTHER_LABEL
        return self.models.setdefault(label, ModelTally())

    def _add_pair(self, answered: dict[str, int], agent: str) -> None:
        """Count an agent that this model has not answered before; beyond the bound it is one of the others."""
        label = agent if self._pairs < MOST_PAIRS else OTHER_LABEL
        self._pairs += label not in answered
        answered[label] = answered.get(label, 0) + 1
