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

__version__ = "0.1.0"

__all__ = ["AgentConfig", "ConfigLoader", "ConfigurationError", "ModelsConfig", "get_config_loader"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("pointsman.config_loader"), name)
