"""Pointsman: decides which model every LLM call runs on, carries the call there, and proves why.

What programs import from here is loaded when it is first asked for, so that a command line starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pointsman.config_loader import (
        AgentConfig,
        ConfigLoader,
        ConfigurationError,
        ModelsConfig,
        get_config_loader,
    )
    from pointsman.core.routing.capability import ModelCapability
    from pointsman.langchain import (
        ChatPointsman,
        DirectRefused,
        InteractionType,
        LLMConfigService,
        PointsmanEmbeddings,
        UnknownInteraction,
        async_session,
        create_llm,
        get_agent_llm,
        get_embeddings_model,
        get_llm,
        get_llm_with_tools,
        get_planning_llm,
    )
    from pointsman.library.chat_stream import ChatChunk
    from pointsman.library.client import Pointsman
    from pointsman.library.errors import (
        EngineClosed,
        GatewayUnreachable,
        MissingCredential,
        PointsmanError,
        ProviderFailed,
        RequestRefused,
        RequestTimedOut,
    )
    from pointsman.library.llm_config import LLMConfig, LLMProvider
    from pointsman.library.llm_response import LLMResponse, UsageStats
    from pointsman.library.model_info import ModelInfo
    from pointsman.library.replies import ChatReply, EmbeddingReply
    from pointsman.library.token_tracker import TokenTracker, token_tracker
    from pointsman.library.usage_tracker import BudgetAlert, UsageTracker
    from pointsman.manager.model_manager import GenerateResponse, ModelManager
    from pointsman.router.by_capability import RouteDecision
    from pointsman.router.decision import InvalidRequest, LeftOut, RoutingDecision, RoutingRefused, UnknownAgent
    from pointsman.router.known_models import UnknownModel, get_cheapest_model, get_model_info, route_by_capability
    from pointsman.router.llm_router import LLMRouter, get_llm_router, select_model_by_cost_efficiency

__version__ = "0.1.0"

__all__ = [
    "AgentConfig",
    "BudgetAlert",
    "ChatChunk",
    "ChatPointsman",
    "ChatReply",
    "ConfigLoader",
    "ConfigurationError",
    "DirectRefused",
    "EmbeddingReply",
    "EngineClosed",
    "GatewayUnreachable",
    "GenerateResponse",
    "InteractionType",
    "InvalidRequest",
    "LLMConfig",
    "LLMConfigService",
    "LLMProvider",
    "LLMResponse",
    "LLMRouter",
    "LeftOut",
    "MissingCredential",
    "ModelCapability",
    "ModelInfo",
    "ModelManager",
    "ModelsConfig",
    "Pointsman",
    "PointsmanEmbeddings",
    "PointsmanError",
    "ProviderFailed",
    "RequestRefused",
    "RequestTimedOut",
    "RouteDecision",
    "RoutingDecision",
    "RoutingRefused",
    "TokenTracker",
    "UnknownAgent",
    "UnknownInteraction",
    "UnknownModel",
    "UsageStats",
    "UsageTracker",
    "async_session",
    "create_llm",
    "get_agent_llm",
    "get_cheapest_model",
    "get_config_loader",
    "get_embeddings_model",
    "get_llm",
    "get_llm_router",
    "get_llm_with_tools",
    "get_model_info",
    "get_planning_llm",
    "route_by_capability",
    "select_model_by_cost_efficiency",
    "token_tracker",
]

_DECISIONS = ("InvalidRequest", "LeftOut", "RoutingDecision", "RoutingRefused", "UnknownAgent")
_ROUTER = ("LLMRouter", "get_llm_router", "select_model_by_cost_efficiency")
_ERRORS = (
    "EngineClosed",
    "GatewayUnreachable",
    "MissingCredential",
    "PointsmanError",
    "ProviderFailed",
    "RequestRefused",
    "RequestTimedOut",
)
_LANGCHAIN = (
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
)
_LIBRARY = {
    "ChatChunk": "library.chat_stream",
    "ChatReply": "library.replies",
    "EmbeddingReply": "library.replies",
    "Pointsman": "library.client",
    **dict.fromkeys(_ERRORS, "library.errors"),
    **dict.fromkeys(("TokenTracker", "token_tracker"), "library.token_tracker"),
    **dict.fromkeys(_LANGCHAIN, "langchain"),
    **dict.fromkeys(("LLMConfig", "LLMProvider"), "library.llm_config"),
    **dict.fromkeys(("LLMResponse", "UsageStats"), "library.llm_response"),
    **dict.fromkeys(("BudgetAlert", "UsageTracker"), "library.usage_tracker"),
    "ModelInfo": "library.model_info",
}
_MODELS = {
    "ModelCapability": "core.routing.capability",
    "RouteDecision": "router.by_capability",
    **dict.fromkeys(
        ("UnknownModel", "get_cheapest_model", "get_model_info", "route_by_capability"), "router.known_models"
    ),
    **dict.fromkeys(("GenerateResponse", "ModelManager"), "manager.model_manager"),
}
_MODULES = (
    _LIBRARY | _MODELS | dict.fromkeys(_DECISIONS, "router.decision") | dict.fromkeys(_ROUTER, "router.llm_router")
)


def __getattr__(name: str) -> object:
    if name.endswith("_llm") and name not in __all__ and not name.startswith("_"):
        # The model of an agent, such as `writer_llm`.
        return getattr(import_module("pointsman.langchain"), name)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"pointsman.{_MODULES.get(name, 'config_loader')}"), name)
