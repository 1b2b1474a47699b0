"""The Python door to the configuration: `get_config_loader().get_agent_config("orchestrator")`, over the same engine.

A document that cannot be used raises, and what was loaded before stays.
"""

import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from threading import Lock

from pydantic import BaseModel, ConfigDict

from pointsman.control.configuration import Loaded, find_config, load_configuration
from pointsman.core.chat.money import NUSD_PER_USD, format_usd
from pointsman.core.config.problems import Problem, quote
from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.config.suggest import suggest_name

PROVIDERS_OF_FORMS = {"agents-models": {"anthropic": "claude"}}
"""Providers that a written form names otherwise than we do; programs written for it ask for its names."""

MOST_NAMED = 20
"""Agents that a message lists."""

QUOTES = '"'


USUAL_PATH = Path("config/agents/models.yaml")
"""Where programs of seed 000 keep their file; for them it counts before the places of our own."""


class ConfigurationError(ValueError):
    """The configuration cannot be used.

    Attributes:
        problems: all that is wrong with it, with file, line and column; warnings are among them.
    """

    def __init__(self, path: Path, problems: tuple[Problem, ...]) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems if problem.severity == "error")
        super().__init__(f"{path} cannot be used; correct this, or run `pointsman check`:{listed}")
        self.problems = problems


class AgentConfig(BaseModel):
    """What an agent runs on.

    Attributes:
        model: the provider's id of its first model.
        provider: who serves that, by the name that the form of the document has for it.
        temperature: sent where the caller states none; `None` when nothing is sent.
        max_tokens: the limit of an answer, likewise.
        cost_per_1m_tokens: dollars per million tokens where prompt and answer cost the same, else `None`; a float for
            display only, as money is counted in whole nano-dollars.
        price_per_1m_tokens: dollars per million tokens by component, as exact decimals; empty when nobody knows.
        context_window: tokens of prompt and answer together, or `None` when unknown.
        use_case: `task.type` where the caller states none; `""` when there is none.
        tags: free labels.
        langsmith_project: where its traces go; `""` for nowhere in particular.
        fallback: ids of the models tried next, in order.
        description: what it is for.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model: str
    provider: str
    temperature: float | None = None
    max_tokens: int | None = None
    cost_per_1m_tokens: float | None = None
    price_per_1m_tokens: dict[str, str] = {}
    context_window: int | None = None
    use_case: str = ""
    tags: list[str] = []
    langsmith_project: str = ""
    fallback: list[str] = []
    description: str = ""


class ModelsConfig(BaseModel):
    """All agents of one configuration, in one environment."""

    model_config = ConfigDict(frozen=True)

    version: str = "1"
    environment: str
    revision: str
    agents: dict[str, AgentConfig]


class ConfigLoader:
    """Loads a configuration; the environment is as `POINTSMAN_ENV` or `DEPLOYMENT_ENV` says.

    Args:
        config_path: a file or folder in any form that Pointsman reads; by default what `POINTSMAN_CONFIG` names, else
            `config/agents/models.yaml` where that is there, else the one that `pointsman serve` would read here.

    Raises:
        FileNotFoundError: when there is no configuration.
        ConfigurationError: when it cannot be used.
    """

    def __init__(self, config_path: str | Path | None = None) -> None:
        self.config_path = Path(config_path) if config_path is not None else find_usual()
        self._loaded = self._load()

    @property
    def config(self) -> ModelsConfig:
        """Everything that was loaded."""
        return self._loaded[0]

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What should be looked at, though it keeps nothing from being used; such as a key that is not set."""
        return self._loaded[1]

    def get_agent_config(self, agent_name: str) -> AgentConfig:
        """What one agent runs on.

        Raises:
            ValueError: when there is no such agent.
        """
        agents = self.config.agents
        if agent_name not in agents:
            suggestion = suggest_name(agent_name, agents)
            listed = ", ".join([*islice(agents, MOST_NAMED), *(["..."] if len(agents) > MOST_NAMED else [])])
            hint = f"did you mean {suggestion}?" if suggestion else f"there are {listed or 'none'}"
            raise ValueError(f"Unknown agent: {quote(agent_name).strip(QUOTES)}; {hint}")
        return agents[agent_name]

    def get_all_agents(self) -> dict[str, AgentConfig]:
        """What each agent runs on, by name."""
        return dict(self.config.agents)

    def reload(self) -> None:
        """Read the configuration anew.

        Raises:
            FileNotFoundError, ConfigurationError: as at first; what was loaded before stays.
        """
        self._loaded = self._load()

    def _load(self) -> tuple[ModelsConfig, tuple[Problem, ...]]:
        if not self.config_path.exists():
            raise FileNotFoundError(f"Config file not found: {self.config_path}; `pointsman init` writes one")
        loaded = load_configuration(self.config_path, os.environ)
        if loaded.snapshot is None:
            raise ConfigurationError(self.config_path, loaded.problems)
        return _describe(loaded, loaded.snapshot), loaded.problems


_loader: ConfigLoader | None = None
_lock = Lock()


def find_usual() -> Path:
    """The configuration of a program that names none.

    Raises:
        FileNotFoundError: when there is none.
    """
    usual = USUAL_PATH if USUAL_PATH.exists() and not os.environ.get("POINTSMAN_CONFIG") else None
    return find_config(usual, os.environ, Path.cwd())


def get_config_loader() -> ConfigLoader:
    """The loader of this process, made when it is first asked for.

    Raises:
        FileNotFoundError, ConfigurationError: as `ConfigLoader`.
    """
    global _loader
    with _lock:
        if _loader is None:
            _loader = ConfigLoader()
        return _loader


def _describe(loaded: Loaded, snapshot: Snapshot) -> ModelsConfig:
    adapted = loaded.compiled.adapted if loaded.compiled else None
    names = PROVIDERS_OF_FORMS.get(adapted.form or "", {}) if adapted else {}
    agents = {name: _describe_agent(agent, snapshot, names) for name, agent in snapshot.agents.items()}
    return ModelsConfig(environment=loaded.environment, revision=snapshot.revision, agents=agents)


def _describe_agent(agent: Agent, snapshot: Snapshot, names: Mapping[str, str]) -> AgentConfig:
    model = snapshot.models[agent.model]
    parameters = dict(agent.parameters)
    temperature, limit = parameters.get("temperature"), parameters.get("max_tokens")
    prices = model.prices
    same = prices is not None and prices.input_nusd == prices.output_nusd
    return AgentConfig(
        model=model.deployment.upstream_model,
        provider=names.get(model.deployment.provider, model.deployment.provider),
        temperature=float(temperature) if isinstance(temperature, int | float) else None,
        max_tokens=limit if isinstance(limit, int) else None,
        cost_per_1m_tokens=prices.input_nusd / NUSD_PER_USD if prices and same else None,
        price_per_1m_tokens={
            "input": format_usd(prices.input_nusd),
            "cached_input": format_usd(prices.cached_input_nusd),
            "output": format_usd(prices.output_nusd),
        }
        if prices
        else {},
        context_window=model.context_window,
        use_case=agent.task_type or "",
        tags=list(agent.tags),
        langsmith_project=agent.langsmith_project,
        fallback=[snapshot.models[name].deployment.upstream_model for name in agent.fallback],
        description=agent.description,
    )
