"""`LLMRouter().route_request("writer", {"complexity": 9})`: the gateway's own decisions, for programs, without one.

A configuration that cannot be used raises, and what was loaded before stays.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self, Unpack

from pointsman.config_loader import ConfigurationError, find_usual
from pointsman.control.configuration import load_configuration
from pointsman.core.config.problems import Problem, quote
from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.routing.ask import InvalidQuestion
from pointsman.core.routing.capability import ModelCapability
from pointsman.core.routing.cost_efficiency import Selection, TaskComplexity, select_by_cost_efficiency
from pointsman.core.routing.decision import Refusal
from pointsman.library.llm_config import LLMConfig
from pointsman.library.llm_response import LLMResponse
from pointsman.library.options import Messages
from pointsman.router.by_capability import RouteDecision, Wishes, choose_by_capability
from pointsman.router.complete import AsyncResponseStream, Completions, ResponseStream
from pointsman.router.decision import (
    InvalidRequest,
    RoutingDecision,
    UnknownAgent,
    build_refusal,
    describe_decision,
)
from pointsman.router.search import PrivateDataSearch
from pointsman.router.suppose_request import suppose_request
from pointsman.router.words import read_words

MOST_NAMED = 20
"""Agents that a message lists."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """One reading of the configuration, and what searches texts by it."""

    snapshot: Snapshot
    warnings: tuple[Problem, ...]
    search: PrivateDataSearch


class LLMRouter:
    """Decides as the gateway does, from the files alone, and makes calls; any number of threads may ask.

    Calls that name provider and model need no configuration: what the catalogue knows of the provider will do, with
    its key in the usual variable. With `POINTSMAN_URL` set and no path given, the gateway there makes them. The
    environment is as `POINTSMAN_ENV` or `DEPLOYMENT_ENV` says.

    Args:
        config_path: a file or folder in any form that Pointsman reads; by default what `POINTSMAN_CONFIG` names, else
            `config/agents/models.yaml` where that is there, else the one that `pointsman serve` would read here.

    Raises:
        FileNotFoundError: when the configuration that is named is not there.
        ConfigurationError: when it cannot be used.
    """

    def __init__(self, config_path: str | Path | None = None) -> None:
        self.config_path = Path(config_path) if config_path is not None else find_usual()
        is_named = config_path is not None or bool(os.environ.get("POINTSMAN_CONFIG"))
        is_there = is_named or self.config_path.exists()
        self._loaded = self._load() if is_there else None
        self._completions = Completions(self.config_path if config_path is not None else None, is_there=is_there)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What should be looked at, though it keeps nothing from being used; such as a key that is not set."""
        return self._find_loaded().warnings

    @property
    def revision(self) -> str:
        """Of the configuration that decisions are made by; the gateway shows the same for the same files."""
        return self._find_loaded().snapshot.revision

    def reload(self) -> None:
        """Read the configuration anew.

        Raises:
            FileNotFoundError, ConfigurationError: as at first; what was loaded before stays.
        """
        self._loaded = self._load()
        self._completions.reload()

    def complete(self, messages: Messages, config: LLMConfig) -> LLMResponse:
        """Ask a model, and wait for the whole answer.

        Args:
            messages: a text, or messages as OpenAI's chat completions have them.
            config: which model, and how; a model that the configuration lacks is added to it in memory, and all that
                the configuration says of everything (locality, privacy, budgets) holds for it, too.

        Raises:
            MissingCredential: the provider's key is not set; the message names the variables.
            ConfigurationError: nobody knows the provider, or it needs more than its name.
            RequestRefused, ProviderFailed, RequestTimedOut, GatewayUnreachable: see `pointsman.library.errors`.
        """
        return self._completions.complete(messages, config)

    async def acomplete(self, messages: Messages, config: LLMConfig) -> LLMResponse:
        """The same with `await`; cancelling it ends the call upstream."""
        return await self._completions.acomplete(messages, config)

    def stream(self, messages: Messages, config: LLMConfig) -> ResponseStream:
        """Ask, and iterate over the pieces of the answer; its `response` has all of it at the end."""
        return self._completions.stream(messages, config)

    def astream(self, messages: Messages, config: LLMConfig) -> AsyncResponseStream:
        """The same with `async for`."""
        return self._completions.astream(messages, config)

    def route_by_capability(self, capability: ModelCapability | str, **wishes: Unpack[Wishes]) -> RouteDecision:
        """The model that is cheapest for a class of work.

        Args:
            capability: the class.
            wishes: see `Wishes`.

        Raises:
            InvalidRequest: there is no such class, or a wish cannot be so.
            RoutingRefused: no model may serve.
        """
        return choose_by_capability(self.snapshot, capability, wishes)

    @property
    def snapshot(self) -> Snapshot | None:
        """The configuration that decisions are made by, or `None` where there is none."""
        if self._loaded is None and self.config_path.exists():
            self.reload()
        return self._loaded.snapshot if self._loaded else None

    def close(self) -> None:
        """End the calls that are under way, if the configuration was named; engines that others use too stay."""
        self._completions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def route_request(
        self,
        agent_id: str,
        task: Mapping[str, object] | None = None,
        context: Mapping[str, object] | None = None,
    ) -> RoutingDecision:
        """Which model a request of an agent would run on, and why; nothing is sent anywhere.

        Args:
            agent_id: the agent's name.
            task: facts of the task, such as `{"type": "review", "complexity": 9}`, and its text under `description`,
                `prompt`, `content` or `messages`; other words are not read.
            context: what is known beside it: `routing_strategy`, `user`, `team`, `tags`, `daily_cost` and `budget` in
                dollars, `budget_mode`, `cost_limit_reached`, and any fact by its name.

        Raises:
            UnknownAgent: a `KeyError`; there is no such agent.
            InvalidRequest: a `ValueError`; a fact cannot be so, or a word is nearly a fact's name.
            RoutingRefused: no model may serve the request.
        """
        loaded = self._find_loaded()
        agent = _find_agent(loaded.snapshot, agent_id)
        words = read_words(loaded.snapshot, {} if task is None else task, {} if context is None else context)
        hypothesis = suppose_request(loaded.snapshot, agent, words, loaded.search)
        answer = hypothesis.decide()
        if isinstance(answer, Refusal):
            raise build_refusal(answer)
        return describe_decision(answer, hypothesis.facts)

    def select_model_by_cost_efficiency(self, task_complexity: TaskComplexity | int, quality_threshold: float) -> str:
        """The name of the model that is worth its money for a task of this complexity.

        Args:
            task_complexity: `simple`, `moderate` or `complex`, or a number: up to 3 is simple, up to 6 moderate, and
                up to 10 complex.
            quality_threshold: from 0 to 1. A simple task takes the cheapest model up to 0.8, a moderate one the
                cheapest of the middle tiers up to 0.9; all others take the best quality for its cost of the top tier.

        Raises:
            InvalidRequest: complexity or threshold cannot be so.
            RoutingRefused: no model may serve at a known price.
        """
        return self.explain_cost_efficiency(task_complexity, quality_threshold).model.name

    def explain_cost_efficiency(self, task_complexity: TaskComplexity | int, quality_threshold: float) -> Selection:
        """The same with its reason.

        Raises:
            InvalidRequest, RoutingRefused: as `select_model_by_cost_efficiency`.
        """
        try:
            selected = select_by_cost_efficiency(self._find_loaded().snapshot, task_complexity, quality_threshold)
        except InvalidQuestion as invalid:
            raise InvalidRequest(invalid.about, f"{invalid.about}: {invalid}") from None
        if isinstance(selected, Refusal):
            raise build_refusal(selected)
        return selected

    def _find_loaded(self) -> _Loaded:
        return self._loaded or self._load()

    def _load(self) -> _Loaded:
        if not self.config_path.exists():
            raise FileNotFoundError(f"Config file not found: {self.config_path}; `pointsman init` writes one")
        loaded = load_configuration(self.config_path, os.environ)
        if loaded.snapshot is None:
            raise ConfigurationError(self.config_path, loaded.problems)
        return _Loaded(loaded.snapshot, loaded.problems, PrivateDataSearch())


_router: LLMRouter | None = None
_lock = Lock()


def get_llm_router() -> LLMRouter:
    """The router of this process, made when it is first asked for.

    Raises:
        FileNotFoundError, ConfigurationError: as `LLMRouter`.
    """
    global _router
    with _lock:
        if _router is None:
            _router = LLMRouter()
        return _router


def select_model_by_cost_efficiency(task_complexity: TaskComplexity | int, quality_threshold: float) -> str:
    """The name of the model that is worth its money, by the configuration that is found here.

    Raises:
        FileNotFoundError, ConfigurationError: as `LLMRouter`.
        InvalidRequest, RoutingRefused: as its method of this name.
    """
    return get_llm_router().select_model_by_cost_efficiency(task_complexity, quality_threshold)


def _find_agent(snapshot: Snapshot, agent_id: str) -> Agent:
    name = str(agent_id)
    agent = snapshot.agents.get(name)
    if agent is not None:
        return agent
    suggestion = suggest_name(name, snapshot.agents)
    listed = [*islice(snapshot.agents, MOST_NAMED), *(["..."] if len(snapshot.agents) > MOST_NAMED else [])]
    hint = f"did you mean {suggestion}?" if suggestion else f"there are {', '.join(listed) or 'none'}"
    raise UnknownAgent(name, f"there is no agent {quote(name)}; {hint}")
