"""What seed 004 changes by environment: a strategy, a floor on quality, how far to fall back, how much is watched."""

from functools import partial

from pointsman.core.config.document import SECTIONS
from pointsman.core.config.forms.adaptation import Adaptation, Carry, carry_keys
from pointsman.core.config.forms.draft import Draft, build_mapping, build_scalar, build_text, put_entry
from pointsman.core.config.nodes import Entry, Node, ScalarNode, WrittenFloat
from pointsman.core.config.problems import Place

QUALITY_FIRST = "quality_first"
STRATEGIES = {"aggressive": "cost_optimized", "balanced": "balanced", "quality_first": QUALITY_FIRST}
"""What the form says of costs, and the strategy that does it."""

WEIGHTS = {
    "quality_expectations": "0.5",
    "specialized_capabilities": "0.2",
    "performance_requirements": "0.2",
    "cost_sensitivity": "0.1",
}
"""Quality first: it weighs as much as all else together, and cost the least."""


def carry_environment(overlay: Draft, document: Draft, adaptation: Adaptation, written: Node) -> None:
    """Take over one environment.

    Args:
        overlay: the environment of the document.
        document: where a strategy that no document has by itself is defined.
        adaptation: where problems go.
        written: what the form says of it.
    """
    keys: dict[str, Carry] = {
        "cost_optimization": partial(_carry_strategy, overlay, document, adaptation),
        "quality_threshold": partial(_put_into, overlay, "routing", "quality_threshold"),
        "fallback_strategy": partial(_put_into, overlay, "routing", "fallback_strategy"),
        "monitoring_level": partial(_put_into, overlay, "telemetry", "level"),
    }
    carry_keys(adaptation.read_mapping(written), keys, adaptation, SECTIONS)


def _carry_strategy(overlay: Draft, document: Draft, adaptation: Adaptation, entry: Entry) -> None:
    strategy = adaptation.read_choice(entry.value, STRATEGIES)
    if strategy is None:
        return
    put_entry(overlay.at("routing", entry.key), "strategy", Entry(entry.key, strategy))
    if strategy.value == QUALITY_FIRST:
        strategies = document.at("routing", entry.key).at("strategies", entry.key)
        if QUALITY_FIRST not in strategies.parts:
            strategies.put(QUALITY_FIRST, entry.key, _build_quality_first(entry.value.place))


def _build_quality_first(place: Place) -> Node:
    weights: dict[str, ScalarNode] = {
        name: build_scalar(place, WrittenFloat(weight)) for name, weight in WEIGHTS.items()
    }
    return build_mapping(
        place,
        description=build_text(place, "Quality before all else"),
        dynamic_routing=ScalarNode(place, "true", True),
        weights=build_mapping(place, **weights),
    )


def _put_into(overlay: Draft, section: str, name: str, entry: Entry) -> None:
    put_entry(overlay.at(section, entry.key), name, entry)
