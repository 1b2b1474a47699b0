"""Seed 004's form: a section for each concern, from task routing over budgets and fallbacks to the dashboard."""

from collections.abc import Sequence
from functools import partial

from pointsman.core.config.assemble import ReadFile
from pointsman.core.config.document import TOP_KEYS
from pointsman.core.config.forms.adaptation import NEUTRAL_KEYS, Adaptation, Carry, Marker, carry_keys
from pointsman.core.config.forms.draft import Draft, put_entry, put_list
from pointsman.core.config.forms.markers import EACH, find_marked
from pointsman.core.config.forms.section_environments import carry_environment
from pointsman.core.config.forms.section_operations import (
    carry_cost_controls,
    carry_dashboard,
    carry_security,
    carry_tracking,
)
from pointsman.core.config.forms.section_resilience import carry_fallbacks
from pointsman.core.config.nodes import Entry, MappingNode
from pointsman.core.config.sections.callers import Agent, Task
from pointsman.core.config.sections.routing import Factor

_CARRIERS = {
    "cost_controls": carry_cost_controls,
    "fallback_configuration": carry_fallbacks,
    "security_configuration": carry_security,
    "performance_tracking": carry_tracking,
    "monitoring_dashboard": carry_dashboard,
}
_OWN_SECTIONS = (*_CARRIERS, "routing_strategy", "selection_criteria", "agent_model_mapping")
_ENVIRONMENT_MARKERS = ("cost_optimization", "monitoring_level")


def find_marker(root: MappingNode) -> Marker | None:
    """A section that only this form has, or an environment in its words."""
    return find_marked(root, (), _OWN_SECTIONS) or find_marked(root, ("environments", EACH), _ENVIRONMENT_MARKERS)


def adapt_sections(files: Sequence[ReadFile], draft: Draft, adaptation: Adaptation) -> None:
    """Turn the form into the document."""
    for file in files:
        if file.environment is not None:
            overlay = draft.at("environments", file.root.place).at(file.environment, file.root.place)
            carry_environment(overlay, draft, adaptation, file.root)
            continue
        keys: dict[str, Carry] = {
            **{name: partial(put_entry, draft, name) for name in NEUTRAL_KEYS},
            **{name: partial(carry, draft, adaptation) for name, carry in _CARRIERS.items()},
            "routing_strategy": partial(_carry_tasks, draft, adaptation),
            "selection_criteria": partial(_carry_criteria, draft, adaptation),
            "agent_model_mapping": partial(_carry_agents, draft, adaptation),
            "environments": partial(_carry_environments, draft, adaptation),
        }
        carry_keys(file.root.entries, keys, adaptation, TOP_KEYS)


def _carry_tasks(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    for name, written in adaptation.read_mapping(entry.value).items():
        task = draft.at("tasks", entry.key).at(name, written.key)
        keys: dict[str, Carry] = {
            "primary": partial(put_entry, task, "model"),
            "fallback": partial(put_list, task, "fallback"),
            "criteria": partial(put_entry, task, "criteria"),
        }
        carry_keys(adaptation.read_mapping(written.value), keys, adaptation, Task.model_fields)
        _require_primary(draft.at("tasks", entry.key), name, task, written, adaptation)


def _carry_agents(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    for name, written in adaptation.read_mapping(entry.value).items():
        agent = draft.at("agents", entry.key).at(name, written.key)
        keys: dict[str, Carry] = {
            "primary": partial(put_entry, agent, "model"),
            "fallback": partial(put_list, agent, "fallback"),
            "reasoning": partial(put_entry, agent, "reasoning"),
        }
        carry_keys(adaptation.read_mapping(written.value), keys, adaptation, Agent.model_fields)
        _require_primary(draft.at("agents", entry.key), name, agent, written, adaptation)


def _require_primary(holder: Draft, name: str, caller: Draft, written: Entry, adaptation: Adaptation) -> None:
    """Note a caller without a model, in the form's words."""
    if "model" not in caller.parts:
        place = written.key.renamed(f"{written.key.path}.primary")
        adaptation.findings.add(place, "missing_key", "`primary` is missing")
        holder.parts.pop(name)


def _carry_criteria(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    factors = draft.at("routing", entry.key).at("factors", entry.key)
    for name, written in adaptation.read_mapping(entry.value).items():
        factor = factors.at(name, written.key)
        keys: dict[str, Carry] = {
            "weight": partial(put_entry, factor, "weight"),
            "factors": partial(put_entry, factor, "measures"),
        }
        carry_keys(adaptation.read_mapping(written.value), keys, adaptation, Factor.model_fields)


def _carry_environments(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    for name, written in adaptation.read_mapping(entry.value).items():
        overlay = draft.at("environments", entry.key).at(name, written.key)
        carry_environment(overlay, draft, adaptation, written.value)
