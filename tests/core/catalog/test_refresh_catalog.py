"""The committed list of models is what tools/refresh_catalog.py writes, and it agrees with its source on prices."""

import runpy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from genai_prices.data import providers

from pointsman.control.configuration import load_catalog
from pointsman.core.catalog.catalog import parse_model_list
from pointsman.core.catalog.price_data import PROVIDERS

TOOL = runpy.run_path(str(Path(__file__).parents[3] / "tools/refresh_catalog.py"))


def test_the_committed_list_is_fresh() -> None:
    committed = TOOL["TARGET"].read_text(encoding="utf-8")
    written_on = date.fromisoformat(parse_model_list(committed.encode()).date)
    assert TOOL["write_lines"](TOOL["list_models"](written_on)) == committed


@pytest.mark.parametrize("day", ["2025-01-01", "2026-11-21"])
def test_prices_agree_with_the_source_or_are_higher(day: str) -> None:
    """Higher only where the source's price depends on the hour."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    compared = 0
    for provider in providers:
        name = PROVIDERS.get(provider.id)
        for model in provider.models if name else ():
            found = load_catalog().find_model(name, model.id)
            theirs = model.get_prices(midnight)
            if found is None or found.model.id != model.id or theirs.input_mtok is None or theirs.output_mtok is None:
                continue
            ours = found.model.price_on(day)
            assert ours is not None
            expected = getattr(theirs.input_mtok, "base", theirs.input_mtok)
            assert ours.input_nusd >= Decimal(expected) * 10**9 - 1
            assert ours.input_nusd <= Decimal(expected) * 10**9 * 5
            compared += 1
    assert compared > 1_000
