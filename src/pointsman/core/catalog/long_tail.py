"""Providers beyond the catalogue that the library LiteLLM knows: a provider called `litellm/NAME` is its `NAME`.

It is spoken to in OpenAI's chat format, whatever it says to the provider itself.
"""

from typing import Final

from pointsman.core.catalog.catalog import KnownProvider
from pointsman.core.catalog.quirk import Quirk

PREFIX: Final = "litellm/"
EXTRA: Final = "pointsman[litellm]"
"""What has to be installed for them."""

_OWN_LIBRARY = "LiteLLM takes its credentials from the machine, not from api_key; "

UNSUITABLE: Final[dict[str, str]] = {
    **dict.fromkeys(("bedrock", "bedrock_mantle"), f"{_OWN_LIBRARY}use the provider bedrock"),
    **dict.fromkeys(("sagemaker", "sagemaker_chat", "sagemaker_nova"), f"{_OWN_LIBRARY}there is no way to it"),
    **dict.fromkeys(("vertex_ai", "vertex_ai_beta"), f"{_OWN_LIBRARY}use the provider vertex"),
    **dict.fromkeys(("oci", "sap"), f"{_OWN_LIBRARY}there is no way to it"),
    **dict.fromkeys(
        ("chatgpt", "github_copilot"), "LiteLLM signs people in to it instead of taking a key; there is no way to it"
    ),
    **dict.fromkeys(("vllm", "petals"), "LiteLLM would load the model into the gateway; use a provider with base_url"),
    **dict.fromkeys(
        (
            "a2a",
            "a2a_agent",
            "auto_router",
            "bitbucket",
            "custom",
            "dotprompt",
            "gitlab",
            "humanloop",
            "langfuse",
            "langgraph",
            "litellm_agent",
        ),
        "that is a function of LiteLLM, not a provider of models; name the provider itself",
    ),
}
"""Names that are never handed to LiteLLM, and what to do instead."""

LONG_TAIL: Final = KnownProvider(
    dialect="openai_chat",
    base_url_form="as LiteLLM has it",
    operations=("chat",),
    quirks=(
        Quirk(
            name="litellm-bookkeeping",
            drop=("metadata", "store", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"),
        ),
    ),
    note="Reached through the library LiteLLM.",
)
"""What holds for all of them. LiteLLM takes `metadata` and its like for orders to itself."""


def find_long_tail(provider: str) -> str | None:
    """LiteLLM's name of a provider, such as `replicate` for `litellm/replicate`, or `None` where it has no part."""
    return provider[len(PREFIX) :] if provider.startswith(PREFIX) else None
