"""Models for interactions: `create_llm()`, `get_agent_llm()`, `get_planning_llm()`, and `LLMConfigService`."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from pointsman.langchain.agent_llm import get_llm, refuse_unknown, require_key
from pointsman.langchain.callers import AGENT, INTERACTION, find_caller, list_callers
from pointsman.langchain.chat_model import ChatPointsman
from pointsman.langchain.embeddings import USUAL, PointsmanEmbeddings
from pointsman.library.engine import AnyEngine, Engine, get_engine

Tool = dict[str, Any] | type | Callable[..., Any] | BaseTool


class InteractionType(StrEnum):
    """What a model is used for."""

    REASONING = "reasoning"
    TOOLS = "tools"
    SUBAGENTS = "subagents"
    PLANNING = "planning"
    EMBEDDINGS = "embeddings"


def create_interaction_llm(
    interaction: InteractionType | str, *, user: str | None = None, engine: AnyEngine | None = None, **overrides: Any
) -> ChatPointsman:
    """The chat model of an interaction.

    Args:
        interaction: its type, or the name of any other interaction of the configuration.
        user: on whose behalf; what was configured for them in particular holds then.
        engine: that answers; by default the one of this process.
        overrides: any field of `ChatPointsman`.

    Raises:
        UnknownInteraction: the configuration has none of that name.
        TypeError: there is no such override, or the interaction is `embeddings`.
        MissingCredential: none of its models has a key.
    """
    name = str(interaction)
    if name == InteractionType.EMBEDDINGS:
        raise TypeError("embeddings are no chat; call get_embeddings_model()")
    bound = engine if engine is not None else get_engine()
    caller = find_caller(bound, name, INTERACTION)
    refuse_unknown(overrides)
    if caller is not None and isinstance(bound, Engine):
        require_key(bound, caller, overrides.get("model"))
    own = list(dict.fromkeys([name, *(overrides.pop("tags", None) or ())]))
    target = {"model": f"{INTERACTION}{name}"} | overrides
    return ChatPointsman(user=user, tags=own, known_tags=[name], engine=engine, **target)


def create_llm(**overrides: Any) -> ChatPointsman:
    """The model of the interaction `reasoning`. Raises as `create_interaction_llm`."""
    return create_interaction_llm(InteractionType.REASONING, **overrides)


def get_agent_llm(tools: Sequence[Tool] | None = None, **overrides: Any) -> Runnable[LanguageModelInput, AIMessage]:
    """The model of the interaction `subagents`; with tools, that of `tools` with these bound to it."""
    if tools:
        return get_llm_with_tools(InteractionType.TOOLS, tools, **overrides)
    return create_interaction_llm(InteractionType.SUBAGENTS, **overrides)


async def get_planning_llm(**overrides: Any) -> ChatPointsman:
    """The model of the interaction `planning`."""
    return create_interaction_llm(InteractionType.PLANNING, **overrides)


def get_llm_with_tools(
    agent_or_interaction: InteractionType | str = InteractionType.TOOLS,
    tools: Sequence[Tool] = (),
    *,
    engine: AnyEngine | None = None,
    **overrides: Any,
) -> Runnable[LanguageModelInput, AIMessage]:
    """A chat model with tools bound to it.

    Args:
        agent_or_interaction: an `InteractionType`, or a name; of an agent, if there is one of that name.
        tools: functions, classes, LangChain's tools, or dictionaries in OpenAI's form.
        engine: that answers; by default the one of this process.
        overrides: any field of `ChatPointsman`.

    Raises:
        UnknownAgent: there is neither agent nor interaction of that name.
        MissingCredential: none of its models has a key.
    """
    bound = engine if engine is not None else get_engine()
    name, is_type = str(agent_or_interaction), isinstance(agent_or_interaction, InteractionType)
    model: ChatPointsman
    if not is_type and (name in list_callers(bound, AGENT) or name not in list_callers(bound, INTERACTION)):
        model = get_llm(name, engine=engine, **overrides)
    else:
        model = create_interaction_llm(name, engine=engine, **overrides)
    return model.bind_tools(list(tools)) if tools else model


def get_embeddings_model(model: str | None = None, **options: Any) -> PointsmanEmbeddings:
    """Embeddings of a model; by default that of the interaction `embeddings`.

    Args:
        model: a model's name, `agent:NAME` or `interaction:NAME`.
        options: further fields of `PointsmanEmbeddings`.

    Raises:
        UnknownInteraction: no model is named, and the configuration has no interaction `embeddings`.
    """
    if model is None:
        engine = options.get("engine") or get_engine()
        find_caller(engine, InteractionType.EMBEDDINGS.value, INTERACTION)
    return PointsmanEmbeddings(model=model or USUAL, **options)


class Session:
    """What `async_session()` opens; it holds the engine that answers.

    Attributes:
        engine: by default the one of this process, which stays when the session ends.
    """

    def __init__(self, engine: AnyEngine | None = None) -> None:
        self._engine = engine

    @property
    def engine(self) -> AnyEngine:
        return self._engine if self._engine is not None else get_engine()


@asynccontextmanager
async def async_session(engine: AnyEngine | None = None) -> AsyncIterator[Session]:
    """A session for `LLMConfigService`."""
    yield Session(engine)


class LLMConfigService:
    """Models by interaction, in the form of seed 003.

    Args:
        session: of `async_session()`; without one, the engine of this process answers.
    """

    def __init__(self, session: Session | None = None) -> None:
        self._session = session or Session()

    async def get_llm_for_interaction(
        self, interaction: InteractionType | str, user: str | None = None, **overrides: Any
    ) -> ChatPointsman:
        """The chat model of an interaction. Raises as `create_interaction_llm`."""
        return create_interaction_llm(interaction, user=user, engine=self._session.engine, **overrides)

    async def get_embeddings_model(self, model: str | None = None, **options: Any) -> PointsmanEmbeddings:
        """Embeddings. Raises as the function of this name."""
        return get_embeddings_model(model, engine=self._session.engine, **options)

    async def get_llm_with_tools(
        self,
        interaction: InteractionType | str = InteractionType.TOOLS,
        tools: Sequence[Tool] = (),
        **overrides: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """A chat model with tools bound to it. Raises as the function of this name."""
        return get_llm_with_tools(interaction, tools, engine=self._session.engine, **overrides)
