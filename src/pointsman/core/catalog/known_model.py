"""What a list says of models: ids, prices by date, sizes, abilities; what it does not say is left open, never guessed.

Every number and text has a bound, because a list may come from outside.
"""

import re
from functools import lru_cache
from typing import Annotated

import msgspec

from pointsman.core.catalog.further_rates import FurtherRates, Price

Tokens = Annotated[int, msgspec.Meta(ge=1, le=10**9)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=256)]
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]

_QUANTIFIED_GROUP = re.compile(r"\)[*+{]")
_PIECE = re.compile(r"\(\?[=!]|\|")
_QUANTIFIER = re.compile(r"[*+]|\{[0-9]*,")
_MOST_QUANTIFIERS = 2


class ListedTier(msgspec.Struct, frozen=True, array_like=True):
    """What all tokens of a call cost once its prompt is long, in nano-dollars per million tokens.

    Attributes:
        above_input_tokens: the call's prompt has more tokens than this.
        input_nusd: prompt tokens that were not cached.
        cached_input_nusd: prompt tokens served from the provider's cache.
        output_nusd: generated tokens.
        cache_write_nusd: prompt tokens written into the provider's cache, or `None`: as any prompt tokens.
        further: prices of what few models have, those that do not depend on length included.
    """

    above_input_tokens: Annotated[int, msgspec.Meta(ge=0, le=10**9)]
    input_nusd: Price
    cached_input_nusd: Price
    output_nusd: Price
    cache_write_nusd: Price | None = None
    further: FurtherRates | None = None


class ListedPrice(msgspec.Struct, frozen=True, array_like=True):
    """What a model costs from a day on, in nano-dollars per million tokens.

    Attributes:
        valid_from: ISO date, or `None` for the first known price.
        input_nusd: prompt tokens that were not cached.
        cached_input_nusd: prompt tokens served from the provider's cache.
        output_nusd: generated tokens.
        cache_write_nusd: prompt tokens written into the provider's cache, or `None`: as any prompt tokens.
        tiers: for calls with long prompts, the shortest first.
        further: prices of what few models have, or `None`.
    """

    valid_from: Day | None
    input_nusd: Price
    cached_input_nusd: Price
    output_nusd: Price
    cache_write_nusd: Price | None = None
    tiers: Annotated[tuple[ListedTier, ...], msgspec.Meta(max_length=8)] = ()
    further: FurtherRates | None = None

    def __post_init__(self) -> None:
        starts = [tier.above_input_tokens for tier in self.tiers]
        if starts != sorted(set(starts)):
            raise ValueError("tiers come the shortest first, each with a limit of its own")


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
        capabilities: skills that it has; where any is listed, the list counts as complete.
        abilities: what requests may ask of it: `tools`, `vision`, `structured_output`, `reasoning`, `embeddings`; those
            that are not listed are unknown.
        lacks: of these, what its provider says that it cannot do.
        modalities: what a prompt may hold, such as `text`, `image`, `document`, `audio`; empty when unknown.
        deprecated: whether the provider has announced its end.
        retires_on: the ISO date from which the provider does not serve it any more, or `None`.
        stated_at: where that and its sizes and abilities are stated: an address, and when it was read.
    """

    id: Name
    prices: Annotated[tuple[ListedPrice, ...], msgspec.Meta(max_length=256)] = ()
    equals: Names = ()
    starts_with: Names = ()
    contains: Names = ()
    ends_with: Names = ()
    matches: Names = ()
    context_window: Tokens | None = None
    max_output_tokens: Tokens | None = None
    capabilities: Names = ()
    abilities: Names = ()
    lacks: Names = ()
    modalities: Names = ()
    deprecated: bool = False
    retires_on: Day | None = None
    stated_at: str = ""

    def __post_init__(self) -> None:
        days = [price.valid_from or "" for price in self.prices]
        if days != sorted(set(days)):
            raise ValueError("prices come the oldest first, each with a day of its own")

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

    def has_retired(self, day: str) -> bool:
        """Whether its provider does not serve it any more on an ISO date."""
        return self.retires_on is not None and self.retires_on <= day

    @property
    def is_ending(self) -> bool:
        """Whether its provider has announced its end, or ended it."""
        return self.deprecated or self.retires_on is not None

    @property
    def can(self) -> tuple[str, ...]:
        """Everything that it is said to be able to do."""
        return tuple(dict.fromkeys((*self.capabilities, *self.abilities)))


class ModelList(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file of models.

    Attributes:
        source: who says so, such as `genai-prices 0.2.3`.
        date: when it was written, an ISO date.
        providers: the models of each provider.
        served_too: whose models a provider serves as well, under the same ids and at the same prices.
    """

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    date: Day
    providers: Annotated[
        dict[Name, Annotated[tuple[KnownModel, ...], msgspec.Meta(max_length=10_000)]], msgspec.Meta(max_length=256)
    ]
    served_too: dict[Name, Name] = {}

    @property
    def name(self) -> str:
        """The list as a version and messages name it."""
        return f"{self.source} of {self.date}"


def check_patterns(models: ModelList) -> None:
    """Refuse regular expressions that could take long: Python's engine goes back over all that was repeated.

    Raises:
        ValueError: for one that is none, repeats a group, or repeats more than twice in a row.
    """
    for provider, listed in models.providers.items():
        for model in listed:
            for pattern in model.matches:
                fault = _find_fault(pattern)
                if fault:
                    raise ValueError(f"{provider}/{model.id} has the pattern {pattern!r}, which {fault}")


def _find_fault(pattern: str) -> str | None:
    if _QUANTIFIED_GROUP.search(pattern):
        return "repeats a group"
    if any(len(_QUANTIFIER.findall(piece)) > _MOST_QUANTIFIERS for piece in _PIECE.split(pattern)):
        return f"repeats more than {_MOST_QUANTIFIERS} things in a row"
    try:
        _compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return "is no regular expression"
    return None


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
