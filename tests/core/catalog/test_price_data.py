"""genai-prices' data is read as it is published: what is understood exactly, and nothing of it when a part is not."""

import json
from typing import Any

import msgspec
import pytest

from pointsman.core.catalog.known_model import KnownModel, ListedPrice, ListedTier, ModelList
from pointsman.core.catalog.price_data import read_price_data

DOLLAR = 10**9


def read(*models: Any, provider: str = "openai") -> ModelList:
    return read_price_data(json.dumps([{"id": provider, "models": models}]).encode(), "test", "2026-11-21")


def read_one(prices: Any, **more: Any) -> KnownModel:
    (model,) = read({"id": "m-1", "match": {"equals": "m-1"}, "prices": prices} | more).providers["openai"]
    return model


def test_each_component_has_its_price() -> None:
    written = '{"input_mtok": 3, "output_mtok": 15.5, "cache_read_mtok": 0.3, "cache_write_mtok": 3.75, "x_mtok": 9}'
    model = read_one(json.loads(written), context_window=200_000, deprecated=True)
    assert model.prices == (ListedPrice(None, 3 * DOLLAR, 300_000_000, 15_500_000_000, 3_750_000_000),)
    assert (model.context_window, model.deprecated) == (200_000, True)


def test_a_price_is_read_from_its_text_and_rounded_up() -> None:
    text = b'[{"id":"openai","models":[{"id":"m","match":{"equals":"m"},"prices":{"input_mtok":0.1,"output_mtok":'
    (model,) = read_price_data(text + b"1e-10}}]}]", "test", "2026-11-21").providers["openai"]
    assert model.prices == (ListedPrice(None, 100_000_000, 100_000_000, 1),)


def test_long_prompts_have_their_own_rates() -> None:
    tiers = {
        "input_mtok": {"base": 1, "tiers": [{"start": 200_000, "price": 2}, {"start": 100_000, "price": 1.5}]},
        "output_mtok": {"base": 10, "tiers": [{"start": 200_000, "price": 15}]},
    }
    (price,) = read_one(tiers).prices
    assert price.tiers == (
        ListedTier(100_000, 1_500_000_000, 1_500_000_000, 10 * DOLLAR),
        ListedTier(200_000, 2 * DOLLAR, 2 * DOLLAR, 15 * DOLLAR),
    )


def test_a_price_has_the_day_from_which_it_holds() -> None:
    old, new = {"input_mtok": 2, "output_mtok": 4}, {"input_mtok": 1, "output_mtok": 4}
    history = [{"prices": old}, {"constraint": {"start_date": "2026-03-01"}, "prices": new}]
    assert read_one(history).prices == (
        ListedPrice(None, 2 * DOLLAR, 2 * DOLLAR, 4 * DOLLAR),
        ListedPrice("2026-03-01", DOLLAR, DOLLAR, 4 * DOLLAR),
    )
    same = [{"prices": old}, {"constraint": {"start_date": "2026-03-01"}, "prices": old}]
    assert len(read_one(same).prices) == 1


def test_where_the_hour_matters_the_highest_price_counts() -> None:
    night = {"constraint": {"start_time": "16:30:00", "end_time": "00:30:00"}, "prices": {"input_mtok": 1}}
    night["prices"] |= {"output_mtok": 1}  # type: ignore[operator]
    assert read_one([{"prices": {"input_mtok": 2, "output_mtok": 2}}, night]).prices[0].input_nusd == 2 * DOLLAR


@pytest.mark.parametrize(
    ("match", "id", "fits"),
    [
        ({"or": [{"equals": "A"}, {"starts_with": "Gpt-"}]}, "gpt-9", True),
        ({"contains": "mid"}, "a-mid-b", True),
        ({"ends_with": "-End"}, "x-end", True),
        ({"regex": "^m-\\d{4}$"}, "m-1234", True),
        ({"regex": "\\d{4}$"}, "m-1234", True),
        ({"and": [{"contains": "a"}, {"contains": "b"}]}, "b-a", True),
        ({"and": [{"contains": "a"}, {"or": [{"equals": "ba"}, {"ends_with": "c"}]}]}, "ab", False),
    ],
)
def test_ids_are_matched_as_they_are_there(match: Any, id: str, fits: bool) -> None:
    model = read_one({"input_mtok": 1, "output_mtok": 1}, match=match)
    assert model.goes_by(id) is fits


def test_what_is_no_chat_is_left_out_and_embeddings_cost_nothing_beside_the_prompt() -> None:
    match = {"equals": "x"}
    listed = read(
        {"id": "my-embedding", "match": match, "prices": {"input_mtok": 1}},
        {"id": "my-ranker", "match": match, "prices": {"input_mtok": 1}},
        {"id": "my-ear", "match": match, "prices": {"audio_hours": 1}},
    ).providers["openai"]
    assert [(model.id, model.prices) for model in listed] == [("my-embedding", (ListedPrice(None, DOLLAR, DOLLAR, 0),))]


PRICED = {"input_mtok": 1, "output_mtok": 1}


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"id": 5, "match": {"equals": "x"}, "prices": PRICED},
        {"id": "m", "match": {"equals": "x"}, "prices": {"input_mtok": "much", "output_mtok": 1}},
        {"id": "m", "match": {"equals": "x"}, "prices": {"input_mtok": -1, "output_mtok": 1}},
        {"id": "m", "match": {"equals": "x"}, "prices": {"input_mtok": 10**30, "output_mtok": 1}},
        {"id": "m", "match": {"equals": "x"}, "prices": [{"constraint": {"moon": "full"}, "prices": PRICED}]},
        {"id": "m", "match": {"sounds_like": "x"}, "prices": PRICED},
        {"id": "m", "match": {"equals": "x", "contains": "y"}, "prices": PRICED},
        {"id": "m", "match": {"or": ["x"]}, "prices": PRICED},
        {"id": "m", "match": {"equals": ["x"]}, "prices": PRICED},
    ],
)
def test_what_is_not_understood_is_not_read(model: Any) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        read({"id": "good", "match": {"equals": "good"}, "prices": PRICED}, model)


def test_a_list_of_strangers_is_not_one() -> None:
    with pytest.raises(ValueError, match="no provider"):
        read(provider="nobody")
