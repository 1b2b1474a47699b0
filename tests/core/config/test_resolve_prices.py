"""What a document says of a price counts as it is written, and by the day."""

from datetime import UTC, datetime

import pytest
from compiling import compile_good, compile_text, list_codes

from pointsman.core.chat.money import parse_usd
from pointsman.core.config.snapshot import Model

HOUSE = "version: 1\nproviders: {openai: {}, anthropic: {}, house: {base_url: 'https://house.example/v1'}}\nmodels:\n"


def _model(written: str, today: str = "2026-11-21") -> Model:
    compiled = compile_text(f"{HOUSE}  m: {written}\nagents: {{a: {{model: m}}}}\n", today=today)
    assert compiled.snapshot is not None, "\n".join(map(str, compiled.problems))
    return compiled.snapshot.models["m"]


def _at(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1_000)


def test_a_stated_price_takes_the_place_of_all_that_the_catalogue_says() -> None:
    model = _model("{provider: openai, model_id: gpt-audio, price_per_1m_tokens: {input: 1, output: 2}}")
    prices = model.prices
    assert prices is not None and prices.source == "pointsman.yaml"
    assert (prices.input_nusd, prices.cached_input_nusd, prices.output_nusd) == (10**9, 10**9, 2 * 10**9)
    assert prices.further is None and prices.tiers == ()


def test_the_catalogue_says_the_rest_and_of_when_it_is() -> None:
    prices = _model("{provider: openai, model_id: gpt-audio}").prices
    assert prices is not None and prices.source.startswith("catalogue 20")
    assert prices.further is not None and prices.further.audio_output_nusd == 64 * 10**9
    assert prices.batch_millionths == 500_000


def test_writing_into_a_cache_keeps_the_catalogues_proportion() -> None:
    """Anthropic's cache costs a quarter more than a prompt: as input it would be understated."""
    stated = "price_per_1m_tokens: {input: '0.000000001', output: 15}"
    claude = _model(f"{{provider: anthropic, model_id: claude-sonnet-4-5, {stated}}}").prices
    assert claude is not None and claude.cache_write_nusd == 2
    unknown = _model(f"{{provider: house, {stated}}}").prices
    assert unknown is not None and unknown.cache_write_nusd is None


def test_prices_change_at_midnight_in_utc_without_a_reload() -> None:
    model = _model(
        "{provider: house, price_per_1m_tokens: {input: 1, output: 1},"
        " price_changes: [{valid_from: 2026-12-01, input: 2, output: 2},"
        " {valid_from: '2027-01-01', input: 3, output: 3}]}"
    )
    assert model.prices is not None and model.prices.input_nusd == parse_usd("1")
    for at_ms, usd in (
        (0, "1"),
        (_at("2026-12-01") - 1, "1"),
        (_at("2026-12-01"), "2"),
        (_at("2026-12-31T23:59:59"), "2"),
        (_at("2027-01-01"), "3"),
    ):
        prices = model.prices_at(at_ms)
        assert prices is not None and prices.input_nusd == parse_usd(usd)


def test_the_day_of_the_compilation_is_what_is_shown() -> None:
    written = "{provider: house, price_changes: [{valid_from: 2026-12-01, input: 2, output: 2}]}"
    assert _model(written).prices is None
    later = _model(written, today="2026-12-01")
    assert later.prices is not None and later.prices.valid_from == "2026-12-01"
    assert later.prices_at(_at("2026-11-30")) is None


def test_the_catalogues_price_holds_until_the_first_change() -> None:
    model = _model(
        "{provider: openai, model_id: gpt-4o-mini, price_changes: [{valid_from: 2027-01-01, input: 9, output: 9}]}"
    )
    before, after = model.prices_at(_at("2026-12-31")), model.prices_at(_at("2027-01-01"))
    assert before is not None and before.source.startswith("catalogue ") and before == model.prices
    assert after is not None and after.input_nusd == parse_usd("9")


def test_the_catalogues_own_changes_count_by_the_day() -> None:
    model = _model("{provider: anthropic, model_id: claude-opus-4-6}")
    before, after = model.prices_at(_at("2026-03-12")), model.prices_at(_at("2026-03-13"))
    assert before is not None and after is not None
    assert before.tiers and not after.tiers


def test_a_price_that_never_changes_is_asked_for_no_day() -> None:
    model = _model("{provider: house, price_per_1m_tokens: {input: 1, output: 1}}")
    assert model.dated_prices == () and model.prices_at(0) is model.prices


@pytest.mark.parametrize(
    ("price", "code"),
    [
        ("price_per_1m_tokens: {input: 1e-3, output: 1}", "invalid_money"),
        ("price_per_1m_tokens: {input: 1, output: '1,50'}", "invalid_money"),
        ("price_per_1m_tokens: {input: 1, output: 1, per_search: -1}", "invalid_money"),
        ("price_changes: [{valid_from: 2027-02-30, input: 1, output: 1}]", "invalid_value"),
        ("price_changes: [{input: 1, output: 1}]", "missing_key"),
    ],
)
def test_what_is_no_price_is_refused(price: str, code: str) -> None:
    text = f"{HOUSE}  m: {{provider: house, {price}}}\nagents: {{a: {{model: m}}}}\n"
    assert code in list_codes(compile_text(text))


@pytest.mark.parametrize(
    "price",
    [
        "price_changes: [{valid_from: 2027-01-01, input: 1, output: 1}, {valid_from: 2026-01-01, input: 1, output: 1}]",
        "price_per_1m_tokens: {input: 1, output: 1, long_prompts: [{above_input_tokens: 9, input: 1, output: 1},"
        " {above_input_tokens: 9, input: 1, output: 1}]}",
    ],
)
def test_what_is_out_of_order_is_refused(price: str) -> None:
    compiled = compile_text(f"{HOUSE}  m: {{provider: house, {price}}}\nagents: {{a: {{model: m}}}}\n")
    assert compiled.snapshot is None and "conflict" in list_codes(compiled)


SEED_000 = """\
version: "1.0"
provider: gradient # Default provider (gradient, claude, mistral, openai)

agents:
  orchestrator:
    model: llama3.3-70b-instruct
    provider: gradient
    temperature: 0.3
    max_tokens: 2000
    cost_per_1m_tokens: 0.60
    context_window: 128000
    use_case: complex_reasoning
  documentation:
    model: mistral-nemo-instruct-2407
    provider: gradient
    cost_per_1m_tokens: 0.20
    context_window: 8192
"""
SEED_001 = """\
models:
  claude-3-opus:
    provider: anthropic
    type: cloud
    model_id: claude-3-opus-20240229
    cost_per_1k_tokens:
      input: 0.015
      output: 0.075
  gpt-4-turbo:
    provider: openai
    type: cloud
    model_id: gpt-4-turbo-preview
    cost_per_1k_tokens:
      input: 0.01
      output: 0.03
"""


def test_one_figure_for_a_million_tokens_holds_for_prompt_and_answer() -> None:
    models = compile_good(SEED_000).models
    for name, usd in (("llama3.3-70b-instruct", "0.60"), ("mistral-nemo-instruct-2407", "0.20")):
        prices = models[name].prices
        assert prices is not None and prices.source == "pointsman.yaml"
        assert prices.input_nusd == prices.output_nusd == prices.cached_input_nusd == parse_usd(usd)


def test_two_figures_for_a_thousand_tokens_are_a_thousandth() -> None:
    models = compile_good(SEED_001).models
    for name, usd in (("claude-3-opus", ("15", "75")), ("gpt-4-turbo", ("10", "30"))):
        prices = models[name].prices
        assert prices is not None and prices.source == "pointsman.yaml"
        assert (prices.input_nusd, prices.output_nusd) == tuple(map(parse_usd, usd))


def test_two_figures_for_a_million_tokens_are_as_they_stand() -> None:
    prices = _model(
        "{provider: house, price_per_1m_tokens: {input: 0.15, output: '0.60', cached_input: $0.075}}"
    ).prices
    assert prices is not None
    assert (prices.input_nusd, prices.output_nusd, prices.cached_input_nusd) == (150_000_000, 600_000_000, 75_000_000)


def test_figures_are_read_from_their_text() -> None:
    """As a float this one would lose its last digit."""
    text = SEED_000.replace("0.60", "1234567.123456789").replace("0.20", "1234567.123456789")
    prices = compile_good(text).models["llama3.3-70b-instruct"].prices
    assert prices is not None and prices.input_nusd == 1_234_567_123_456_789
