"""Reads the lists of models that we write ourselves, in TOML with prices in dollars as on the provider's page."""

import msgspec

from pointsman.core.catalog.catalog import KnownModel, ListedPrice, ModelList
from pointsman.core.chat.money import parse_usd


class _WrittenPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    input: str
    output: str
    cached_input: str | None = None


class _WrittenModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    price_per_1m_tokens: _WrittenPrice
    context_window: int
    max_output_tokens: int | None = None
    capabilities: tuple[str, ...] = ()


class _WrittenList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    provider: str
    source: str
    date: str
    models: tuple[_WrittenModel, ...]


def parse_written_models(text: bytes) -> ModelList:
    """Read one TOML file of `models/`.

    Raises:
        msgspec.ValidationError: when a fact is missing, unknown or of the wrong type.
        InvalidMoney: when a price is not an amount in dollars.
    """
    written = msgspec.toml.decode(text, type=_WrittenList)
    models = tuple(_to_known(model) for model in written.models)
    return ModelList(written.source, written.date, {written.provider: models})


def _to_known(model: _WrittenModel) -> KnownModel:
    price = model.price_per_1m_tokens
    listed = ListedPrice(
        valid_from=None,
        input_nusd=parse_usd(price.input),
        cached_input_nusd=parse_usd(price.cached_input or price.input),
        output_nusd=parse_usd(price.output),
    )
    return KnownModel(
        id=model.id,
        prices=(listed,),
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
        capabilities=model.capabilities,
    )
