"""Knows how the SDKs of providers are constructed in languages other than Python: one table, one way to read it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pointsman.linting.languages import CSHARP, GO, JAVA, JAVASCRIPT, KOTLIN, PHP, RUBY, RUST, Language
from pointsman.linting.tokens import Token
from pointsman.linting.words import list_words

FARTHEST = 200
"""Tokens behind a construction that may say where it leads."""

REDIRECTING = frozenset(
    list_words(
        "baseURL baseUrl base_url basePath apiBase api_base baseOptions WithBaseURL BaseURL configuration uri_base "
        "withBaseUri with_api_base Endpoint endpoint fromEnv OpenAIClientOptions host serverURL fetch"
    )
)
"""Words that send a client somewhere else than to the provider; where, is not guessed."""


@dataclass(frozen=True, slots=True)
class Construction:
    """How a client is made.

    Attributes:
        words: the tokens, one after the other, such as `new OpenAI (`.
        needs: what the file must import too, one of these, so that another class of that name does not count.
        is_chain: whether what says where it leads comes behind the brackets, up to `build` or `;`.
    """

    words: tuple[str, ...]
    needs: tuple[str, ...]
    is_chain: bool = False


def _rows(needs: str, *written: str, is_chain: bool = False) -> tuple[Construction, ...]:
    return tuple(Construction(tuple(words.split()), tuple(needs.split()), is_chain) for words in written)


_JVM = (
    *_rows("com.openai", "OpenAIOkHttpClient . builder (", "OpenAIOkHttpClientAsync . builder (", is_chain=True),
    *_rows("com.anthropic", "AnthropicOkHttpClient . builder (", is_chain=True),
    *_rows("com.theokanning", "new OpenAiService (", "OpenAiService ("),
    *_rows("dev.langchain4j", "OpenAiChatModel . builder (", "AnthropicChatModel . builder (", is_chain=True),
    *_rows("dev.langchain4j", "MistralAiChatModel . builder (", "OpenAiStreamingChatModel . builder (", is_chain=True),
    *_rows("com.aallam.openai", "OpenAI ("),
)

CONSTRUCTIONS: dict[str, tuple[Construction, ...]] = {
    JAVASCRIPT.name: (
        *_rows("openai", "new OpenAI (", "new AzureOpenAI (", "new OpenAIApi ("),
        *_rows("@anthropic-ai/", "new Anthropic (", "new AnthropicBedrock (", "new AnthropicVertex ("),
        *_rows(
            "@langchain/ langchain/",
            "new ChatOpenAI (",
            "new AzureChatOpenAI (",
            "new OpenAIEmbeddings (",
            "new ChatAnthropic (",
        ),
        *_rows(
            "@langchain/ langchain/",
            "new ChatGoogleGenerativeAI (",
            "new ChatMistralAI (",
            "new ChatGroq (",
            "new ChatCohere (",
        ),
        *_rows("@langchain/ langchain/", "new ChatOllama (", "new ChatVertexAI (", "new ChatBedrockConverse ("),
        *_rows("@google/", "new GoogleGenerativeAI (", "new GoogleGenAI ("),
        *_rows("@mistralai/", "new Mistral (", "new MistralClient ("),
        *_rows("groq-sdk", "new Groq ("),
        *_rows("cohere-ai", "new CohereClient (", "new CohereClientV2 ("),
        *_rows("together-ai", "new Together ("),
        *_rows("replicate", "new Replicate ("),
        *_rows("@aws-sdk/client-bedrock-runtime", "new BedrockRuntimeClient ("),
    ),
    GO.name: (
        *_rows("github.com/sashabaranov/go-openai", "openai . NewClient (", "openai . DefaultConfig ("),
        *_rows("github.com/openai/openai-go", "openai . NewClient ("),
        *_rows("github.com/anthropics/anthropic-sdk-go", "anthropic . NewClient ("),
        *_rows("github.com/google/generative-ai-go google.golang.org/genai", "genai . NewClient ("),
        *_rows("github.com/tmc/langchaingo", "openai . New (", "anthropic . New (", "mistral . New ("),
    ),
    JAVA.name: _JVM,
    KOTLIN.name: _JVM,
    CSHARP.name: (
        *_rows("using|OpenAI", "new OpenAIClient (", "new ChatClient (", "new EmbeddingClient ("),
        *_rows("using|Azure.AI.OpenAI", "new AzureOpenAIClient (", "new OpenAIClient ("),
        *_rows("using|Anthropic", "new AnthropicClient ("),
    ),
    RUBY.name: (
        *_rows("OpenAI", "OpenAI :: Client . new"),
        *_rows("Anthropic", "Anthropic :: Client . new"),
    ),
    PHP.name: (
        *_rows("OpenAI", "OpenAI :: client ("),
        *_rows("Anthropic", "Anthropic :: client ("),
    ),
    RUST.name: (*_rows("async_openai", "Client :: new ("),),
}
"""By the name of the language."""


def find_clients(
    tokens: Sequence[Token], text: str, language: Language, hosts: frozenset[str]
) -> Iterator[tuple[int, str]]:
    """Where clients are constructed that lead to a provider, and what they are called."""
    rows = _choose_rows(tokens, text, language)
    for place, token in enumerate(tokens):
        for construction in rows.get(token.text, ()) if token.kind == "word" else ():
            count = len(construction.words)
            here = tokens[place : place + count]
            if tuple(piece.text for piece in here) != construction.words or _is_member(tokens, place):
                continue
            behind = tokens[place + count : place + count + FARTHEST]
            if construction.words[-1] != "(":
                # Brackets may be left out where there is nothing to say.
                behind = behind[1:] if behind and behind[0].text == "(" else []
            if not (_hides_options(behind, language) or _is_redirected(behind, construction, hosts)):
                yield token.start, "".join(word for word in construction.words if word not in ("new", "(")).strip(".")


def _choose_rows(tokens: Sequence[Token], text: str, language: Language) -> dict[str, list[Construction]]:
    """The constructions whose SDK the file imports, by their first word."""
    rows: dict[str, list[Construction]] = {}
    if language is GO and "BaseURL" in text:
        # It is set on a value of its own, before the client is made of that.
        return rows
    strings = {token.text for token in tokens if token.kind == "string"} if language in (JAVASCRIPT, GO) else None
    for construction in CONSTRUCTIONS.get(language.name, ()):
        if any(_is_imported(need, text, strings) for need in construction.needs):
            rows.setdefault(construction.words[0], []).append(construction)
    return rows


def _is_imported(need: str, text: str, strings: set[str] | None) -> bool:
    if strings is None:
        return need.replace("|", " ") in text
    return any(f"{string}/".startswith(f"{need.rstrip('/')}/") for string in strings)


def _is_member(tokens: Sequence[Token], place: int) -> bool:
    """Whether the first word belongs to something else: `mine.openai.NewClient(`, `class OpenAI(`."""
    before = tokens[place - 1].text if place else ""
    return before in (".", "::", "class", "func", "function", "fun", "def", "extends", "->")


def _hides_options(behind: Sequence[Token], language: Language) -> bool:
    """Whether the options come from elsewhere, so that their address is not seen: `new OpenAI(options)`."""
    texts = [token.text for token in behind]
    end = texts.index(")") if ")" in texts else len(texts)
    if language is JAVASCRIPT and end == 1 and behind[0].kind == "word":
        return True
    return any(texts[place : place + 3] == [".", ".", "."] for place in range(end))


def _is_redirected(behind: Sequence[Token], construction: Construction, hosts: frozenset[str]) -> bool:
    """Whether the arguments, or the calls chained behind, name a place that is not a provider's own."""
    depth = 1
    redirected = False
    for token in behind:
        if token.kind == "string":
            if any(host in token.text for host in hosts):
                return False
            continue
        if token.kind == "word":
            redirected = redirected or token.text in REDIRECTING
            if construction.is_chain and token.text == "build":
                break
        elif token.text in ("(", "[", "{"):
            depth += 1
        elif token.text in (")", "]", "}"):
            depth -= 1
        if token.text == ";" or (depth <= 0 and not construction.is_chain):
            break
    return redirected
