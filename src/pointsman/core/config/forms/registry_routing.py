"""Seed 001's words for routing: strategies as lists of switches, conditions with actions, factors, and overrides."""

from functools import partial

from pointsman.core.config.forms.adaptation import Adaptation, Carry, carry_keys
from pointsman.core.config.forms.draft import Draft, build_mapping, build_text, put_entry
from pointsman.core.config.nodes import Entry, MappingNode, Node
from pointsman.core.config.sections.routing import Factor, GlobalRule, Routing, Strategy


def carry_routing(target: Draft, adaptation: Adaptation, entry: Entry) -> None:
    """Take over `routing`.

    Args:
        target: the document, or an environment of it.
        adaptation: where problems go.
        entry: what is written.
    """
    routing = target.at("routing", entry.key)
    keys: dict[str, Carry] = {
        "strategies": partial(_carry_strategies, routing, adaptation),
        "global_rules": partial(_carry_rules, routing, adaptation),
        "routing_factors": partial(_carry_factors, routing, adaptation),
        "global_overrides": partial(_carry_overrides, target, adaptation),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation, Routing.model_fields)
    if not routing.parts:
        target.parts.pop("routing")


def _carry_strategies(routing: Draft, adaptation: Adaptation, entry: Entry) -> None:
    for name, written in adaptation.read_mapping(entry.value).items():
        strategy = routing.at("strategies", entry.key).at(name, written.key)
        keys: dict[str, Carry] = {
            "description": partial(put_entry, strategy, "description"),
            "rules": partial(_carry_switches, strategy, adaptation),
        }
        carry_keys(adaptation.read_mapping(written.value), keys, adaptation, Strategy.model_fields)


def _carry_switches(strategy: Draft, adaptation: Adaptation, entry: Entry) -> None:
    """A list of mappings with one key each is one mapping; a mapping is what it is."""
    if isinstance(entry.value, MappingNode):
        strategy.put_all(entry.value.entries)
        return
    for item in adaptation.read_list(entry.value):
        strategy.put_all(adaptation.read_mapping(item))


def _carry_rules(routing: Draft, adaptation: Adaptation, entry: Entry) -> None:
    routing.append("rules", entry.key)
    for item in adaptation.read_list(entry.value):
        rule = Draft(item.place, adaptation.findings)
        keys: dict[str, Carry] = {
            "name": partial(put_entry, rule, "name"),
            "condition": partial(put_entry, rule, "when"),
            "action": partial(put_entry, rule, "action"),
            "model": partial(put_entry, rule, "use"),
        }
        carry_keys(adaptation.read_mapping(item), keys, adaptation, GlobalRule.model_fields)
        routing.append("rules", entry.key, rule.build())


def _carry_factors(routing: Draft, adaptation: Adaptation, entry: Entry) -> None:
    factors = routing.at("factors", entry.key)
    for item in adaptation.read_list(entry.value):
        written = adaptation.read_mapping(item)
        if "name" not in written:
            place = item.place.renamed(f"{item.place.path}.name")
            adaptation.findings.add(place, "missing_key", "`name` is missing")
            continue
        name = adaptation.read_text(written["name"].value)
        if name is None:
            continue
        factor = Draft(item.place, adaptation.findings)
        keys: dict[str, Carry] = {
            "name": _read_before,
            "weight": partial(put_entry, factor, "weight"),
            "calculation": partial(put_entry, factor, "calculation"),
        }
        carry_keys(written, keys, adaptation, Factor.model_fields)
        factors.put(name, written["name"].value.place, factor.build())


def _carry_overrides(target: Draft, adaptation: Adaptation, entry: Entry) -> None:
    routing = target.at("routing", entry.key)
    keys: dict[str, Carry] = {
        "force_local_models": partial(put_entry, routing, "force_local_models"),
        "require_local_for_pii": partial(put_entry, routing, "require_local_for_pii"),
        "verbose_routing_logs": partial(put_entry, routing, "verbose_logs"),
        "max_cloud_spend_per_day": partial(_carry_cloud_budget, target),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation, Routing.model_fields)


def _carry_cloud_budget(target: Draft, entry: Entry) -> None:
    """Spent on cloud models in a day: local only from there on."""
    target.append("budgets", entry.key, build_budget(entry.value, "cloud", "day", "local_only"))


def build_budget(limit: Node, scope: str, window: str, on_exceed: str | None = None) -> MappingNode:
    """A budget whose limit stands in the original text."""
    place = limit.place
    budget = build_mapping(place, scope=build_text(place, scope), window=build_text(place, window), limit=limit)
    if on_exceed is None:
        return budget
    return MappingNode(place, {**budget.entries, "on_exceed": Entry(place, build_text(place, on_exceed))})


def _read_before(entry: Entry) -> None:
    """The name has become the key."""
