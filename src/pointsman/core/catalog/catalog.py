"""What is known of providers and models without asking anyone: facts as data, looked up by name.

Patterns are compiled when a look-up first needs them, so that loading it all stays a matter of milliseconds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from pointsman.core.catalog.join_models import FoundModel, join_models
from pointsman.core.catalog.known_model import ModelList
from pointsman.core.catalog.quirk import Quirk
from pointsman.core.chat.request import Operation

Auth = Literal["bearer", "x-api-key", "x-goog-api-key", "api-key", "aws_sigv4", "google_oauth", "none"]
"""How a provider's key travels: in a header of its own, as a signature over the request, or traded for a token."""


_PLACE = re.compile(r"[A-Z]{3,}")
_NAME = r"[A-Za-z0-9-]+"


class KnownProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider, as its file in `providers/` states it.

    Attributes:
        dialect: the wire format it speaks by default.
        base_url: without a trailing slash; `""` where each of its customers has one of their own.
        default_model: what `init` writes for it, or `None` when that depends on what the user has installed.
        location: `local` when it runs on machines of the operator's own.
        key_variables: environment variables that may hold its key, the first set one wins; none when it needs no key.
        base_url_variables: environment variables that move its base URL, the first set one wins.
        data_policy: what it says it does with prompts, or `None` when it does not say or it depends on the plan.
        base_url_form: what a customer's base URL looks like, with CAPITALS for what differs; `""` where there is one
            for all.
        also_speaks: further wire formats that it speaks at the same base URL, with the same key in the same place.
        auth: how the key travels.
        headers: what every call states beside it.
        key_readings: how the variables are read that are not a key by themselves, in the terms of a secret reference:
            `@NAME` is the path of a file, `NAME+OTHER+THIRD?` are joined by colons, the last one if it is set.
        quirks: what it, or a model of it, wants said otherwise.
        operations: what it can be asked for, as far as its wire format can say that.
        batch_millionths: what a call in a batch costs, as a part of the usual price, or `None` when it does not say.
        note: for people who set it up.
    """

    dialect: str
    base_url: str = ""
    default_model: str | None = None
    location: Literal["local", "cloud"] = "cloud"
    key_variables: tuple[str, ...] = ()
    base_url_variables: tuple[str, ...] = ()
    data_policy: Literal["zero_retention", "no_training", "may_train"] | None = None
    base_url_form: str = ""
    also_speaks: tuple[str, ...] = ()
    auth: Auth = "bearer"
    headers: dict[str, str] = {}
    key_readings: dict[str, str] = {}
    quirks: tuple[Quirk, ...] = ()
    operations: tuple[Operation, ...] = ("chat", "embeddings")
    note: str = ""
    batch_millionths: int | None = None

    def __post_init__(self) -> None:
        if not self.usual_base_url:
            raise ValueError("a provider has a base_url, or a base_url_form")

    @property
    def usual_base_url(self) -> str:
        """Its base URL, or what one of its customers' looks like."""
        return self.base_url or self.base_url_form

    def is_own_address(self, url: str) -> bool:
        """Whether a base URL is one that the provider gives its customers."""
        if url == self.base_url:
            return True
        parts = [re.escape(part) for part in _PLACE.split(self.base_url_form)]
        return bool(self.base_url_form) and re.fullmatch(_NAME.join(parts), url) is not None

    def speaks(self, dialect: str) -> bool:
        """Whether its key travels in the same way, and its headers are the same, in a wire format."""
        return dialect == self.dialect or dialect in self.also_speaks


_DATE_AT_END = re.compile(r"[-@](?:\d{8}|\d{4}-\d{2}-\d{2}|\d{3,4}|latest)\Z")
_LONGEST_ID = 256


@dataclass(frozen=True, slots=True)
class Catalog:
    """Providers and models by name; of two lists that know a model, the earlier one counts for all that it says.

    Attributes:
        providers: by name.
        lists: files of models, the most trusted first.
    """

    providers: Mapping[str, KnownProvider]
    lists: tuple[ModelList, ...]
    _indexes: dict[str, dict[str, FoundModel]] = field(default_factory=dict, repr=False, compare=False)
    _joined: dict[str, tuple[FoundModel, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def version(self) -> str:
        """What the lists are and of when; it changes whenever a fact may have."""
        return ", ".join(models.name for models in self.lists)

    def with_lists(self, more: Sequence[ModelList]) -> "Catalog":
        """The same with further lists: the newest of all comes first, and of the same day the further ones."""
        joined = sorted((*more, *self.lists), key=lambda models: models.date, reverse=True)
        return Catalog(self.providers, tuple(joined))

    def find_model(self, provider: str, model_id: str) -> FoundModel | None:
        """What is known of a provider's model by any id it may go by."""
        wanted = model_id[:_LONGEST_ID].lower()
        exact = self._index(provider).get(wanted)
        if exact is not None:
            return exact
        for found in self.models_of(provider):
            if found.model.goes_by(wanted):
                return found
        return None

    def serves(self, provider: str, name: str) -> bool:
        """Whether the provider is known to serve a model by exactly this name, or this name with a date behind it.

        Stricter than `find_model`: a misspelt name that merely begins like a model's is not one.
        """
        wanted = name.lower()
        index = self._index(provider)
        return wanted in index or _DATE_AT_END.sub("", wanted) in index

    def names_of(self, provider: str) -> Iterable[str]:
        """The usual ids of a provider's models."""
        return (found.model.id for found in self.models_of(provider))

    def find_at(self, base_url: str) -> KnownProvider | None:
        """The cloud provider that gives its customers this base URL, or `None`."""
        clouds = (provider for provider in self.providers.values() if provider.location == "cloud")
        return next((provider for provider in clouds if provider.is_own_address(base_url.rstrip("/"))), None)

    def key_variables(self) -> frozenset[str]:
        """Every environment variable that is known to hold some provider's key."""
        return frozenset(name for provider in self.providers.values() for name in provider.key_variables)

    def read_variable(self, name: str) -> str:
        """An environment variable in the terms of a secret reference, with those that belong to it."""
        for provider in self.providers.values():
            if name in provider.key_readings:
                return provider.key_readings[name]
        return name

    def base_url_variables(self) -> frozenset[str]:
        """Every environment variable that moves some provider's base URL."""
        return frozenset(name for provider in self.providers.values() for name in provider.base_url_variables)

    def models_of(self, provider: str) -> tuple[FoundModel, ...]:
        """Every model of a provider, with what all lists together say of it."""
        joined = self._joined.get(provider)
        if joined is None:
            self._joined[provider] = joined = join_models(self.lists, provider)
        return joined

    def _index(self, provider: str) -> dict[str, FoundModel]:
        index = self._indexes.get(provider)
        if index is None:
            index = {}
            for found in self.models_of(provider):
                model = found.model
                for name in (model.id.lower(), *model.equals, *model.starts_with):
                    index.setdefault(name, found)
            self._indexes[provider] = index
        return index


def parse_provider(text: bytes) -> KnownProvider:
    """Read one file of `providers/`.

    Raises:
        msgspec.ValidationError: when a fact is missing, unknown or of the wrong type.
    """
    return msgspec.toml.decode(text, type=KnownProvider)


def parse_model_list(text: bytes) -> ModelList:
    """Read a generated list of `models/`, in JSON.

    Raises:
        msgspec.ValidationError: when a fact is missing, unknown or of the wrong type.
    """
    return msgspec.json.decode(text, type=ModelList)
