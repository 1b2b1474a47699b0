"""Writes core/catalog/models/genai-prices.json from the dev dependency genai-prices; run it after an upgrade.

What is kept of its data is said in core/catalog/price_data.py, which also reads newer data for `models refresh`.
"""

import sys
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from pathlib import Path

import msgspec
from genai_prices import types as genai
from genai_prices.data import providers

from pointsman.core.catalog.known_model import KnownModel, ListedPrice, ListedTier, ModelList
from pointsman.core.catalog.price_data import read_price_data

TARGET = Path(__file__).parents[1] / "src/pointsman/core/catalog/models/genai-prices.json"


def main() -> None:
    models = list_models(datetime.now(UTC).date())
    TARGET.write_text(write_lines(models), encoding="utf-8")
    total = sum(map(len, models.providers.values()))
    print(f"{TARGET.name}: {total} models of {len(models.providers)} providers", file=sys.stderr)  # noqa: T201


def list_models(today: date) -> ModelList:
    """Everything that is kept, by our names."""
    return read_price_data(write_data(), f"genai-prices {version('genai-prices')}", today.isoformat())


def write_data() -> bytes:
    """The package's data in the form in which it is published, as far as it is read."""
    kept = ("id", "models")
    listed = [{name: to_plain(getattr(provider, name)) for name in kept} for provider in providers]
    return msgspec.json.Encoder(decimal_format="number").encode(listed)


def to_plain(value: object) -> object:
    """One of the package's objects as JSON has it."""
    if isinstance(value, genai.ModelPrice):
        return {name: to_plain(amount) for name, amount in vars(value).items() if not name.startswith("_")}
    if is_dataclass(value):
        members = {each.name.rstrip("_"): to_plain(getattr(value, each.name)) for each in fields(value)}
        return {name: member for name, member in members.items() if member is not None}
    if isinstance(value, list):
        return [to_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: to_plain(each) for name, each in value.items()}
    return value.isoformat() if isinstance(value, date | time) else value


def write_lines(models: ModelList) -> str:
    """One model per line, so that a refresh can be reviewed as a diff; a price ends where nothing more is said."""
    head = f'{{"source":"{models.source}","date":"{models.date}","providers":{{\n'
    blocks = (
        f'"{name}":[\n' + ",\n".join(map(write_model, listed)) + "\n]" for name, listed in models.providers.items()
    )
    served_too = msgspec.json.encode(models.served_too).decode()
    return head + ",\n".join(blocks) + f'\n}},\n"served_too":{served_too}}}\n'


def write_model(model: KnownModel) -> str:
    return msgspec.json.encode(msgspec.to_builtins(model) | {"prices": trim(model.prices)}).decode()


def trim(rows: object) -> object:
    """Rows of figures without what is unknown at their ends; what few have is a mapping and has no such end."""
    if not isinstance(rows, tuple | ListedPrice | ListedTier):
        return rows
    parts = list(rows) if isinstance(rows, tuple) else [getattr(rows, name) for name in rows.__struct_fields__]
    while parts and parts[-1] in (None, ()):
        parts.pop()
    return [trim(part) for part in parts]


if __name__ == "__main__":
    main()
