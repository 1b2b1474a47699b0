"""Reads the condition of every rule; a mistake is noted at its own column where the text stands as it was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pointsman.core.config.nodes import ScalarNode, find_node
from pointsman.core.config.problems import Findings, Place, quote
from pointsman.core.config.read_document import Document, Written
from pointsman.core.config.sections.callers import Agent, AgentRule
from pointsman.core.config.sections.routing import GlobalRule, Routing
from pointsman.core.expressions.condition import Condition, read_condition
from pointsman.core.expressions.facts import AttributeKind, FactTable, declare_facts, judge_attribute
from pointsman.core.expressions.mistake import Mistake

MOST_TABLES = 16
MOST_CONDITIONS = 8_192
"""Conditions that are remembered: each environment, and the next load, has nearly the same ones."""

Attributes = tuple[tuple[str, AttributeKind], ...]
Holder = Written[Agent] | Written[Routing]


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A rule whose condition can be asked.

    Attributes:
        written: what it says.
        condition: when it applies.
        place: where its condition stands.
        agent: whose rule it is, or `None` for a rule over all of them.
    """

    written: AgentRule | GlobalRule
    condition: Condition
    place: Place
    agent: str | None

    @property
    def path(self) -> str:
        """Of the rule in the document."""
        return self.place.path.removesuffix(".when")

    def name_for(self, reader: "ReadRule") -> str:
        """How the messages about another rule call this one."""
        line = f"line {self.place.line}"
        where = line if self.place.file == reader.place.file else f"{line} of {self.place.file}"
        return f"rule {quote(self.written.name)} ({where})" if self.written.name else f"the rule of {where}"


def read_attributes(document: Document, findings: Findings) -> Attributes:
    """The document's own attributes of tasks, as far as they can be facts."""
    routing = document.routing
    attributes: dict[str, AttributeKind] = {}
    for name, kind in routing.value.task_attributes.items():
        complaint = judge_attribute(name)
        if complaint is None:
            attributes[name] = kind
        else:
            findings.add(routing.place_of("task_attributes", name), "invalid_name", complaint)
    return tuple(sorted(attributes.items()))


@lru_cache(maxsize=MOST_TABLES)
def declare(attributes: Attributes) -> FactTable:
    """The facts that conditions may read."""
    return declare_facts(dict(attributes))


def read_rules(document: Document, attributes: Attributes, findings: Findings) -> tuple[ReadRule, ...]:
    """Every rule that could be read, agents' first; what is wrong with the others is noted."""
    rules: list[ReadRule] = []
    for agent, holder, at, written in _list_rules(document):
        read = _read(written.when, attributes)
        if isinstance(read, Condition):
            rules.append(ReadRule(written, read, holder.place_of("rules", at, "when"), agent))
        else:
            for mistake in read:
                _report_mistake(mistake, holder, at, findings)
    return tuple(rules)


@lru_cache(maxsize=MOST_CONDITIONS)
def _read(text: str, attributes: Attributes) -> Condition | tuple[Mistake, ...]:
    return read_condition(text, declare(attributes))


def _list_rules(document: Document) -> Iterator[tuple[str | None, Holder, int, AgentRule | GlobalRule]]:
    for name, agent in document.agents.items():
        for at, rule in enumerate(agent.value.rules):
            yield name, agent, at, rule
    for at, global_rule in enumerate(document.routing.value.rules):
        yield None, document.routing, at, global_rule


def _report_mistake(mistake: Mistake, holder: Holder, at: int, findings: Findings) -> None:
    node = find_node(holder.node, "rules", at, "when")
    place, where = node.place, f"column {mistake.column} of the condition: "
    if isinstance(node, ScalarNode) and node.lead is not None:
        column = place.column + node.lead + mistake.column - 1
        place, where = Place(place.line, column, place.path, place.file), ""
    findings.add(place, mistake.code, where + mistake.message, suggestion=mistake.suggestion)
