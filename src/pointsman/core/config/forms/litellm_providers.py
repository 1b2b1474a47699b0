"""The providers that LiteLLM's deployments need: one for each server, key, set of headers and set of time limits."""

import re
from dataclasses import dataclass, field

from pointsman.core.config.base_url import ForbiddenUrl, read_base_url
from pointsman.core.config.forms.adaptation import Adaptation
from pointsman.core.config.forms.draft import Draft, build_mapping, build_text
from pointsman.core.config.forms.registry_models import complete_endpoint, name_host
from pointsman.core.config.nodes import Entry, MappingNode, Node, ScalarNode, to_plain
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.provider_facts import USUAL_DIALECT

PREFIXES = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "mistral": "mistral",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "deepseek": "deepseek",
    "groq": "groq",
    "fireworks_ai": "fireworks",
    "together_ai": "together",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "xai": "xai",
    "gradient_ai": "gradient",
    "ollama": "ollama",
    "ollama_chat": "ollama",
    "vllm": "vllm",
    "hosted_vllm": "vllm",
    "lm_studio": "lm-studio",
}
"""What stands before the slash of a LiteLLM model, and the catalogue's name for it."""

COMPATIBLE = frozenset(("custom_openai", "openai_like", "litellm_proxy"))
"""Before the slash of a model at any server that speaks OpenAI's API; its address stands in `api_base`."""

_REFERENCE = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]{0,127})")
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
_OWN_VARIABLE = re.compile(r"POINTSMAN_[A-Z0-9_]{1,100}")
_NO_KEY = frozenset(("none", "empty", "null", "anything", "fake-key", "not-needed", "no-key", "dummy", "na", "n/a"))
_EVERY_ADDRESS = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class Need:
    """What a deployment needs of its provider.

    Attributes:
        name: the catalogue's provider, or `""` for a server that it does not know.
        place: where the deployment names it.
        base_url: where its server is, when it says so.
        api_key: where its key is, when it says so.
        headers: further headers of each call.
        timeouts: its limits of time.
    """

    name: str
    place: Place
    base_url: Entry | None = None
    api_key: Entry | None = None
    headers: dict[str, Entry] = field(default_factory=dict)
    timeouts: dict[str, Entry] = field(default_factory=dict)

    def list_entries(self) -> dict[str, Entry]:
        """The entries of the provider that this asks for, apart from its place."""
        found: dict[str, Entry] = {}
        for name, entry in (("base_url", self.base_url), ("api_key", self.api_key)):
            if entry is not None:
                found[name] = entry
        for name, below in (("headers", self.headers), ("timeouts", self.timeouts)):
            if below:
                key = next(iter(below.values())).key
                found[name] = Entry(key, MappingNode(key, below))
        return found


@dataclass(slots=True)
class Providers:
    """Names providers; deployments that need the same have the same one."""

    draft: Draft
    adaptation: Adaptation
    names: dict[str, str] = field(default_factory=dict)
    families: dict[str, list[str]] = field(default_factory=dict)
    """Our providers for each of the catalogue's."""

    variables: dict[str, Place] = field(default_factory=dict)
    """Variables that the document may read only when it lists them."""

    def name_provider(self, need: Need) -> ScalarNode:
        """The provider of a deployment, defined where it is the first that needs it."""
        entries = need.list_entries()
        plain = {name: to_plain(entry.value) for name, entry in entries.items()}
        wanted = repr((need.name, plain))
        if wanted not in self.names:
            name = self._find_free_name(need)
            self.names[wanted] = name
            self.families.setdefault(need.name, []).append(name)
            provider = self.draft.at("providers", need.place).at(name, need.place)
            provider.put_all(entries)
            self._complete(name, need, provider)
        return build_text(need.place, self.names[wanted])

    def read_base_url(self, entry: Entry, prefix: str, provider: str) -> Entry | None:
        """An address as our base URL, or `None` where the catalogue has the same; a variable is read with the document.

        Args:
            entry: `api_base` as written.
            prefix: what stands before the slash of the model.
            provider: the catalogue's name for that, or `""`.
        """
        text = self.adaptation.read_text(entry.value)
        if text is None:
            return None
        if _REFERENCE.fullmatch(text):
            return self.read_reference(entry)
        url = text if prefix in COMPATIBLE or prefix == "openai" else complete_endpoint(text)
        known = self.adaptation.catalog.providers.get(provider)
        if known is not None and complete_endpoint(text).rstrip("/") == known.base_url:
            return None
        return Entry(entry.key, ScalarNode(entry.value.place, text, url.replace(_EVERY_ADDRESS, "127.0.0.1", 1)))

    def read_reference(self, entry: Entry) -> Entry:
        """A value that names a variable as our document does; any other stays as it is."""
        reference = _REFERENCE.fullmatch(entry.value.text) if isinstance(entry.value, ScalarNode) else None
        if reference is None:
            return entry
        self._allow_variable(reference[1], entry.value.place)
        return Entry(entry.key, build_text(entry.value.place, "${" + reference[1] + "}"))

    def read_api_key(self, entry: Entry, provider: str) -> Entry | None:
        """Where a key is; one that stands in the file itself is refused, and one that means none is left out.

        Args:
            entry: `api_key` as written.
            provider: the catalogue's provider that it is for, whose usual variable need not be named; `""` for others.
        """
        if not isinstance(entry.value, ScalarNode):
            self.adaptation.read_text(entry.value)
            return None
        text, place = entry.value.text, entry.value.place
        reference = _REFERENCE.fullmatch(text)
        if reference is None:
            if text.lower() in _NO_KEY:
                self.adaptation.note(place, "this key means that there is none, so it is left out")
            else:
                message = "a key may not stand in the file; put it into a variable and write os.environ/NAME here"
                self.adaptation.findings.spoil(place, "inline_secret", message)
            return None
        known = self.adaptation.catalog.providers.get(provider)
        if known is not None and known.key_variables[:1] == (reference[1],):
            return None
        self._allow_variable(reference[1], place)
        return Entry(entry.key, build_mapping(place, env=build_text(place, reference[1])))

    def write_variables(self) -> None:
        """List the variables that no other rule allows the document to read."""
        for name, place in self.variables.items():
            self.draft.at("security", place).append("environment_variables", place, build_text(place, name))

    def _allow_variable(self, name: str, place: Place) -> None:
        if not _OWN_VARIABLE.fullmatch(name) and name not in self.adaptation.catalog.key_variables():
            self.variables.setdefault(name, place)

    def _find_free_name(self, need: Need) -> str:
        url = "" if need.base_url is None else str(to_plain(need.base_url.value))
        variable = _VARIABLE.fullmatch(url)
        host = name_host(f"//{variable[1]}" if variable else url)
        stem = (need.name if need.base_url is None else host) or "server"
        taken = frozenset(self.names.values())
        numbers = iter(range(2, len(taken) + 3))
        name = stem
        while name in taken:
            name = f"{stem}-{next(numbers)}"
        return name

    def _complete(self, name: str, need: Need, provider: Draft) -> None:
        """What the catalogue would say of it under its own name, and whose machine it is."""
        known = self.adaptation.catalog.providers.get(need.name)
        if need.base_url is not None:
            self._place_on_network(need.base_url.value, provider)
        if known is None or name == need.name:
            return
        # At an address of somebody else's, Responses are not what LiteLLM would speak either.
        usual = (USUAL_DIALECT,) if need.base_url is None else (USUAL_DIALECT, "openai_responses")
        if known.dialect not in usual:
            provider.put("dialect", need.place, build_text(need.place, known.dialect))
        if need.base_url is None:
            provider.put("base_url", need.place, build_text(need.place, known.base_url))
        if need.api_key is None and known.key_variables and need.base_url is None:
            reference = build_mapping(need.place, env=build_text(need.place, known.key_variables[0]))
            provider.put("api_key", need.place, reference)

    def _place_on_network(self, url: Node, provider: Draft) -> None:
        """A private address is taken for a machine of the operator's own, and that is said aloud."""
        try:
            reach = read_base_url(str(to_plain(url))).reach
        except ForbiddenUrl:
            return  # What is wrong with it is said where providers are compiled.
        if reach == "private":
            provider.put("location", url.place, build_text(url.place, "local"))
            message = (
                f"{quote(str(to_plain(url)))} is a private address and taken for a machine of yours, where private"
                " requests may go; import this and write `location: cloud` if it is not"
            )
            self.adaptation.findings.add(url.place, "assumed_local", message, severity="warning")
            self.adaptation.note(url.place, message)
