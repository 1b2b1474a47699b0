"""What a good document becomes, and that every key of it shows in the snapshot."""

import pytest
from compiling import GOOD, compile_good, compile_text, list_codes

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.config.snapshot import Agent, Deadlines
from pointsman.core.pricing.prices import PriceTable


def test_an_agent_holds_all_that_was_written() -> None:
    assert compile_good(GOOD).agents["writer"] == Agent(
        name="writer",
        model="gpt-4o",
        fallback=("small",),
        parameters=(("temperature", 0.3), ("max_tokens", 2000), ("stop", ("END",))),
        description="Writes",
        reasoning="It writes well",
        tags=("prose",),
    )


def test_parameters_are_plain_numbers_in_the_order_of_the_document() -> None:
    text = GOOD.replace("temperature: 0.3, max_tokens: 2000", "top_p: 1, seed: 7, temperature: 0.5, verbosity: low")
    parameters = dict(compile_good(text).agents["writer"].parameters)
    assert list(parameters) == ["top_p", "seed", "temperature", "verbosity", "stop"]
    assert (type(parameters["temperature"]), type(parameters["top_p"]), type(parameters["seed"])) == (float, float, int)


def test_models_are_completed_from_the_catalogue() -> None:
    model = compile_good(GOOD).models["gpt-4o"]
    assert model.deployment.id == "openai/gpt-4o"
    assert model.deployment.base_url == "https://api.openai.com/v1"
    assert (model.deployment.location, model.deployment.credential) == ("cloud", "env:OPENAI_API_KEY")
    assert model.context_window == 128_000
    assert model.prices is not None
    assert model.prices.source.startswith("catalogue 20")
    assert model.prices.input_nusd == int(2.5 * NUSD_PER_USD)


def test_a_local_model_is_free_unless_priced_and_keeps_what_was_written() -> None:
    model = compile_good(GOOD).models["small"]
    assert (model.deployment.id, model.deployment.location) == ("house/llama", "local")
    assert (model.context_window, model.capabilities) == (8000, ("code_generation",))
    assert model.prices == PriceTable(0, 0, 0, "local, free unless priced")


@pytest.mark.parametrize("written", ["0.60", '"0.60"', '"$0.60"', "0.600000000"])
def test_prices_are_read_exactly_from_their_text(written: str) -> None:
    text = GOOD.replace("model_id: llama", f"price_per_1m_tokens: {{input: {written}, output: 1, cached_input: '0.1'}}")
    expected = PriceTable(600_000_000, 1_000_000_000, 100_000_000, "pointsman.yaml")
    assert compile_good(text).models["small"].prices == expected


def test_cached_input_costs_as_much_as_input_unless_written() -> None:
    text = GOOD.replace("model_id: llama", "price_per_1m_tokens: {input: 2, output: 1}")
    prices = compile_good(text).models["small"].prices
    assert prices is not None
    assert prices.cached_input_nusd == prices.input_nusd


def test_prices_are_those_of_the_day() -> None:
    text = "providers: {google: {}}\nmodels: {m: {provider: google, model_id: gemini-3.8-flash}}\n"
    old, new = (compile_text(text, today=day).snapshot for day in ("2026-12-31", "2027-01-01"))
    assert old is not None
    assert new is not None
    assert old.models["m"].prices != new.models["m"].prices
    assert old.revision != new.revision


def test_an_environment_changes_single_fields() -> None:
    agent = compile_good(GOOD, "development").agents["writer"]
    assert (agent.model, agent.fallback, agent.description) == ("small", (), "Writes")
    assert dict(agent.parameters) == {"temperature": 0.9, "max_tokens": 2000, "stop": ("END",)}
    assert compile_good(GOOD, "staging").agents == compile_good(GOOD).agents


def test_a_reference_to_a_key_is_replaced_whole() -> None:
    text = (
        "providers: {openai: {api_key: {file: /run/secrets/openai}}}\nmodels: {m: {provider: openai}}\n"
        "environments: {development: {providers: {openai: {api_key: {env: POINTSMAN_HOUSE_KEY}}}}}\n"
    )
    assert compile_good(text).models["m"].deployment.credential == "file:/run/secrets/openai"
    assert compile_good(text, "development").models["m"].deployment.credential == "env:POINTSMAN_HOUSE_KEY"


def test_timeouts_become_deadlines() -> None:
    timeouts = "{connect: 500ms, first_byte: 5s, idle: 10s, total: 2m, stream_total: 1h}"
    text = GOOD.replace('8080/v1"}', f'8080/v1", timeouts: {timeouts}}}')
    assert compile_good(text).models["small"].deployment.deadlines == Deadlines(500, 5_000, 10_000, 120_000, 3_600_000)


def test_the_first_set_variable_of_several_will_win() -> None:
    text = "providers: {anthropic: {}}\nagents: {a: {model: claude-opus-5}}\n"
    assert compile_good(text).models["claude-opus-5"].deployment.credential == "env:ANTHROPIC_API_KEY,CLAUDE_API_KEY"


def test_a_dated_id_of_a_known_model_needs_no_definition_and_a_misspelt_one_does() -> None:
    text = "providers: {anthropic: {}}\nagents: {a: {model: NAME}}\n"
    assert compile_good(text.replace("NAME", "claude-3-opus-20240229")).models["claude-3-opus-20240229"].prices
    assert list_codes(compile_text(text.replace("NAME", "claude-3-opuss"))) == ["unknown_reference"]


@pytest.mark.parametrize("version", ["1", '"1"', '"1.0"', "'1.0'"])
def test_the_version_may_be_written_as_the_seeds_do(version: str) -> None:
    compile_good(GOOD.replace("version: 1", f"version: {version}"))


def test_the_revision_names_all_that_a_request_can_see_and_nothing_else() -> None:
    revision = compile_good(GOOD).revision
    assert len(revision) == 12
    assert compile_good("# a comment\n" + GOOD).revision == revision
    assert compile_text(GOOD, set_variables=frozenset()).snapshot == compile_good(GOOD)
    changes = [("0.3", "0.31"), ("Writes\n", "Writes more\n"), ("[small]", "[]"), ("8000", "8001"), ("8080", "8081")]
    changed = {compile_good(GOOD.replace(*change)).revision for change in changes}
    assert len(changed | {revision, compile_good(GOOD, "development").revision}) == len(changes) + 2


def test_warnings_keep_nothing_from_running() -> None:
    text = "providers: {openai: {}, google: {}}\nmodels:\n  m: {provider: openai, model_id: gpt-unheard-of}\n"
    compiled = compile_text(text + "agents: {a: {model: gemini-2.0-flash}}\n")
    assert compiled.snapshot is not None
    assert compiled.snapshot.models["m"].prices is None
    assert list_codes(compiled) == ["credential_missing", "price_unknown", "model_deprecated"]
    assert {problem.severity for problem in compiled.problems} == {"warning"}
    assert "GOOGLE_API_KEY or GEMINI_API_KEY" in compiled.problems[0].message
