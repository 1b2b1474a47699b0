"""The models of seed 001's registry, and a provider for each place where one of them is served."""

import re
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from pointsman.core.config.base_url import ForbiddenUrl, read_base_url
from pointsman.core.config.forms.adaptation import Adaptation, Carry, carry_keys
from pointsman.core.config.forms.amounts import scale_price
from pointsman.core.config.forms.draft import Draft, put_entry
from pointsman.core.config.forms.providers import rename_provider
from pointsman.core.config.nodes import Entry, ScalarNode
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.sections.providers import Model

PER_THOUSAND = 1_000
"""How often a thousand tokens go into a million."""

LOCAL = "local"
PATH = "/v1"
"""Where a server that speaks OpenAI's API has it, when the endpoint does not say."""

TYPES = {"local": "local", "cloud": "cloud"}
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass(slots=True)
class RegistryModels:
    """Collects models and, as they are read, the providers that they need."""

    draft: Draft
    adaptation: Adaptation
    endpoints: dict[str, ScalarNode] = field(default_factory=dict)
    """The endpoint of each provider that has one, by the provider's name."""

    def carry_model(self, name: str, entry: Entry, model: Draft, is_overlay: bool) -> None:
        """Take over one model.

        Args:
            name: of the model.
            entry: what is written of it.
            model: what it becomes.
            is_overlay: whether an environment changes it, so that most of it stands elsewhere.
        """
        written = self.adaptation.read_mapping(entry.value)
        provider = self._find_provider(name, entry.key, written, is_overlay)
        if provider is not None:
            key = written["provider"].key if "provider" in written else entry.key
            model.put("provider", key, provider)
        keys: dict[str, Carry] = {
            "provider": _read_together,
            "type": _read_together,
            "endpoint": _read_together,
            "model_id": partial(put_entry, model, "model_id"),
            "model_path": partial(_put_path, model, "model_id" in written),
            "capabilities": partial(put_entry, model, "capabilities"),
            "cost_per_1k_tokens": partial(self._carry_price, model),
            "rate_limits": partial(put_entry, model, "rate_limits"),
            "resource_requirements": partial(put_entry, model, "resources"),
            "performance": partial(put_entry, model, "speed"),
        }
        carry_keys(written, keys, self.adaptation, Model.model_fields)

    def _find_provider(self, name: str, key: Place, written: dict[str, Entry], is_overlay: bool) -> ScalarNode | None:
        """Who serves a model: the provider it names, or the server at its endpoint."""
        kind = self._read_type(written)
        named = self._read_name(written)
        if "endpoint" in written:
            return self._take_endpoint(written["endpoint"], named, kind)
        if is_overlay and named is None:
            return None
        if named is None or named.value == LOCAL:
            place = key.renamed(f"{key.path}.endpoint")
            message = f"{quote(name)} has no endpoint; write where its server is, such as http://localhost:8080"
            self.adaptation.findings.add(place, "missing_key", message)
            return None
        known = self.adaptation.catalog.providers.get(str(named.value))
        if kind is not None and known is not None and known.location != kind.value:
            message = f"{quote(str(named.value))} is a {known.location} provider; correct the type or the provider"
            self.adaptation.findings.add(kind.place, "conflict", message)
        return named

    def _take_endpoint(self, endpoint: Entry, named: ScalarNode | None, kind: ScalarNode | None) -> ScalarNode | None:
        text = self.adaptation.read_text(endpoint.value)
        if text is None or not isinstance(endpoint.value, ScalarNode):
            return None
        own = named is None or named.value == LOCAL
        name = _name_endpoint(text) if named is None or own else str(named.value)
        if name in self.endpoints:
            if self.endpoints[name].value != text:
                first = self.endpoints[name].place
                message = (
                    f"{quote(name)} has another endpoint on line {first.line}; give this provider a name of its own"
                )
                self.adaptation.findings.add(endpoint.value.place, "conflict", message)
        else:
            self.endpoints[name] = endpoint.value
            self._write_provider(name, text, endpoint.value, kind)
        return ScalarNode(named.place if named else endpoint.value.place, named.text if named else text, name)

    def _write_provider(self, name: str, text: str, endpoint: ScalarNode, kind: ScalarNode | None) -> None:
        provider = self.draft.at("providers", endpoint.place).at(name, endpoint.place)
        url = complete_endpoint(text)
        provider.put("base_url", endpoint.place, ScalarNode(endpoint.place, text, url))
        if kind is not None and not _is_loopback_and_local(url, kind):
            provider.put("location", kind.place, kind)

    def _read_type(self, written: dict[str, Entry]) -> ScalarNode | None:
        return self.adaptation.read_choice(written["type"].value, TYPES) if "type" in written else None

    def _read_name(self, written: dict[str, Entry]) -> ScalarNode | None:
        entry = written.get("provider")
        if entry is None or self.adaptation.read_text(entry.value) is None:
            return None
        return rename_provider(entry.value) if isinstance(entry.value, ScalarNode) else None

    def _carry_price(self, model: Draft, entry: Entry) -> None:
        """`{input, output}`, or one price for both."""
        price = model.at("price_per_1m_tokens", entry.key)
        if isinstance(entry.value, ScalarNode):
            both = scale_price(entry.value, PER_THOUSAND)
            price.put("input", entry.key, both)
            price.put("output", entry.key, both)
            return
        keys: dict[str, Carry] = {
            name: partial(_put_price, price, name) for name in ("input", "output", "cached_input")
        }
        carry_keys(self.adaptation.read_mapping(entry.value), keys, self.adaptation)


def complete_endpoint(text: str) -> str:
    """An endpoint as a base URL: with the usual path where none is written."""
    try:
        path = urlsplit(text).path
    except ValueError:
        return text
    return text.rstrip("/") + PATH if path in ("", "/") and "://" in text else text


def name_host(text: str) -> str:
    """A provider's name for the server at a URL, such as `localhost-8080`."""
    try:
        host = urlsplit(text).netloc.rpartition("@")[2]
    except ValueError:
        host = text
    return _NOT_IN_NAMES.sub("-", host.lower()).strip("-")[:48]


def _name_endpoint(text: str) -> str:
    return name_host(text) or LOCAL


def _is_loopback_and_local(url: str, kind: ScalarNode) -> bool:
    """Whether the address says already what the type does."""
    try:
        return kind.value == LOCAL and read_base_url(url).reach == "loopback"
    except ForbiddenUrl:
        return False


def _put_path(model: Draft, has_id: bool, entry: Entry) -> None:
    """The path is what a local server calls its model, unless an id is written."""
    if not has_id:
        model.put("model_id", entry.key, entry.value)


def _put_price(price: Draft, name: str, entry: Entry) -> None:
    price.put(name, entry.key, scale_price(entry.value, PER_THOUSAND))


def _read_together(entry: Entry) -> None:
    """Provider, type and endpoint say one thing between them; `carry_model` reads it."""
