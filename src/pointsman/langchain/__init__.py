"""LangChain over the relay: `get_llm("writer")`, `ChatPointsman`, embeddings, and `writer_llm` for each agent.

Everything is loaded when it is first asked for, and needs the extra `langchain`.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pointsman.langchain.agent_llm import get_llm
    from pointsman.langchain.callers import UnknownInteraction
    from pointsman.langchain.chat_model import ChatPointsman
    from pointsman.langchain.direct import DirectRefused
    from pointsman.langchain.embeddings import PointsmanEmbeddings
    from pointsman.langchain.interactions import (
        InteractionType,
        LLMConfigService,
        async_session,
        create_llm,
        get_agent_llm,
        get_embeddings_model,
        get_llm_with_tools,
        get_planning_llm,
    )
    from pointsman.library.token_tracker import token_tracker

__all__ = [
    "ChatPointsman",
    "DirectRefused",
    "InteractionType",
    "LLMConfigService",
    "PointsmanEmbeddings",
    "UnknownInteraction",
    "async_session",
    "create_llm",
    "get_agent_llm",
    "get_embeddings_model",
    "get_llm",
    "get_llm_with_tools",
    "get_planning_llm",
    "token_tracker",
]

_MODULES = {
    "ChatPointsman": "langchain.chat_model",
    "DirectRefused": "langchain.direct",
    "PointsmanEmbeddings": "langchain.embeddings",
    "UnknownInteraction": "langchain.callers",
    "get_llm": "langchain.agent_llm",
    "token_tracker": "library.token_tracker",
}
_NEEDED = frozenset(("langchain_core", "langchain_openai", "openai"))
_SUFFIX = "_llm"


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(_load(_MODULES.get(name, "langchain.interactions")), name)
    if name.endswith(_SUFFIX) and not name.startswith("_"):
        return _load("langchain.agent_llm").get_named_llm(__name__, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _load(module: str) -> ModuleType:
    try:
        return import_module(f"pointsman.{module}")
    except ModuleNotFoundError as missing:
        needed = (missing.name or "").partition(".")[0]
        if needed not in _NEEDED:
            raise
        message = f"this needs {needed}; run `pip install 'pointsman[langchain]'`"
        raise ImportError(message, name=missing.name) from None
