"""Reads lists of models that people write, in TOML with prices in dollars as on the provider's page."""

import msgspec

from pointsman.core.catalog.further_rates import FurtherRates
from pointsman.core.catalog.known_model import KnownModel, ListedPrice, ModelList
from pointsman.core.chat.money import parse_usd


class _WrittenPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    input: str
    output: str
    cached_input: str | None = None
    cache_write: str | None = None
    valid_from: str | None = None
    cache_write_1h: str | None = None
    reasoning: str | None = None
    audio_input: str | None = None
    audio_output: str | None = None
    image_input: str | None = None
    image_output: str | None = None
    per_request: str | None = None
    per_search: str | None = None
    per_image: str | None = None


_FURTHER = {
    "cache_write_1h": "cache_write_1h_nusd",
    "reasoning": "reasoning_nusd",
    "audio_input": "audio_input_nusd",
    "audio_output": "audio_output_nusd",
    "image_input": "image_input_nusd",
    "image_output": "image_output_nusd",
    "per_request": "request_nusd",
    "per_search": "search_nusd",
    "per_image": "image_nusd",
}


class _WrittenModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    price_per_1m_tokens: _WrittenPrice | tuple[_WrittenPrice, ...] = ()
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[str, ...] = ()
    abilities: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    deprecated: bool = False
    retires_on: str | None = None
    stated_at: str | None = None


class _WrittenList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    provider: str
    source: str
    date: str
    models: tuple[_WrittenModel, ...]
    stated_at: str = ""


def parse_written_models(text: bytes) -> ModelList:
    """Read one TOML file of models; `stated_at` of the file holds for every model that has none of its own.

    Raises:
        msgspec.ValidationError: when a fact is missing, unknown, of the wrong type or beyond its bounds.
        InvalidMoney: when a price is not an amount in dollars.
    """
    written = msgspec.toml.decode(text, type=_WrittenList)
    models = tuple(_to_known(model, written.stated_at) for model in written.models)
    listed = ModelList(written.source, written.date, {written.provider: models})
    # What is built is not checked; what is read is.
    return msgspec.convert(msgspec.to_builtins(listed), ModelList)


def _to_known(model: _WrittenModel, stated_at: str) -> KnownModel:
    written = model.price_per_1m_tokens
    prices = (written,) if isinstance(written, _WrittenPrice) else written
    return KnownModel(
        id=model.id,
        prices=tuple(map(_to_listed, prices)),
        equals=tuple(name.lower() for name in model.equals),
        starts_with=tuple(name.lower() for name in model.starts_with),
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
        capabilities=model.capabilities,
        abilities=model.abilities,
        lacks=model.lacks,
        modalities=model.modalities,
        deprecated=model.deprecated,
        retires_on=model.retires_on,
        stated_at=stated_at if model.stated_at is None else model.stated_at,
    )


def _to_listed(price: _WrittenPrice) -> ListedPrice:
    further = {ours: parse_usd(text) for name, ours in _FURTHER.items() if (text := getattr(price, name)) is not None}
    return ListedPrice(
        valid_from=price.valid_from,
        input_nusd=parse_usd(price.input),
        cached_input_nusd=parse_usd(price.cached_input or price.input),
        output_nusd=parse_usd(price.output),
        cache_write_nusd=None if price.cache_write is None else parse_usd(price.cache_write),
        further=FurtherRates(**further) if further else None,
    )
