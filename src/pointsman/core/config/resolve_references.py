"""Looks up every model that stands in a rule, a tier, an alias, an experiment or a budget, as those of agents are."""

import re
from collections.abc import Iterator

from pointsman.core.config.compilation import Compilation
from pointsman.core.config.problems import Place
from pointsman.core.config.read_document import Document
from pointsman.core.config.resolve_caller import FindModel

CALLER = re.compile(r"(?P<kind>agent|interaction|task):(?P<name>.+)")
"""An agent, an interaction or a type of task, as callers name it."""


def resolve_references(find_model: FindModel, compilation: Compilation) -> None:
    """Note each unknown model where it is named, and take known ones from the catalogue."""
    for name, place in _list_references(compilation.document):
        find_model(name, place)


def _list_references(document: Document) -> Iterator[tuple[str, Place]]:
    for agent in document.agents.values():
        for at, agent_rule in enumerate(agent.value.rules):
            if agent_rule.use is not None:
                yield agent_rule.use, agent.place_of("rules", at, "use")
    routing = document.routing
    for at, rule in enumerate(routing.value.rules):
        if rule.use is not None:
            yield rule.use, routing.place_of("rules", at, "use")
    for at, tier in enumerate(routing.value.tiers):
        for place, name in enumerate(tier):
            yield name, routing.place_of("tiers", at, place)
    for alias, target in routing.value.aliases.items():
        if not CALLER.match(target):
            yield target, routing.place_of("aliases", alias)
    for experiment in document.experiments.values():
        for variant, name in experiment.value.variants.items():
            yield name, experiment.place_of("variants", variant)
    for budget in document.budgets:
        kind, _, name = budget.value.scope.partition(":")
        if kind == "model" and name:
            yield name, budget.place_of("scope")
