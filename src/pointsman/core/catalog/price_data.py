"""Reads genai-prices' data: prices of chat and embedding models at the standard tier, by date and by length of prompt.

Prices of batches, of other service tiers and of single hours of the day are left out; where a price depends on the
hour, the highest counts, so that no cost is understated.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Annotated

import msgspec
from msgspec.structs import replace

from pointsman.core.catalog.further_rates import MOST_NUSD, NOTHING_FURTHER, FurtherRates
from pointsman.core.catalog.known_model import KnownModel, ListedPrice, ListedTier, ModelList
from pointsman.core.catalog.match_clauses import Clause, read_clauses

PROVIDERS = {
    "anthropic": "anthropic",
    "aws": "bedrock",
    "azure": "azure-openai",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "google": "google",
    "groq": "groq",
    "mistral": "mistral",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "x-ai": "xai",
}
"""Their name of a provider to ours."""

SERVED_TOO = {"azure-openai": "openai", "vertex": "google"}
"""Whose models and prices of their list hold for another provider of ours as well."""

SERVED_ELSEWHERE = {"google": "claude"}
"""What their list of a provider holds and our endpoint of it does not serve: Claude is Vertex AI's alone."""

SOUND_AS_TEXT = ("google",)
"""Whose page of prices names one of its own for sound in a prompt only where it differs from that of text."""

_NUSD_PER_USD = 1_000_000_000

_FURTHER = {
    "output_reasoning_mtok": "reasoning_nusd",
    "cache_write_1h_mtok": "cache_write_1h_nusd",
    "input_audio_mtok": "audio_input_nusd",
    "output_audio_mtok": "audio_output_nusd",
    "input_image_mtok": "image_input_nusd",
    "output_image_mtok": "image_output_nusd",
}
_FURTHER_BY_THOUSAND = {"requests_kcount": "request_nusd", "web_searches_kcount": "search_nusd"}
"""Their name of a further price to ours; the latter are for a thousand of a thing, and ours for each."""


class _Tier(msgspec.Struct, frozen=True):
    start: Annotated[int, msgspec.Meta(ge=0, le=10**9)]
    price: Decimal


class _TieredPrice(msgspec.Struct, frozen=True):
    base: Decimal
    tiers: Annotated[tuple[_Tier, ...], msgspec.Meta(max_length=8)]


_Prices = dict[str, Decimal | _TieredPrice | None]


class _Constraint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    start_date: date | None = None
    start_time: str | None = None
    end_time: str | None = None
    type: str | None = None


class _ConditionalPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prices: _Prices
    constraint: _Constraint | None = None


class _Model(msgspec.Struct, frozen=True):
    id: str
    match: Clause
    prices: _Prices | tuple[_ConditionalPrice, ...] = ()
    context_window: int | None = None
    deprecated: bool | None = None


class _Provider(msgspec.Struct, frozen=True):
    id: str
    models: tuple[_Model, ...]


_decode = msgspec.json.Decoder(tuple[_Provider, ...]).decode


def read_price_data(text: bytes, source: str, day: str) -> ModelList:
    """Read their `data.json`; providers that we do not know are passed over, everything else has to be right.

    Args:
        text: the file.
        source: what the list is to be called.
        day: of when it is, an ISO date.

    Raises:
        msgspec.ValidationError: when it is not such a file.
        ValueError: when something in it is not understood; nothing of it is of use then.
    """
    providers = _decode(text)
    known = sorted((provider for provider in providers if provider.id in PROVIDERS), key=lambda each: each.id)
    if not known:
        raise ValueError("it holds no provider that is known here")
    listed = {PROVIDERS[provider.id]: tuple(_read_models(provider)) for provider in known}
    served_too = {name: other for name, other in SERVED_TOO.items() if other in listed}
    return ModelList(source, day, listed, served_too)


def _read_models(provider: _Provider) -> Iterator[KnownModel]:
    """The provider's models that have a price for prompts, and for answers unless they are embeddings."""
    elsewhere = SERVED_ELSEWHERE.get(provider.id)
    for model in sorted(provider.models, key=lambda model: model.id):
        try:
            prices = tuple(_read_prices(model))
            if provider.id in SOUND_AS_TEXT:
                prices = tuple(map(_price_sound, prices))
            if prices and not (elsewhere and model.id.startswith(elsewhere)):
                yield _build_model(model, prices)
        except (ValueError, InvalidOperation, RecursionError) as error:
            raise ValueError(f"{provider.id}/{model.id}: {error}") from None


def _price_sound(price: ListedPrice) -> ListedPrice:
    """With a price for prompts of sound, that of any prompt, unless one is stated; embeddings take none."""
    if not price.output_nusd or (price.further is not None and price.further.audio_input_nusd is not None):
        return price
    tiers = (replace(tier, further=_add_sound(tier.further, tier.input_nusd)) for tier in price.tiers)
    return replace(price, tiers=tuple(tiers), further=_add_sound(price.further, price.input_nusd))


def _add_sound(further: FurtherRates | None, input_nusd: int) -> FurtherRates:
    return replace(further or NOTHING_FURTHER, audio_input_nusd=input_nusd)


def _build_model(model: _Model, prices: tuple[ListedPrice, ...]) -> KnownModel:
    names = read_clauses(model.match)
    return KnownModel(
        id=model.id,
        prices=prices,
        equals=tuple(name for name in names["equals"] if name != model.id.lower()),
        starts_with=names["starts_with"],
        contains=names["contains"],
        ends_with=names["ends_with"],
        matches=names["matches"],
        context_window=model.context_window,
        deprecated=bool(model.deprecated),
    )


def _read_prices(model: _Model) -> Iterator[ListedPrice]:
    """The model's price from each day on which it changed; nothing when prompt or answer has no price."""
    embeds = "embed" in model.id.lower()
    if isinstance(model.prices, dict):
        yield from _list_price(None, [model.prices], embeds)
        return
    starts = {item.constraint.start_date for item in model.prices if item.constraint is not None}
    last: ListedPrice | None = None
    for day in [None, *sorted(start for start in starts if start is not None)]:
        for price in _list_price(day, _select_prices(day, model.prices), embeds):
            if last is None or replace(price, valid_from=last.valid_from) != last:
                yield price
            last = price


def _select_prices(day: date | None, prices: Sequence[_ConditionalPrice]) -> Iterator[_Prices]:
    """The prices that hold at some hour of the day: those bound to hours, and the last one that is not."""
    for item in reversed(prices):
        if item.constraint is None:
            yield item.prices
            return
        if item.constraint.start_date is None:
            yield item.prices
        elif day is not None and item.constraint.start_date <= day:
            yield item.prices
            return


def _list_price(day: date | None, prices: Iterable[_Prices], embeds: bool) -> Iterator[ListedPrice]:
    """The highest of the prices that are complete."""
    complete = [each for each in prices if _is_complete(each, embeds)]
    if not complete:
        return
    highest = max(complete, key=lambda each: _price_at(each, "input_mtok", 0) or 0)
    starts = sorted(
        {tier.start for amount in highest.values() if isinstance(amount, _TieredPrice) for tier in amount.tiers}
    )
    base = _read_rates(highest, 0)
    tiers = tuple(
        ListedTier(start, *_read_rates(highest, start + 1), further=_read_further(highest, start + 1))
        for start in starts
    )
    yield ListedPrice(day.isoformat() if day else None, *base, tiers=tiers, further=_read_further(highest, 0))


def _is_complete(prices: _Prices, embeds: bool) -> bool:
    """Whether prompt and answer have a price; embeddings have nothing but a price for the prompt."""
    stated = {name for name, amount in prices.items() if amount is not None}
    return {"input_mtok", "output_mtok"} <= stated or (embeds and stated == {"input_mtok"})


def _read_rates(prices: _Prices, tokens: int) -> tuple[int, int, int, int | None]:
    """Input, cached input, output and cache write for a prompt of so many tokens."""
    read = _price_at(prices, "cache_read_mtok", tokens)
    write = _price_at(prices, "cache_write_mtok", tokens)
    input = _price_at(prices, "input_mtok", tokens) or 0
    return input, input if read is None else read, _price_at(prices, "output_mtok", tokens) or 0, write


def _read_further(prices: _Prices, tokens: int) -> FurtherRates | None:
    """What few models have a price for, or `None` when this one has none of it."""
    found = {ours: _price_at(prices, theirs, tokens) for theirs, ours in _FURTHER.items()}
    for theirs, ours in _FURTHER_BY_THOUSAND.items():
        thousand_nusd = _price_at(prices, theirs, tokens)
        found[ours] = None if thousand_nusd is None else -(-thousand_nusd // 1_000)
    stated = {name: price for name, price in found.items() if price is not None}
    return FurtherRates(**stated) if stated else None


def _price_at(prices: _Prices, name: str, tokens: int) -> int | None:
    """Nano-dollars for a prompt of so many tokens, rounded up; `None` where no price is stated."""
    amount = prices.get(name)
    if isinstance(amount, _TieredPrice):
        above = [tier.price for tier in sorted(amount.tiers, key=lambda tier: tier.start) if tokens > tier.start]
        amount = above[-1] if above else amount.base
    if amount is None:
        return None
    if not (amount.is_finite() and 0 <= amount * _NUSD_PER_USD <= MOST_NUSD):
        raise ValueError(f"{name} cannot be {amount}")
    return int((amount * _NUSD_PER_USD).to_integral_value(ROUND_CEILING))
