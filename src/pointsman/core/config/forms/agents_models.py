"""Seed 000's form: each agent carries its model with price and window, and an environment changes agents by name.

A model that several agents state alike is one model; one that they state differently gets a name for each reading.
"""

from collections.abc import Sequence
from functools import partial

from pointsman.core.config.assemble import ReadFile
from pointsman.core.config.document import TOP_KEYS
from pointsman.core.config.forms.adaptation import NEUTRAL_KEYS, Adaptation, Carry, Marker, carry_keys
from pointsman.core.config.forms.agent_models import AgentModels, StatedModel, read_stated_model
from pointsman.core.config.forms.draft import Draft, build_scalar, put_entry
from pointsman.core.config.forms.markers import find_marked
from pointsman.core.config.nodes import Entry, MappingNode, Node, ScalarNode, WrittenFloat
from pointsman.core.config.problems import Place
from pointsman.core.config.sections.callers import Agent

USUAL_TEMPERATURE = WrittenFloat("0.7")
USUAL_MAX_TOKENS = 2_000
"""What the form sends where an agent says nothing."""

LEAST_GRADIENT_TOKENS = 256
GRADIENT = "gradient"

_MODEL_KEYS = ("model", "provider", "cost_per_1m_tokens", "context_window")
_PARAMETERS = ("temperature", "max_tokens")


def find_marker(root: MappingNode) -> Marker | None:
    """A provider for all agents, or an agent with a price or a use case of its own."""
    provider = root.entries.get("provider")
    if provider is not None and isinstance(provider.value, ScalarNode) and "providers" not in root.entries:
        return Marker("provider", provider.key)
    return find_marked(root, ("agents", "*"), ("cost_per_1m_tokens", "use_case")) or find_marked(
        root, ("environments", "*", "*"), ("cost_per_1m_tokens", "use_case")
    )


def adapt_agents_models(files: Sequence[ReadFile], draft: Draft, adaptation: Adaptation) -> None:
    """Turn the form into the document."""
    _AgentsModels(draft, adaptation).adapt(files)


class _AgentsModels:
    """One reading of the form: agents first, because environments change what they state."""

    def __init__(self, draft: Draft, adaptation: Adaptation) -> None:
        self._draft = draft
        self._adaptation = adaptation
        self._provider: ScalarNode | None = None
        self._agents: dict[str, Entry] = {}
        self._environments: list[tuple[str, Place, dict[str, Entry]]] = []
        self._stated: dict[str, StatedModel] = {}
        self._max_tokens: dict[str, ScalarNode] = {}
        self._models = AgentModels(draft, adaptation)

    def adapt(self, files: Sequence[ReadFile]) -> None:
        for file in files:
            self._collect(file)
        for name, entry in self._agents.items():
            self._take_agent(name, entry)
        for environment, key, agents in self._environments:
            overlay = self._draft.at("environments", key).at(environment, key)
            for name, entry in agents.items():
                self._take_override(environment, name, entry, overlay)

    def _collect(self, file: ReadFile) -> None:
        if file.environment is not None:
            self._collect_environment(file.environment, Entry(file.root.place, file.root))
            return
        keys: dict[str, Carry] = {
            **{name: partial(self._keep, name) for name in NEUTRAL_KEYS},
            "provider": self._take_provider,
            "agents": lambda entry: self._agents.update(self._adaptation.read_mapping(entry.value)),
            "environments": self._collect_environments,
        }
        carry_keys(file.root.entries, keys, self._adaptation, TOP_KEYS)

    def _keep(self, name: str, entry: Entry) -> None:
        self._draft.put(name, entry.key, entry.value)

    def _take_provider(self, entry: Entry) -> None:
        if self._adaptation.read_text(entry.value) is not None and isinstance(entry.value, ScalarNode):
            self._provider = entry.value

    def _collect_environments(self, entry: Entry) -> None:
        for name, environment in self._adaptation.read_mapping(entry.value).items():
            self._collect_environment(name, environment)

    def _collect_environment(self, name: str, entry: Entry) -> None:
        agents = self._adaptation.read_mapping(entry.value)
        if set(agents) <= {"agents", *NEUTRAL_KEYS} and "agents" in agents:
            agents = self._adaptation.read_mapping(agents["agents"].value)
        self._environments.append((name, entry.key, agents))

    def _take_agent(self, name: str, entry: Entry) -> None:
        written = self._adaptation.read_mapping(entry.value)
        agent = self._draft.at("agents", self._agents_key()).at(name, entry.key)
        stated = read_stated_model(written, self._provider, self._adaptation)
        if "model" not in written:
            place = entry.key.renamed(f"{entry.key.path}.model")
            self._adaptation.findings.add(place, "missing_key", "`model` is missing")
        elif stated.model is not None:
            self._stated[name] = stated
            agent.put("model", written["model"].key, self._models.name_model(stated, name))
        self._carry_rest(written, agent)
        parameters = agent.at("parameters", entry.key)
        if "temperature" not in parameters.parts:
            parameters.put("temperature", entry.key, build_scalar(entry.key, USUAL_TEMPERATURE))
        if "max_tokens" not in parameters.parts:
            parameters.put("max_tokens", entry.key, build_scalar(entry.key, USUAL_MAX_TOKENS))
        self._check_tokens(name, stated, written, entry.key)

    def _take_override(self, environment: str, name: str, entry: Entry, overlay: Draft) -> None:
        written = self._adaptation.read_mapping(entry.value)
        agent = overlay.at("agents", entry.key).at(name, entry.key)
        base = self._stated.get(name)
        if base is not None and not written.keys().isdisjoint(_MODEL_KEYS):
            stated = read_stated_model(written, None, self._adaptation).laid_over(base)
            first = next(written[key] for key in _MODEL_KEYS if key in written)
            agent.put("model", first.key, self._models.name_model(stated, f"{name}.{environment}"))
            self._check_tokens(name, stated, written, entry.key)
        elif base is not None:
            self._check_tokens(name, base, written, entry.key)
        self._carry_rest(written, agent)

    def _carry_rest(self, written: dict[str, Entry], agent: Draft) -> None:
        keys: dict[str, Carry] = {
            **dict.fromkeys(_MODEL_KEYS, _carried_with_the_model),
            **{name: partial(_put_parameter, agent, name) for name in _PARAMETERS},
            "use_case": partial(put_entry, agent, "task_type"),
            "tags": partial(put_entry, agent, "tags"),
            "langsmith_project": partial(put_entry, agent, "langsmith_project"),
        }
        carry_keys(written, keys, self._adaptation, Agent.model_fields)

    def _check_tokens(self, name: str, stated: StatedModel, written: dict[str, Entry], key: Place) -> None:
        """Gradient answers with an error below its least limit, so this is caught before."""
        limit: Node = written["max_tokens"].value if "max_tokens" in written else MappingNode(key, {})
        if isinstance(limit, ScalarNode):
            self._max_tokens[name] = limit
        effective = self._max_tokens.get(name)
        if effective is None or stated.provider_name != GRADIENT:
            return
        if type(effective.value) is int and effective.value < LEAST_GRADIENT_TOKENS:
            message = f"gradient takes max_tokens from {LEAST_GRADIENT_TOKENS} on, and this is {effective.value}"
            self._adaptation.findings.add(effective.place, "out_of_range", message)

    def _agents_key(self) -> Place:
        return next(iter(self._agents.values())).key


def _put_parameter(agent: Draft, name: str, entry: Entry) -> None:
    agent.at("parameters", entry.key).put(name, entry.key, entry.value)


def _carried_with_the_model(entry: Entry) -> None:
    """What an agent says of its model has been read as one."""
