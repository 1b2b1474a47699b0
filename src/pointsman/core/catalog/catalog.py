"""What is known of providers and models without asking anyone: facts as data, looked up by name.

Patterns are compiled when a look-up first needs them, so that loading it all stays a matter of milliseconds.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import msgspec


class KnownProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider, as its file in `providers/` states it.

    Attributes:
        dialect: the wire format it speaks.
        base_url: without a trailing slash.
        default_model: what `init` writes for it, or `None` when that depends on what the user has installed.
        location: `local` when it runs on machines of the operator's own.
        key_variables: environment variables that may hold its key, the first set one wins; none when it needs no key.
        base_url_variables: environment variables that move its base URL, the first set one wins.
        data_policy: what it says it does with prompts, or `None` when it does not say or it depends on the plan.
    """

    dialect: str
    base_url: str
    default_model: str | None = None
    location: Literal["local", "cloud"] = "cloud"
    key_variables: tuple[str, ...] = ()
    base_url_variables: tuple[str, ...] = ()
    data_policy: Literal["zero_retention", "no_training", "may_train"] | None = None


class ListedPrice(msgspec.Struct, frozen=True, array_like=True):
    """What a model costs from a day on, in nano-dollars per million tokens.

    Attributes:
        valid_from: ISO date, or `None` for the first known price.
        input_nusd: prompt tokens that were not cached.
        cached_input_nusd: prompt tokens served from the provider's cache.
        output_nusd: generated tokens.
    """

    valid_from: str | None
    input_nusd: int
    cached_input_nusd: int
    output_nusd: int


class KnownModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model of a provider and the ids it goes by; all matching is in lower case.

    Attributes:
        id: its usual id.
        prices: the oldest first.
        equals: further ids.
        starts_with: what an id may begin with.
        contains: what an id may hold.
        ends_with: what an id may end with.
        matches: regular expressions that an id may match from its start.
        context_window: tokens of prompt and answer together, or `None` when unknown.
        max_output_tokens: the most tokens an answer may have, or `None` when unknown.
        capabilities: what it can do.
        deprecated: whether the provider has announced its end.
    """

    id: str
    prices: tuple[ListedPrice, ...] = ()
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[str, ...] = ()
    deprecated: bool = False

    def price_on(self, day: str) -> ListedPrice | None:
        """The price valid on an ISO date, or `None` when none is known."""
        valid = [price for price in self.prices if price.valid_from is None or price.valid_from <= day]
        return valid[-1] if valid else None

    def goes_by(self, model_id: str) -> bool:
        """Whether an id in lower case is one of this model's."""
        return (
            model_id.startswith(self.starts_with)
            or model_id.endswith(self.ends_with)
            or any(part in model_id for part in self.contains)
            or any(_compile(pattern).match(model_id) for pattern in self.matches)
        )


class ModelList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of models.

    Attributes:
        source: who says so, such as `genai-prices 0.2.3`.
        date: when it was written, an ISO date.
        providers: the models of each provider.
    """

    source: str
    date: str
    providers: dict[str, tuple[KnownModel, ...]]


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model of the catalogue and the list that knows it, such as `catalogue 2026-10-12`."""

    model: KnownModel
    source: str


_DATE_AT_END = re.compile(r"[-@](?:\d{8}|\d{4}-\d{2}-\d{2}|\d{3,4}|latest)\Z")


@dataclass(frozen=True, slots=True)
class Catalog:
    """Providers and models by name; of two lists that know a model, the earlier one counts.

    Attributes:
        providers: by name.
        lists: files of models, the most trusted first.
    """

    providers: Mapping[str, KnownProvider]
    lists: tuple[ModelList, ...]
    _indexes: dict[str, dict[str, FoundModel]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def version(self) -> str:
        """What the lists are and of when; it changes whenever a fact may have."""
        return ", ".join(f"{models.source} of {models.date}" for models in self.lists)

    def find_model(self, provider: str, model_id: str) -> FoundModel | None:
        """What is known of a provider's model by any id it may go by."""
        wanted = model_id.lower()
        exact = self._index(provider).get(wanted)
        if exact is not None:
            return exact
        for found in self._models_of(provider):
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
        return (found.model.id for found in self._models_of(provider))

    def key_variables(self) -> frozenset[str]:
        """Every environment variable that is known to hold some provider's key."""
        return frozenset(name for provider in self.providers.values() for name in provider.key_variables)

    def base_url_variables(self) -> frozenset[str]:
        """Every environment variable that moves some provider's base URL."""
        return frozenset(name for provider in self.providers.values() for name in provider.base_url_variables)

    def _models_of(self, provider: str) -> Iterable[FoundModel]:
        for models in self.lists:
            source = f"catalogue {models.date}"
            for model in models.providers.get(provider, ()):
                yield FoundModel(model, source)

    def _index(self, provider: str) -> dict[str, FoundModel]:
        index = self._indexes.get(provider)
        if index is None:
            index = {}
            for found in self._models_of(provider):
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


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
