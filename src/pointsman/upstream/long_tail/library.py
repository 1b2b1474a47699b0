"""LiteLLM itself: imported only here, told beforehand to call home nowhere, and reduced to what is asked of it."""

import asyncio
import importlib
import inspect
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pointsman.core.chat.failures import FailureKind, UpstreamFailure

_ENVIRONMENT = {
    # In its usual mode it reads a file `.env` of the working directory into the environment.
    "LITELLM_MODE": "PRODUCTION",
    # Each of these is otherwise downloaded, some of them while the library is imported.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
}

_SETTINGS: dict[str, object] = {
    "telemetry": False,
    "suppress_debug_info": True,
    "disable_hf_tokenizer_download": True,
    "turn_off_message_logging": True,
    "disable_streaming_logging": True,
    "drop_params": False,
    "modify_params": False,
    "num_retries": None,
    "model_fallbacks": None,
    "cache": None,
    # One kind of connection, of httpx: whatever it opens goes through the loop, and so through our guard.
    "disable_aiohttp_transport": True,
}

_CALLBACKS = (
    "callbacks",
    "input_callback",
    "success_callback",
    "failure_callback",
    "service_callback",
    "_async_input_callback",
    "_async_success_callback",
    "_async_failure_callback",
)

_LOGGERS = ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router")


@dataclass(frozen=True, slots=True)
class Library:
    """What is used of LiteLLM; its own types stay within this package.

    Attributes:
        complete: makes one call; its arguments are those of `litellm.acompletion`.
        find_provider: model, base URL and key -> model, provider, the key and the base URL that it would use itself.
        clients: its connections, by keys that end in the id of the event loop that they belong to.
    """

    complete: Callable[..., Awaitable[Any]]
    find_provider: Callable[..., tuple[str, str, str | None, str | None]]
    clients: dict[str, Any]

    async def close(self) -> None:
        """Close the connections of the running loop and forget them; another one of the same id must not find them."""
        own = f"-{id(asyncio.get_running_loop())}"
        for key in [key for key in list(self.clients) if key.endswith(own)]:
            client = self.clients.pop(key)
            close = getattr(client, "aclose", None) or getattr(client, "close", None)
            if close is not None and inspect.isawaitable(closing := close()):
                await closing


def load_library() -> Library:
    """Import LiteLLM, which takes seconds, and quieten it.

    Raises:
        UpstreamFailure: NOT_INSTALLED when it is missing or broken.
    """
    os.environ.update(_ENVIRONMENT)
    try:
        litellm = importlib.import_module("litellm")
        clients = litellm.in_memory_llm_clients_cache.cache_dict
    except ModuleNotFoundError as error:
        missing = error.name or "a part of it"
        raise _refuse(f"{missing} is not installed: pip install 'pointsman[litellm]', then start again") from None
    except (Exception, SystemExit) as error:  # What a broken or unfit installation raises is not foreseeable.
        raise _refuse(
            f"LiteLLM cannot be imported ({type(error).__name__}): pip install --force-reinstall 'pointsman[litellm]'"
        ) from None
    for name, value in _SETTINGS.items():
        setattr(litellm, name, value)
    for name in _CALLBACKS:
        setattr(litellm, name, [])
    for name in _LOGGERS:
        _silence(logging.getLogger(name))
    return Library(litellm.acompletion, litellm.get_llm_provider, clients)


def find_headers(answer: object) -> Mapping[str, object]:
    """The headers of the provider's answer, as far as LiteLLM keeps them; names in lower case."""
    hidden = getattr(answer, "_hidden_params", None)
    kept = hidden.get("additional_headers") if isinstance(hidden, Mapping) else None
    if not isinstance(kept, Mapping):
        return {}
    return {str(name).lower().removeprefix("llm_provider-"): value for name, value in cast(Any, kept).items()}


def _silence(logger: logging.Logger) -> None:
    # Its lines quote prompts and answers; what fails is told by us, without them.
    logger.handlers.clear()
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)


def _refuse(detail: str) -> UpstreamFailure:
    return UpstreamFailure(FailureKind.NOT_INSTALLED, detail, sent=False)
