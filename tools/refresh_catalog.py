"""Writes core/catalog/models/genai-prices.json from the dev dependency genai-prices; run it after an upgrade.

Only chat models of the providers in `PROVIDERS` are kept, at standard-tier prices in integer nano-dollars.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import version
from pathlib import Path

import msgspec
from genai_prices import types as genai
from genai_prices.data import providers

from pointsman.core.catalog.catalog import KnownModel, ListedPrice, ModelList

PROVIDERS = {
    "anthropic": "anthropic",
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

SERVED_ELSEWHERE = {"google": "claude"}
"""What their list of a provider holds and our endpoint of it does not serve: Claude is Vertex AI's alone."""

TARGET = Path(__file__).parents[1] / "src/pointsman/core/catalog/models/genai-prices.json"
NUSD_PER_USD = 1_000_000_000


def main() -> None:
    models = list_models(datetime.now(UTC).date())
    TARGET.write_text(write_lines(models), encoding="utf-8")
    total = sum(map(len, models.providers.values()))
    print(f"{TARGET.name}: {total} models of {len(models.providers)} providers", file=sys.stderr)  # noqa: T201


def list_models(today: date) -> ModelList:
    """Everything that is kept, by our names."""
    return ModelList(
        source=f"genai-prices {version('genai-prices')}",
        date=today.isoformat(),
        providers={
            PROVIDERS[provider.id]: tuple(read_models(provider))
            for provider in sorted(providers, key=lambda provider: provider.id)
            if provider.id in PROVIDERS
        },
    )


def write_lines(models: ModelList) -> str:
    """One model per line, so that a refresh can be reviewed as a diff."""
    head = f'{{"source":"{models.source}","date":"{models.date}","providers":{{\n'
    blocks = (
        f'"{name}":[\n' + ",\n".join(msgspec.json.encode(model).decode() for model in listed) + "\n]"
        for name, listed in models.providers.items()
    )
    return head + ",\n".join(blocks) + "\n}}\n"


def read_models(provider: genai.Provider) -> Iterator[KnownModel]:
    """The provider's chat models: those that have a price for prompt and answer."""
    elsewhere = SERVED_ELSEWHERE.get(provider.id)
    for model in sorted(provider.models, key=lambda model: model.id):
        prices = tuple(read_prices(model))
        if prices and not (elsewhere and model.id.startswith(elsewhere)):
            names = read_clauses(model)
            yield KnownModel(
                id=model.id,
                prices=prices,
                equals=names["equals"],
                starts_with=names["starts_with"],
                contains=names["contains"],
                ends_with=names["ends_with"],
                matches=names["matches"],
                context_window=model.context_window,
                deprecated=bool(model.deprecated),
            )


def read_clauses(model: genai.ModelInfo) -> dict[str, tuple[str, ...]]:
    """The ways to name a model, by kind; a clause that joins others by `and` becomes one regular expression."""
    found: dict[str, list[str]] = {"equals": [], "starts_with": [], "contains": [], "ends_with": [], "matches": []}
    clauses = model.match.or_ if isinstance(model.match, genai.ClauseOr) else [model.match]
    for clause in clauses:
        match clause:
            case genai.ClauseEquals(equals=text):
                found["equals"].append(text.lower())
            case genai.ClauseStartsWith(starts_with=text):
                found["starts_with"].append(text.lower())
            case genai.ClauseContains(contains=text):
                found["contains"].append(text.lower())
            case genai.ClauseEndsWith(ends_with=text):
                found["ends_with"].append(text.lower())
            case _:
                found["matches"].append(write_pattern(clause))
    found["equals"] = [name for name in found["equals"] if name != model.id.lower()]
    return {kind: tuple(sorted(names)) for kind, names in found.items()}


def write_pattern(clause: object) -> str:
    """A regular expression for `re.match` that accepts what the clause accepts."""
    match clause:
        case genai.ClauseAnd(and_=parts):
            return "".join(f"(?={write_pattern(part)})" for part in parts)
        case genai.ClauseOr(or_=parts):
            return "|".join(f"(?:{write_pattern(part)})" for part in parts)
        case genai.ClauseRegex(regex=text):
            return text if text.startswith("^") else f".*?(?:{text})"
        case genai.ClauseEquals(equals=text):
            return re.escape(text.lower()) + "$"
        case genai.ClauseStartsWith(starts_with=text):
            return re.escape(text.lower())
        case genai.ClauseContains(contains=text):
            return ".*?" + re.escape(text.lower())
        case genai.ClauseEndsWith(ends_with=text):
            return ".*" + re.escape(text.lower()) + "$"
    raise TypeError(f"genai-prices has a new kind of clause: {clause!r}")


def read_prices(model: genai.ModelInfo) -> Iterator[ListedPrice]:
    """The model's price from each day on which it changed; nothing when prompt or answer has no price."""
    if isinstance(model.prices, genai.ModelPrice):
        yield from list_price(None, [model.prices])
        return
    days = {
        item.constraint.start_date for item in model.prices if isinstance(item.constraint, genai.StartDateConstraint)
    }
    last: ListedPrice | None = None
    for day in [None, *sorted(days)]:
        for price in list_price(day, list(prices_active_on(day, model.prices))):
            if differs(price, last):
                yield price
            last = price


def differs(price: ListedPrice, last: ListedPrice | None) -> bool:
    return last is None or msgspec.structs.replace(price, valid_from=last.valid_from) != last


def prices_active_on(day: date | None, prices: list[genai.ConditionalPrice]) -> Iterator[genai.ModelPrice]:
    """The prices that hold at some hour of the day: those bound to hours, and the last one that is not."""
    for item in reversed(prices):
        match item.constraint:
            case genai.TimeOfDateConstraint():
                yield item.prices
            case genai.StartDateConstraint(start_date=start):
                if day is not None and start <= day:
                    yield item.prices
                    return
            case None:
                yield item.prices
                return


def list_price(day: date | None, prices: Iterable[genai.ModelPrice]) -> Iterator[ListedPrice]:
    """The highest of the prices, so that one that depends on the hour is never understated."""
    complete = [price for price in prices if price.input_mtok is not None and price.output_mtok is not None]
    if complete:
        highest = max(complete, key=lambda price: to_nusd(price.input_mtok))
        cached = highest.input_mtok if highest.cache_read_mtok is None else highest.cache_read_mtok
        yield ListedPrice(
            valid_from=day.isoformat() if day else None,
            input_nusd=to_nusd(highest.input_mtok),
            cached_input_nusd=to_nusd(cached),
            output_nusd=to_nusd(highest.output_mtok),
        )


def to_nusd(price: Decimal | genai.TieredPrices | None) -> int:
    """Dollars to nano-dollars, rounded up; of tiers, the standard one."""
    amount = price.base if isinstance(price, genai.TieredPrices) else price
    assert amount is not None
    return int((amount * NUSD_PER_USD).to_integral_value(ROUND_CEILING))


if __name__ == "__main__":
    main()
