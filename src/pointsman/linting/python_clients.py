"""Knows the SDKs of providers in Python: what is called, under the names that a file imports it by."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from pointsman.linting.words import list_words

CLIENTS = {
    "openai": "OpenAI AsyncOpenAI AzureOpenAI AsyncAzureOpenAI Client AsyncClient "
    "ChatCompletion.create ChatCompletion.acreate Completion.create Completion.acreate Embedding.create "
    "chat.completions.create responses.create embeddings.create",
    "anthropic": "Anthropic AsyncAnthropic AnthropicBedrock AsyncAnthropicBedrock AnthropicVertex "
    "AsyncAnthropicVertex Client AsyncClient",
    "cohere": "Client AsyncClient ClientV2 AsyncClientV2",
    "mistralai": "Mistral MistralClient client.MistralClient async_client.MistralAsyncClient",
    "groq": "Groq AsyncGroq Client",
    "together": "Together AsyncTogether Complete.create",
    "replicate": "Client run",
    "ollama": "Client AsyncClient chat generate embed embeddings",
    "google.generativeai": "GenerativeModel ChatSession",
    "google.genai": "Client",
    "vertexai.generative_models": "GenerativeModel",
    "vertexai.preview.generative_models": "GenerativeModel",
    "vertexai.language_models": "TextGenerationModel.from_pretrained ChatModel.from_pretrained",
    "fireworks.client": "Fireworks AsyncFireworks",
    "cerebras.cloud.sdk": "Cerebras AsyncCerebras",
    "xai_sdk": "Client AsyncClient",
    "ai21": "AI21Client AsyncAI21Client",
    "huggingface_hub": "InferenceClient AsyncInferenceClient",
    "litellm": "completion acompletion text_completion atext_completion embedding aembedding responses aresponses "
    "image_generation aimage_generation completion_with_retries batch_completion Router",
    "langchain_openai": "ChatOpenAI OpenAI AzureChatOpenAI AzureOpenAI OpenAIEmbeddings AzureOpenAIEmbeddings",
    "langchain_anthropic": "ChatAnthropic AnthropicLLM",
    "langchain_google_genai": "ChatGoogleGenerativeAI GoogleGenerativeAI GoogleGenerativeAIEmbeddings",
    "langchain_google_vertexai": "ChatVertexAI VertexAI VertexAIEmbeddings",
    "langchain_mistralai": "ChatMistralAI MistralAIEmbeddings",
    "langchain_groq": "ChatGroq",
    "langchain_cohere": "ChatCohere Cohere CohereEmbeddings",
    "langchain_ollama": "ChatOllama OllamaLLM OllamaEmbeddings",
    "langchain_aws": "ChatBedrock ChatBedrockConverse BedrockLLM BedrockEmbeddings",
    "langchain_fireworks": "ChatFireworks",
    "langchain_together": "ChatTogether",
    "langchain_deepseek": "ChatDeepSeek",
    "langchain_xai": "ChatXAI",
    "langchain_perplexity": "ChatPerplexity",
    "langchain_gradient": "ChatGradient",
    "langchain.chat_models": "ChatOpenAI AzureChatOpenAI ChatAnthropic ChatVertexAI ChatOllama ChatCohere "
    "init_chat_model",
    "langchain.llms": "OpenAI AzureOpenAI Anthropic Cohere Ollama VertexAI",
    "langchain_community.chat_models": "ChatOpenAI AzureChatOpenAI ChatAnthropic ChatOllama ChatCohere "
    "ChatLiteLLM ChatPerplexity",
    "langchain_community.llms": "OpenAI AzureOpenAI Anthropic Cohere Ollama VertexAI",
    "llama_index.llms.openai": "OpenAI",
    "llama_index.llms.anthropic": "Anthropic",
    "llama_index.llms.azure_openai": "AzureOpenAI",
    "llama_index.llms.gemini": "Gemini",
    "llama_index.llms.mistralai": "MistralAI",
    "llama_index.llms.groq": "Groq",
    "llama_index.llms.ollama": "Ollama",
    "llama_index.llms": "OpenAI Anthropic AzureOpenAI Gemini MistralAI Groq Ollama",
    "dspy": "LM OpenAI",
    "instructor": "from_provider",
}
"""What constructs a client or calls one, by the module that it is imported from."""

RUNTIMES = frozenset({"bedrock-runtime", "bedrock-agent-runtime", "sagemaker-runtime"})
"""What `boto3.client(...)` is given to reach models."""

REDIRECTS = frozenset(
    list_words(
        "base_url openai_api_base api_base azure_endpoint anthropic_api_url endpoint api_endpoint host server_url "
        "http_options openai_proxy client_options endpoint_url url client async_client http_client"
    )
)
"""Keyword arguments that send a client elsewhere."""

LANGCHAIN_MODULES = ("langchain_openai", "langchain.chat_models", "langchain_community.chat_models")

SPEAKS_TO_US = frozenset(
    {f"openai.{name}" for name in ("OpenAI", "AsyncOpenAI", "Client", "AsyncClient")}
    | {
        f"{module}.ChatOpenAI"
        for module in ("langchain_openai", "langchain.chat_models", "langchain_community.chat_models")
    }
)
"""Clients of the door that Pointsman has; a model's name in a call of theirs may be exchanged for an agent's."""

_MEMBERS = {f"{module}.{name}" for module, listed in CLIENTS.items() for name in listed.split()}
_PACKAGES = frozenset(module.partition(".")[0] for module in CLIENTS)


@dataclass(slots=True)
class Imports:
    """What a file calls the things that it imports, and where they are from: `openai.OpenAI`."""

    origins: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: ast.AST) -> "Imports":
        """All imports of a file, wherever they stand."""
        found = cls()
        for node in _list_statements(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    found.origins[name] = alias.name if alias.asname else name
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    found.origins[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    def origin_of(self, function: ast.expr) -> str:
        """Where what is called comes from, such as `openai.OpenAI`, or `""` when that is not known."""
        parts: list[str] = []
        while isinstance(function, ast.Attribute):
            parts.append(function.attr)
            function = function.value
        if not isinstance(function, ast.Name) or function.id not in self.origins:
            return ""
        return ".".join([self.origins[function.id], *reversed(parts)])


def _list_statements(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements of a file, however deep; expressions hold no imports."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inside = getattr(node, name, None)
            if isinstance(inside, list):
                waiting += inside


def may_hold_clients(runs: set[str]) -> bool:
    """Whether a file made of these runs of letters and digits can import an SDK at all."""
    return not _PACKAGES.isdisjoint(runs) or bool(runs & {"langchain", "llama", "boto3"})


def find_direct_client(call: ast.Call, imports: Imports, hosts: frozenset[str]) -> str | None:
    """The client that a call constructs, when nothing says that it is led away from its provider."""
    origin = imports.origin_of(call.func)
    if origin.startswith("boto3."):
        first = call.args[0] if call.args else None
        runs = isinstance(first, ast.Constant) and first.value in RUNTIMES and not is_redirected(call, hosts)
        return origin if runs else None
    if origin not in _MEMBERS or is_redirected(call, hosts):
        return None
    return origin


def is_redirected(call: ast.Call, hosts: frozenset[str]) -> bool:
    """Whether a client may go somewhere else than to its provider; a mapping handed over with `**` may say so too."""
    for keyword in call.keywords:
        if keyword.arg is None:
            return True
        if keyword.arg in REDIRECTS and not _leads_to_provider(keyword.value, hosts):
            return True
    return False


def list_redirects(call: ast.Call) -> Iterator[ast.expr]:
    """The values that say where a client goes."""
    return (keyword.value for keyword in call.keywords if keyword.arg in ("base_url", "openai_api_base"))


def _leads_to_provider(value: ast.expr, hosts: frozenset[str]) -> bool:
    if not isinstance(value, ast.Constant):
        return False
    return value.value is None or (isinstance(value.value, str) and any(host in value.value for host in hosts))
