"""What the catalogue knows, and that its files hold together."""

import msgspec
import pytest

from pointsman.control.configuration import load_catalog
from pointsman.core.catalog.catalog import Catalog, KnownModel, KnownProvider, ListedPrice, ModelList, parse_provider
from pointsman.core.catalog.written_models import parse_written_models
from pointsman.core.chat.money import InvalidMoney
from pointsman.core.config.base_url import read_base_url

CATALOG = load_catalog()
TODAY = "2026-11-21"


@pytest.mark.parametrize("name", CATALOG.providers)
def test_every_provider_can_be_called_and_its_default_model_is_priced(name: str) -> None:
    provider = CATALOG.providers[name]
    url = read_base_url(provider.base_url)
    assert (url.reach == "loopback") == (provider.location == "local")
    assert url.encrypted or provider.location == "local"
    assert bool(provider.key_variables) == (provider.location == "cloud")
    if provider.location == "cloud":
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

    assert find("m-1") is exact
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
