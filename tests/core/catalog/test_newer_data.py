"""A list that an operator brings is taken whole or not at all, whatever its form and whoever wrote it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.catalog.known_model import KnownModel, ListedPrice, ModelList
from pointsman.core.catalog.newer_data import (
    MOST_TOML_BYTES,
    UnreadableList,
    count_models,
    name_list,
    read_newer_data,
    restore_list,
)

TODAY = "2026-11-21"
MODEL: dict[str, Any] = {"id": "m-1", "prices": [[None, 1, 1, 2]]}
OURS: dict[str, Any] = {"source": "house prices", "date": "2026-11-20", "providers": {"house": [MODEL]}}
TOML = """\
provider = "house"
source = "house prices"
date = "2026-11-20"
[[models]]
id = "m-1"
context_window = 1000
retires_on = "2027-01-01"
price_per_1m_tokens = [
    { input = "1", output = "2", cache_write = "1.25" },
    { valid_from = "2026-12-01", input = "0.50", output = "2", cached_input = "0.05" },
]
"""
PRICES = '[{"id":"openai","models":[{"id":"m-1","match":{"equals":"m-1"},"prices":{"input_mtok":1,"output_mtok":2}}]}]'


def read(written: object) -> ModelList:
    text = written if isinstance(written, str) else json.dumps(written)
    return read_newer_data(text.encode(), TODAY)


@pytest.mark.parametrize(
    ("written", "provider", "date", "name"),
    [
        (OURS, "house", "2026-11-20", "house-prices"),
        (TOML, "house", "2026-11-20", "house-prices"),
        (PRICES, "openai", TODAY, "genai-prices"),
        ("\ufeff" + PRICES, "openai", TODAY, "genai-prices"),
    ],
)
def test_three_forms_are_read(written: object, provider: str, date: str, name: str) -> None:
    models = read(written)
    assert (list(models.providers), models.date, name_list(models)) == ([provider], date, name)
    assert count_models(models) == 1
    assert restore_list(msgspec.json.encode(models)) == models


def test_what_people_write_is_read_with_its_dates() -> None:
    (model,) = read(TOML).providers["house"]
    assert model == KnownModel(
        "m-1",
        prices=(
            ListedPrice(None, 10**9, 10**9, 2 * 10**9, 1_250_000_000),
            ListedPrice("2026-12-01", 500_000_000, 50_000_000, 2 * 10**9),
        ),
        context_window=1_000,
        retires_on="2027-01-01",
    )


def test_two_lists_of_one_day_have_two_versions() -> None:
    other = OURS | {"providers": {"house": [MODEL | {"context_window": 5}]}}
    assert read(OURS).name != read(other).name
    assert name_list(read(OURS)) == name_list(read(other))


def with_model(**fields: object) -> object:
    return OURS | {"providers": {"house": [MODEL | fields]}}


@pytest.mark.parametrize(
    ("written", "about"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("<html>", ""),
        ("{", ""),
        ("[" * 100_000, ""),
        ('{"a":' * 100_000, ""),
        ("[]", "no provider"),
        (OURS | {"providers": {}}, "no models"),
        (OURS | {"providers": {"house": []}}, "no models"),
        (OURS | {"surprise": 1}, "surprise"),
        (OURS | {"date": "yesterday"}, "date"),
        (OURS | {"date": "2026-02-30"}, "day is out of range"),
        (OURS | {"date": "2026-11-22"}, "today is 2026-11-21"),
        (OURS | {"source": ""}, "source"),
        (with_model(id=""), "id"),
        (with_model(prices=[[None, -1, 1, 1]]), "prices"),
        (with_model(prices=[[None, 1.5, 1, 1]]), "prices"),
        (with_model(prices=[[None, 1, 1, 10**16]]), "prices"),
        (with_model(prices=[["2026-02-31", 1, 1, 1]]), "house/m-1"),
        (with_model(prices=[["2026-02-01", 1, 1, 1], [None, 1, 1, 1]]), "oldest first"),
        (with_model(prices=[[None, 1, 1, 1, None, [[5, 1, 1, 1], [5, 2, 2, 2]]]]), "shortest first"),
        (with_model(context_window=0), "context_window"),
        (with_model(context_window=True), "context_window"),
        (with_model(equals=["M-2"]), "small letters"),
        (with_model(id="m\u202e1"), "printed"),
        (with_model(matches=["(a+)+$"]), "repeats a group"),
        (with_model(matches=["a*b*c*d*"]), "repeats more"),
        (with_model(matches=["(a"]), "no regular expression"),
        (TOML.replace('"1"', '"1e3"'), "amount in dollars"),
        (TOML.replace("retires_on", "retires"), "retires"),
        ("x = 1\n" * (MOST_TOML_BYTES // 6 + 1), "write it as JSON"),
        (PRICES.replace("equals", "rhymes_with"), "openai/m-1"),
    ],
)
def test_a_mistake_anywhere_refuses_all_of_it(written: object, about: str) -> None:
    with pytest.raises(UnreadableList) as refused:
        read(written)
    assert about in str(refused.value) and len(str(refused.value)) <= 300


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_nothing_but_a_refusal_comes_of_nonsense(text: bytes) -> None:
    for junk in (text, b"{" + text, b"[{" + text):
        with pytest.raises(UnreadableList):
            read_newer_data(junk, TODAY)
    with pytest.raises(UnreadableList):
        restore_list(text)
