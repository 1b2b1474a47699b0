"""Says whether a whole text is the name of a known model; a part of a text, or a label such as "GPT-4", never is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pointsman.core.catalog.catalog import Catalog
from pointsman.linting.words import list_words

LONGEST_NAME = 128

FAMILIES = list_words(
    "babbage-0 chatgpt- claude- codellama codestral- command-a- command-r- command-r7b davinci-0 deepseek- "
    "devstral- gemini- gemma gpt- grok- jamba- kimi-k llama magistral- meta-llama ministral- mistral- "
    "mixtral- nemotron- nomic-embed mxbai-embed o1- o3- o4- open-mistral open-mixtral phi- phi3 phi4 pixtral- "
    "qwen qwq- text-ada-0 text-davinci-0 text-embedding- voxtral- yi-"
)
"""How names begin that hardly mean anything but a model; any other counts only where a model is expected."""

ROUTES = list_words(
    "azure azure_ai bedrock fireworks_ai gemini google_genai google_vertexai hosted_vllm huggingface litellm "
    "lm_studio mistralai models ollama_chat openai_chat together_ai vertex vertex_ai watsonx"
)
"""What libraries write before a name beside the names of providers: `bedrock/...`, `ollama_chat:...`."""

LOCAL_MODELS = list_words(
    "codegemma codellama deepseek-coder deepseek-coder-v2 deepseek-r1 gemma gemma2 gemma3 llama2 llama3 "
    "llama3.1 llama3.2 llama3.3 mistral mistral-nemo mistral-small mixtral mxbai-embed-large nomic-embed-text "
    "phi3 phi3.5 phi4 qwen2 qwen2.5 qwen2.5-coder qwen3 qwen3-coder qwq smollm2 starcoder2 tinyllama"
)
"""What Ollama calls models; they count with a tag behind them, such as `llama3.1:8b` or `mistral-nemo:latest`."""

_SHAPE = re.compile(r"~?[A-Za-z0-9](?:[\w.:/@-]*[A-Za-z0-9])?", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9]+")
_DATE = re.compile(r"[-@](?:20\d{6}|20\d\d-\d\d-\d\d|\d{4}|latest)\Z")
_TAG = re.compile(
    r":(?:latest|free|beta|thinking|online|batch|(?:\d+(?:\.\d+)?[bm]|text|chat|instruct)(?:-[\w.-]+)?)\Z"
)
_BEDROCK = re.compile(r"(?:(?:us|eu|apac|global)\.)?(?:anthropic|meta|mistral|cohere|deepseek)\.(.+?)(?:-v\d+)?:\d+\Z")
_SIZE = re.compile(r"[-.]\d+(?:\.\d+)?b(?:\Z|[-.:])|-20\d{6}\Z")

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MODEL_HINT = re.compile("model|llm|engine|deployment", re.IGNORECASE)
_MODEL_WORDS = frozenset({"model", "models", "llm", "llms", "engine", "engines", "deployment"})
_WORDS_BEHIND = frozenset({"name", "names", "id", "ids", "slug", "default"})
_OTHER_WORDS = frozenset(
    list_words("path dir file url uri type class version card view driver admin label title description")
)


@dataclass(frozen=True, slots=True)
class KnownName:
    """A text that is a model's name; one that is not `is_distinctive` may well mean something else."""

    text: str
    is_distinctive: bool


@dataclass(frozen=True, slots=True)
class ModelNames:
    """The names to look for.

    Attributes:
        ids: every id of every known model, exactly and in lower case.
        routes: what may stand before an id and `/` or `:`, such as `openai`.
        hosts: of the providers' own addresses; a client that is sent there is a direct one.
    """

    ids: frozenset[str]
    routes: frozenset[str]
    hosts: frozenset[str]
    _beginnings: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)
    _bare_words: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def read(self, text: str) -> KnownName | None:
        """The model that the whole of a text names, or `None`."""
        if not 2 <= len(text) <= LONGEST_NAME or not _SHAPE.fullmatch(text):
            return None
        bare, has_route = text, False
        while not self._knows(bare):
            route, _, rest = bare.partition("/" if "/" in bare else ":")
            if route.lower() not in self.routes or not rest:
                return None
            bare, has_route = rest, True
        has_route = has_route or bare.partition("/")[0] in self.routes
        return KnownName(text, _is_distinctive(bare, has_route))

    def may_occur(self, runs: frozenset[str] | set[str]) -> bool:
        """Whether a file made of these runs of letters and digits can name a model at all; says yes too often."""
        begun = (self._beginnings[first] for first in runs & self._beginnings.keys())
        if any(not following or following & runs for following in begun):
            return True
        return not self._bare_words.isdisjoint(runs) and any(_MODEL_HINT.search(run) for run in runs)

    def _knows(self, name: str) -> bool:
        if name in self.ids or _DATE.sub("", name) in self.ids:
            return True
        tag = _TAG.search(name)
        if tag is not None:
            base = name[: tag.start()]
            return base in self.ids or base in LOCAL_MODELS
        bedrock = _BEDROCK.match(name)
        return bedrock is not None and _DATE.sub("", bedrock[1]) in self.ids


def collect_names(catalog: Catalog) -> ModelNames:
    """The names that a catalogue knows; of `vendor/model` the second part too, where it is distinctive."""
    ids: set[str] = set()
    for listed in catalog.lists:
        for models in listed.providers.values():
            for model in models:
                for name in (model.id, *model.equals, *model.starts_with):
                    ids |= {name, name.lower()} if _SHAPE.fullmatch(name) else set()
                parts = (*model.contains, *model.ends_with)
                ids |= {part for part in parts if _SHAPE.fullmatch(part) and _is_distinctive(part, False)}
    last_parts = {name.rpartition("/")[2] for name in ids if "/" in name}
    ids |= {name for name in last_parts if _is_distinctive(name, False)}
    routes = {*catalog.providers, *ROUTES, *(name for listed in catalog.lists for name in listed.providers)}
    clouds = (provider for provider in catalog.providers.values() if provider.location == "cloud")
    hosts = frozenset(host for host in (urlsplit(provider.base_url).hostname for provider in clouds) if host)
    words = {name: name.rpartition("/")[2] for name in ids}
    bare = frozenset(word for word in words.values() if word.isalpha())
    beginnings = _index_beginnings([*(name for name in ids if words[name] not in bare), *LOCAL_MODELS])
    return ModelNames(frozenset(ids), frozenset(routes), hosts, beginnings, bare)


def split_runs(text: str) -> set[str]:
    """The different runs of letters and digits in a text."""
    return set(_RUN.findall(text))


def names_model(key: str | None) -> bool:
    """Whether what stands under this key is a model: `model`, `modelName`, `OLLAMA_CHAT_MODEL`, `--engine`."""
    words = split_words(key)
    while words and words[-1] in _WORDS_BEHIND:
        words.pop()
    return bool(words) and words[-1] in _MODEL_WORDS


def mentions_model(key: str | None) -> bool:
    """Whether what stands under this key may be a model: also `MODEL_FAST` and `fallback`, but not `model_path`."""
    words = set(split_words(key))
    return bool(words & (_MODEL_WORDS | {"fallback", "fallbacks"})) and not words & _OTHER_WORDS


def split_words(key: str | None) -> list[str]:
    """The words of a key in lower case, however they are joined."""
    return [word.lower() for word in _WORDS.findall(key or "")]


def _is_distinctive(name: str, has_route: bool) -> bool:
    last = _BEDROCK.sub(r"\1", name.rpartition("/")[2].lower())
    if "-" not in last and ":" not in last:
        return has_route and any(letter.isdigit() for letter in last)
    return last.startswith(tuple(FAMILIES)) or _SIZE.search(last) is not None


def _index_beginnings(names: Iterable[str]) -> dict[str, frozenset[str]]:
    """The first run of each name's last part, and the runs that may follow it; an empty set means any."""
    index: dict[str, set[str] | None] = {}
    for name in names:
        first, *others = _RUN.findall(name.rpartition("/")[2])
        following = index.setdefault(first, set())
        if not others:
            index[first] = None
        elif following is not None:
            following.add(others[0])
    return {first: frozenset(following or ()) for first, following in index.items()}
