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
    from pointsman.router.decision import InvalidRequest, LeftOut, RoutingDecision, RoutingRefused, UnknownAgent
    from pointsman.router.llm_router import LLMRouter, get_llm_router, select_model_by_cost_efficiency

__version__ = "0.1.0"

__all__ = [
    "AgentConfig",
    "ConfigLoader",
    "ConfigurationError",
    "InvalidRequest",
    "LLMRouter",
    "LeftOut",
    "ModelsConfig",
    "RoutingDecision",
    "RoutingRefused",
    "UnknownAgent",
    "get_config_loader",
    "get_llm_router",
    "select_model_by_cost_efficiency",
]

_DECISIONS = ("InvalidRequest", "LeftOut", "RoutingDecision", "RoutingRefused", "UnknownAgent")
_ROUTER = ("LLMRouter", "get_llm_router", "select_model_by_cost_efficiency")
_MODULES = dict.fromkeys(_DECISIONS, "router.decision") | dict.fromkeys(_ROUTER, "router.llm_router")


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"pointsman.{_MODULES.get(name, 'config_loader')}"), name)
