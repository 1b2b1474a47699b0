"""What the catalogue knows, and that its files hold together."""

import re

import msgspec
import pytest

from pointsman.control.configuration import load_catalog
from pointsman.core.catalog.catalog import Catalog, KnownProvider, parse_provider
from pointsman.core.catalog.known_model import KnownModel, ListedPrice, ModelList, check_patterns
from pointsman.core.catalog.written_models import parse_written_models
from pointsman.core.chat.money import InvalidMoney
from pointsman.core.config.base_url import read_base_url

CATALOG = load_catalog()
TODAY = "2026-11-21"


@pytest.mark.parametrize("name", CATALOG.providers)
def test_every_provider_can_be_called_and_its_default_model_is_priced(name: str) -> None:
    provider = CATALOG.providers[name]
    url = read_base_url(provider.base_url or re.sub("[A-Z]{3,}", "some-1", provider.base_url_form))
    assert provider.is_own_address(url.url)
    assert (url.reach == "loopback") == (provider.location == "local")
    assert url.encrypted or provider.location == "local"
    assert bool(provider.key_variables) == (provider.location == "cloud")
    if provider.location == "cloud" and provider.base_url:
        found = CATALOG.find_model(name, provider.default_model or "")
        assert found is not None
        assert found.model.price_on(TODAY) is not None
        assert not found.model.deprecated


def test_no_two_default_models_share_a_name() -> None:
    models = [provider.default_model for provider in CATALOG.providers.values() if provider.default_model]
    assert len(models) == len(set(models))


def test_the_variables_that_users_expect_come_in_the_order_they_expect() -> None:
    assert CATALOG.providers["google"].key_variables == ("GOOGLE_API_KEY", "GEMINI_API_KEY")
    assert CATALOG.providers["anthropic"].key_variables == ("ANTHROPIC_API_KEY", "CLAUDE_API_KEY")
    assert CATALOG.providers["cohere"].key_variables == ("CO_API_KEY", "COHERE_API_KEY")
    gradient = CATALOG.providers["gradient"]
    assert gradient.key_variables == ("GRADIENT_MODEL_ACCESS_KEY", "DO_SERVERLESS_INFERENCE_KEY")
    assert gradient.base_url_variables == ("GRADIENT_BASE_URL",)
    assert CATALOG.providers["ollama"].base_url_variables == ("OLLAMA_HOST", "OLLAMA_URL")


@pytest.mark.parametrize(
    ("model_id", "price_nusd", "window"),
    [
        ("llama3.3-70b-instruct", 600_000_000, 128_000),
        ("codellama-13b", 300_000_000, 16_000),
        ("llama3-8b-instruct", 200_000_000, 128_000),
        ("mistral-nemo-instruct-2407", 200_000_000, 8_192),
    ],
)
def test_gradient_costs_what_seed_000_says(model_id: str, price_nusd: int, window: int) -> None:
    found = CATALOG.find_model("gradient", model_id)
    assert found is not None
    assert found.model.price_on(TODAY) == ListedPrice(None, price_nusd, price_nusd, price_nusd)
    assert found.model.context_window == window


@pytest.mark.parametrize(
    ("provider", "model_id", "known_as"),
    [
        ("openai", "gpt-4o-2024-11-20", "gpt-4o"),
        ("openai", "GPT-4o", "gpt-4o"),
        ("anthropic", "claude-3-opus-20240229", "claude-3-opus-latest"),
        ("google", "gemini-3.8-flash-001", "gemini-3.8-flash"),
        ("openai", "claude-opus-5", None),
        ("nobody", "gpt-4o", None),
    ],
)
def test_a_model_is_found_by_any_id_it_goes_by(provider: str, model_id: str, known_as: str | None) -> None:
    found = CATALOG.find_model(provider, model_id)
    assert (found and found.model.id) == known_as


def test_serving_a_name_is_stricter_than_knowing_its_price() -> None:
    assert CATALOG.find_model("anthropic", "claude-3-opuss") is not None
    assert not CATALOG.serves("anthropic", "claude-3-opuss")
    assert CATALOG.serves("anthropic", "claude-3-opus-20240229")
    assert not CATALOG.serves("google", "claude-opus-5")


def make_catalog(*lists: ModelList) -> Catalog:
    return Catalog({"p": KnownProvider("openai_chat", "https://p.example")}, lists)


def test_an_exact_id_counts_before_a_pattern_and_an_earlier_list_before_a_later_one() -> None:
    loose = KnownModel("loose", starts_with=("m-",), matches=("(?=x)(?!.*-tts)",), ends_with=("-z",), contains=("mid",))
    exact, newer = KnownModel("m-1"), KnownModel("m-1", context_window=5)
    catalog = make_catalog(ModelList("a", "d", {"p": (loose, exact)}), ModelList("b", "d", {"p": (newer,)}))

    def find(model_id: str) -> KnownModel | None:
        found = catalog.find_model("p", model_id)
        return found and found.model

    assert find("m-1") == KnownModel("m-1", context_window=5)
    assert [find(name) for name in ("m-2", "xy", "a-z", "amidst")] == [loose] * 4
    assert [find(name) for name in ("xy-tts", "yx", "other")] == [None] * 3


def test_a_price_holds_from_its_day_on() -> None:
    old, new = ListedPrice(None, 1, 1, 1), ListedPrice("2026-07-01", 2, 2, 2)
    model = KnownModel("m", prices=(old, new))
    assert [model.price_on(day) for day in ("2026-06-30", "2026-07-01", "2027-01-01")] == [old, new, new]
    assert KnownModel("m", prices=(new,)).price_on("2026-06-30") is None


def test_the_version_changes_with_every_list() -> None:
    assert "genai-prices" in CATALOG.version
    lists = [ModelList("a", "2026-01-01", {}), ModelList("a", "2026-01-02", {})]
    assert make_catalog(lists[0]).version != make_catalog(lists[1]).version


@pytest.mark.parametrize("text", [b"", b'dialect = "openai_chat"', b'dialect = "a"\nbase_url = "b"\nbase_ulr = "c"'])
def test_a_provider_file_with_a_mistake_is_not_read(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        parse_provider(text)


def test_a_written_price_with_a_mistake_is_not_read() -> None:
    head = b'provider = "p"\nsource = "s"\ndate = "d"\n[[models]]\nid = "m"\ncontext_window = 1\n'
    with pytest.raises(InvalidMoney):
        parse_written_models(head + b'price_per_1m_tokens = { input = "1e3", output = "1" }')


def test_a_later_list_says_what_an_earlier_one_leaves_open() -> None:
    price = ListedPrice(None, 1, 1, 1)
    facts = KnownModel("M-1", max_output_tokens=9, abilities=("tools",), stated_at="their page, today")
    priced = KnownModel("m-1", prices=(price,), starts_with=("m-1-",), max_output_tokens=5, deprecated=True)
    lists = (ModelList("facts", "2026-02-01", {"p": (facts,)}), ModelList("prices", "2026-01-01", {"p": (priced,)}))
    found = make_catalog(*lists).find_model("p", "m-1-2026")
    assert found is not None
    assert (found.model.max_output_tokens, found.model.abilities, found.model.prices) == (9, ("tools",), (price,))
    assert found.model.deprecated and found.source == "catalogue 2026-01-01"
    assert dict(found.origins) == {
        "max_output_tokens": "their page, today",
        "abilities": "their page, today",
        "prices": "prices of 2026-01-01",
        "deprecated": "prices of 2026-01-01",
    }


def test_the_newest_list_comes_first_and_of_one_day_the_one_that_was_brought() -> None:
    def name(*brought: ModelList) -> list[str]:
        own = (ModelList("own", "2026-03-01", {}), ModelList("generated", "2026-01-01", {}))
        return [models.source for models in make_catalog(*own).with_lists(brought).lists]

    assert name(ModelList("x", "2026-03-01", {})) == ["x", "own", "generated"]
    assert name(ModelList("x", "2026-02-01", {})) == ["own", "x", "generated"]
    assert name(ModelList("x", "2025-02-01", {})) == ["own", "generated", "x"]


def test_a_provider_may_serve_what_another_one_does() -> None:
    assert CATALOG.find_model("vertex", "gemini-3.8-flash") is not None
    azure, openai = CATALOG.find_model("azure-openai", "gpt-4o"), CATALOG.find_model("openai", "gpt-4o")
    assert azure is not None and openai is not None and azure.model.prices == openai.model.prices
    # When a provider ends a model is its own affair.
    assert openai.model.retires_on is not None and azure.model.retires_on is None


def test_our_facts_are_of_models_whose_price_is_known_and_say_where_they_are_from() -> None:
    written = [models for models in CATALOG.lists if models.source.endswith("'s pages")]
    assert len(written) == 3
    for models in written:
        for provider, listed in models.providers.items():
            known = {found.model.id: found.model for found in CATALOG.models_of(provider)}
            for model in listed:
                assert known[model.id].prices, model.id
                assert model.stated_at.endswith(models.date)
                assert not set(model.abilities) & set(model.lacks)


def test_a_model_retires_on_its_day() -> None:
    model = KnownModel("m", retires_on="2026-06-01")
    assert [model.has_retired(day) for day in ("2026-05-31", "2026-06-01")] == [False, True]
    assert model.is_ending and not KnownModel("m").is_ending


def test_the_patterns_of_the_catalogue_are_harmless() -> None:
    for models in CATALOG.lists:
        check_patterns(models)
