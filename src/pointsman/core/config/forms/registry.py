"""Seed 001's form: a registry of models, agents with preferences and rules, strategies, factors and global overrides.

Each file may hold any part of it; a file of `environments/` holds what differs there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pointsman.core.config.assemble import ReadFile
from pointsman.core.config.document import TOP_KEYS
from pointsman.core.config.forms.adaptation import NEUTRAL_KEYS, Adaptation, Carry, Marker, carry_keys
from pointsman.core.config.forms.draft import Draft, put_entry, put_list
from pointsman.core.config.forms.markers import EACH, find_marked
from pointsman.core.config.forms.registry_models import RegistryModels
from pointsman.core.config.forms.registry_routing import carry_routing
from pointsman.core.config.nodes import Entry, ListNode, MappingNode
from pointsman.core.config.problems import Place
from pointsman.core.config.sections.callers import Agent, AgentRule

_MODEL_MARKERS = ("cost_per_1k_tokens", "model_path", "resource_requirements")
_USUAL_WORDS = ("type", "endpoint")
"""Keys of the form's models that anybody might try in our own; beside our `providers` they are a slip."""

_AGENT_MARKERS = ("model_preferences", "routing_rules")
_ROUTING_MARKERS = ("global_rules", "routing_factors", "global_overrides")


def find_marker(root: MappingNode) -> Marker | None:
    """A model with a type or an endpoint of its own, an agent's preferences, or the form's words for routing."""
    of_models = _MODEL_MARKERS if "providers" in root.entries else (*_MODEL_MARKERS, *_USUAL_WORDS)
    for above in ((), ("environments", EACH)):
        found = (
            find_marked(root, (*above, "models", EACH), of_models)
            or find_marked(root, (*above, "agents", EACH), _AGENT_MARKERS)
            or find_marked(root, (*above, "routing"), _ROUTING_MARKERS)
            or _find_listed_rules(root, above)
        )
        if found is not None:
            return found
    metrics = root.entries.get("metrics")
    return Marker("metrics", metrics.key) if metrics is not None and isinstance(metrics.value, ListNode) else None


def adapt_registry(files: Sequence[ReadFile], draft: Draft, adaptation: Adaptation) -> None:
    """Turn the form into the document."""
    models = RegistryModels(draft, adaptation)
    overlays: list[_Part] = []
    for file in files:
        if file.environment is not None:
            overlays.append(_Part(file.environment, file.root.place, file.root))
            continue
        keys: dict[str, Carry] = {
            **{name: partial(put_entry, draft, name) for name in NEUTRAL_KEYS},
            **_list_sections(draft, draft, models, adaptation),
            "environments": partial(_collect_environments, overlays, adaptation),
        }
        carry_keys(file.root.entries, keys, adaptation, TOP_KEYS)
    for part in overlays:
        overlay = draft.at("environments", part.key).at(part.name, part.key)
        keys = {
            **dict.fromkeys(NEUTRAL_KEYS, _leave_to_the_document),
            **_list_sections(draft, overlay, models, adaptation),
        }
        carry_keys(part.root.entries, keys, adaptation, TOP_KEYS)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one environment changes."""

    name: str
    key: Place
    root: MappingNode


def _list_sections(base: Draft, target: Draft, models: RegistryModels, adaptation: Adaptation) -> dict[str, Carry]:
    """The sections of a file; `base` is the whole document and `target` what is being filled, maybe an overlay."""
    is_overlay = base is not target
    return {
        "models": partial(_carry_models, target, models, is_overlay),
        "agents": partial(_carry_agents, target, adaptation, is_overlay),
        "routing": partial(carry_routing, target, adaptation),
        # Which series are kept is a matter of the installation, wherever the list has been printed.
        "metrics": partial(_carry_metrics, base, adaptation),
    }


def _carry_models(target: Draft, models: RegistryModels, is_overlay: bool, entry: Entry) -> None:
    for name, written in models.adaptation.read_mapping(entry.value).items():
        model = target.at("models", entry.key).at(name, written.key)
        models.carry_model(name, written, model, is_overlay)
        if "provider" not in model.parts and not is_overlay:
            # Why it has none has been noted, in the form's words.
            target.at("models", entry.key).parts.pop(name)


def _carry_agents(target: Draft, adaptation: Adaptation, is_overlay: bool, entry: Entry) -> None:
    for name, written in adaptation.read_mapping(entry.value).items():
        agent = target.at("agents", entry.key).at(name, written.key)
        keys: dict[str, Carry] = {
            "name": partial(put_entry, agent, "display_name"),
            "description": partial(put_entry, agent, "description"),
            "capabilities_required": partial(put_entry, agent, "capabilities_required"),
            "model_preferences": partial(_carry_preferences, agent, adaptation),
            "routing_rules": partial(_carry_rules, agent, adaptation),
        }
        carry_keys(adaptation.read_mapping(written.value), keys, adaptation, Agent.model_fields)
        if "model" not in agent.parts and not is_overlay:
            place = written.key.renamed(f"{written.key.path}.model_preferences.primary")
            adaptation.findings.add(place, "missing_key", "`model_preferences.primary` is missing")
            target.at("agents", entry.key).parts.pop(name)


def _carry_preferences(agent: Draft, adaptation: Adaptation, entry: Entry) -> None:
    keys: dict[str, Carry] = {
        "primary": partial(put_entry, agent, "model"),
        "fallback": partial(put_list, agent, "fallback"),
        "local_alternative": partial(put_entry, agent, "local_alternative"),
        "budget_mode": partial(put_entry, agent, "budget_mode"),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation, Agent.model_fields)


def _carry_rules(agent: Draft, adaptation: Adaptation, entry: Entry) -> None:
    agent.append("rules", entry.key)
    for item in adaptation.read_list(entry.value):
        rule = Draft(item.place, adaptation.findings)
        keys: dict[str, Carry] = {
            "name": partial(put_entry, rule, "name"),
            "condition": partial(put_entry, rule, "when"),
            "model": partial(put_entry, rule, "use"),
        }
        carry_keys(adaptation.read_mapping(item), keys, adaptation, AgentRule.model_fields)
        agent.append("rules", entry.key, rule.build())


def _carry_metrics(base: Draft, adaptation: Adaptation, entry: Entry) -> None:
    base.at("telemetry", entry.key).append("series", entry.key, *adaptation.read_list(entry.value))


def _find_listed_rules(root: MappingNode, above: Sequence[str]) -> Marker | None:
    """A strategy whose switches are a list of single keys, which ours never are."""
    return find_marked(root, (*above, "routing", "strategies", EACH), ("rules",))


def _collect_environments(overlays: list[_Part], adaptation: Adaptation, entry: Entry) -> None:
    for name, environment in adaptation.read_mapping(entry.value).items():
        root = environment.value
        if isinstance(root, MappingNode):
            overlays.append(_Part(name, environment.key, root))
        else:
            adaptation.read_mapping(root)


def _leave_to_the_document(entry: Entry) -> None:
    """An environment's file says its version of itself, as every file may."""
