"""Which class of LangChain each provider's vendor has, and how it wants to be told what it needs; one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def _keep(base_url: str) -> str:
    return base_url


def _without(ending: str) -> Callable[[str], str]:
    return lambda base_url: base_url.removesuffix(ending)


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor's own chat model.

    Attributes:
        package: to install, such as `langchain-anthropic`.
        module: where the class is.
        name: of the class.
        key: its argument for the key.
        write_url: what of our base URL it wants.
        names: its arguments for parameters that it names otherwise than OpenAI.
        headers: its argument for further headers, or `""` when it takes none.
        fixed: arguments that it always gets.
    """

    package: str
    module: str
    name: str
    key: str = "api_key"
    write_url: Callable[[str], str] = _keep
    names: Mapping[str, str] = field(default_factory=dict)
    headers: str = ""
    fixed: Mapping[str, object] = field(default_factory=dict)


_OPENAI_NAMES = {"max_completion_tokens": "max_tokens"}

OPENAI = Vendor(
    "langchain-openai",
    "langchain_openai",
    "ChatOpenAI",
    names=_OPENAI_NAMES,
    headers="default_headers",
    fixed={"stream_usage": True, "use_responses_api": False},
)
OPENAI_RESPONSES = Vendor(
    "langchain-openai",
    "langchain_openai",
    "ChatOpenAI",
    names=_OPENAI_NAMES,
    headers="default_headers",
    fixed={"stream_usage": True, "use_responses_api": True},
)
ANTHROPIC = Vendor(
    "langchain-anthropic",
    "langchain_anthropic",
    "ChatAnthropic",
    write_url=_without("/v1"),
    names={"max_completion_tokens": "max_tokens"},
    headers="default_headers",
)
MISTRAL = Vendor(
    "langchain-mistralai",
    "langchain_mistralai",
    "ChatMistralAI",
    names={"max_completion_tokens": "max_tokens", "seed": "random_seed"},
)
GEMINI = Vendor(
    "langchain-google-genai",
    "langchain_google_genai",
    "ChatGoogleGenerativeAI",
    write_url=_without("/v1beta"),
    names={"max_completion_tokens": "max_tokens"},
    headers="additional_headers",
    fixed={"api_version": "v1beta", "vertexai": False},
)
COHERE = Vendor(
    "langchain-cohere",
    "langchain_cohere",
    "ChatCohere",
    key="cohere_api_key",
    write_url=_without("/v2"),
    names={"timeout": "timeout_seconds"},
)
OLLAMA = Vendor(
    "langchain-ollama",
    "langchain_ollama",
    "ChatOllama",
    key="",
    write_url=_without("/v1"),
    names={"max_tokens": "num_predict", "max_completion_tokens": "num_predict"},
)

BY_PROVIDER: dict[str, Vendor] = {"mistral": MISTRAL, "ollama": OLLAMA}
"""Providers with a class of their own though they speak OpenAI's format."""

BY_DIALECT: dict[str, Vendor] = {
    "openai_chat": OPENAI,
    "openai_responses": OPENAI_RESPONSES,
    "anthropic_messages": ANTHROPIC,
    "gemini": GEMINI,
    "cohere": COHERE,
}
