"""`LLMConfig(provider=LLMProvider.OPENAI, model="gpt-4o-mini", temperature=0.7)`: what a call shall run on."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

USUAL_TIMEOUT_S = 120.0

OTHER_NAMES = {"claude": "anthropic", "gemini": "google", "azure": "azure-openai"}
"""What people also call a provider."""


class LLMProvider(StrEnum):
    """Providers of the catalogue; one of your own configuration goes by its name, as a text."""

    ANTHROPIC = "anthropic"
    AZURE_OPENAI = "azure-openai"
    BEDROCK = "bedrock"
    COHERE = "cohere"
    DEEPSEEK = "deepseek"
    FIREWORKS = "fireworks"
    GOOGLE = "google"
    GRADIENT = "gradient"
    GROQ = "groq"
    LM_STUDIO = "lm-studio"
    MISTRAL = "mistral"
    OLLAMA = "ollama"
    OPENAI = "openai"
    OPENROUTER = "openrouter"
    PERPLEXITY = "perplexity"
    SIMULATED = "simulated"
    TGI = "tgi"
    TOGETHER = "together"
    VERTEX = "vertex"
    VLLM = "vllm"
    XAI = "xai"


class LLMConfig(BaseModel):
    """How one call shall be made; a field that is not known is refused.

    Attributes:
        provider: who serves the model; without it `model` is a name of the configuration, `agent:NAME` or `auto`.
        model: as the provider or the configuration calls it.
        temperature, max_tokens, top_p, stop, seed: sent where stated, else left to agent and provider.
        tools, tool_choice, response_format: as OpenAI's chat completions have them.
        timeout_s: how long to wait in seconds; for a stream, for each next piece.
        fallback_models: models of the configuration that are tried next, in order.
        max_cost_usd: what the call may cost at most.
        min_quality: from 0 to 1; a model that is declared to be worse is not taken.
        agent: whose rules, parameters and terms hold.
        user: on whose behalf.
        tags: labels for its usage.
        privacy: `low`, `medium` or `high`; it only raises what the configuration says.
        extra_body: further members of the body, such as one that only some provider knows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    provider: str | None = None
    model: str = Field(min_length=1, max_length=256)
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)
    top_p: float | None = Field(None, ge=0, le=1)
    stop: str | Sequence[str] | None = None
    seed: int | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: str | Mapping[str, Any] | None = None
    response_format: Mapping[str, Any] | None = None
    timeout_s: float = Field(USUAL_TIMEOUT_S, gt=0, le=3_600)
    fallback_models: Sequence[str] = ()
    max_cost_usd: Decimal | None = Field(None, ge=0)
    min_quality: float | None = Field(None, ge=0, le=1)
    agent: str | None = None
    user: str = ""
    tags: Sequence[str] = ()
    privacy: Literal["low", "medium", "high"] | None = None
    extra_body: Mapping[str, Any] = {}

    @field_validator("provider", mode="before")
    @classmethod
    def _name_provider(cls, value: object) -> object:
        """The name as a plain text, whichever way it is written."""
        return OTHER_NAMES.get(value.lower(), str(value)) if isinstance(value, str) else value
