"""Rows Y13 to Y45 of bad input as far as they concern this stage: each wrong value, its place and its code."""

import pytest
from compiling import compile_text, list_codes

from pointsman.core.config.problems import Problem

HEAD = 'providers:\n  openai: {}\n  house: {base_url: "http://localhost:1/v1"}\n'


def find_problem(text: str) -> Problem:
    compiled = compile_text(text)
    assert compiled.snapshot is None
    errors = [problem for problem in compiled.problems if problem.severity == "error"]
    assert len(errors) == 1, "\n".join(map(str, errors))
    return errors[0]


def agent(fields: str) -> str:
    return f"{HEAD}agents:\n  writer: {{model: gpt-4o, {fields}}}\n"


def model(fields: str) -> str:
    return f"{HEAD}models:\n  own: {{provider: house, {fields}}}\n"


def provider(fields: str) -> str:
    return f"providers:\n  own: {{{fields}}}\n"


@pytest.mark.parametrize(
    ("text", "path", "suggestion"),
    [
        (agent("parameters: {temprature: 1}"), "agents.writer.parameters.temprature", "temperature"),
        (agent("parameters: {top-p: 1}"), "agents.writer.parameters.top-p", "top_p"),
        (agent("Tags: [a]"), "agents.writer.Tags", "tags"),
        (agent("temperature: 1"), "agents.writer.temperature", "agents.NAME.parameters.temperature"),
        (agent("base_url: x"), "agents.writer.base_url", "providers.NAME.base_url"),
        (f"{HEAD}agent: {{}}\n", "agent", "agents"),
        (f"{HEAD}timeouts: {{}}\n", "timeouts", "providers.NAME.timeouts"),
        (f"{HEAD}environments: {{dev: {{agent: {{}}}}}}\n", "environments.dev.agent", "agents"),
        (model("price_per_1M_tokens: {}"), "models.own.price_per_1M_tokens", "price_per_1m_tokens"),
    ],
)
def test_unknown_keys_are_refused_with_what_was_meant(text: str, path: str, suggestion: str) -> None:
    problem = find_problem(text)
    assert (problem.code, problem.path, problem.suggestion) == ("unknown_key", path, suggestion)


def test_a_key_at_the_wrong_level_is_told_where_it_belongs() -> None:
    assert "it exists under agents.NAME.parameters" in find_problem(agent("temperature: 1")).message


WRONG_VALUES = {
    "version 1.1": ("version: 1.1\n" + HEAD, "version", "invalid_type"),
    "version true": ("version: true\n" + HEAD, "version", "invalid_type"),
    "version unquoted 1.0": ("version: 1.0\n" + HEAD, "version", "invalid_type"),
    "text for a list": (agent("tags: prose"), "agents.writer.tags", "invalid_type"),
    "list for a text": (agent("description: [a]"), "agents.writer.description", "invalid_type"),
    "number for a text": (agent("description: 5"), "agents.writer.description", "invalid_type"),
    "null": (agent("description: null"), "agents.writer.description", "invalid_type"),
    "nothing": (f"{HEAD}agents:\n", "agents", "invalid_type"),
    "list for a section": (f"{HEAD}agents: [a]\n", "agents", "invalid_type"),
    "text for an entry": (f"{HEAD}agents: {{a: gpt-4o}}\n", "agents.a", "invalid_type"),
    "text for a mapping": (agent("parameters: hot"), "agents.writer.parameters", "invalid_type"),
    "quoted number": (agent('parameters: {max_tokens: "30"}'), "agents.writer.parameters.max_tokens", "invalid_type"),
    "bool for an int": (agent("parameters: {seed: true}"), "agents.writer.parameters.seed", "invalid_type"),
    "bool for a float": (agent("parameters: {top_p: true}"), "agents.writer.parameters.top_p", "invalid_type"),
    "float for an int": (agent("parameters: {seed: 1.5}"), "agents.writer.parameters.seed", "invalid_type"),
    "yes for a bool": (
        agent("parameters: {parallel_tool_calls: yes}"),
        "agents.writer.parameters.parallel_tool_calls",
        "invalid_bool",
    ),
    "octal": (agent("parameters: {seed: 017}"), "agents.writer.parameters.seed", "invalid_number"),
    "sexagesimal": (agent("parameters: {seed: 12:30:45}"), "agents.writer.parameters.seed", "invalid_number"),
    "not a number": (agent("parameters: {top_p: .nan}"), "agents.writer.parameters.top_p", "invalid_number"),
    "too hot": (agent("parameters: {temperature: 2.1}"), "agents.writer.parameters.temperature", "out_of_range"),
    "no tokens": (agent("parameters: {max_tokens: 0}"), "agents.writer.parameters.max_tokens", "out_of_range"),
    "no stops": (agent("parameters: {stop: []}"), "agents.writer.parameters.stop", "out_of_range"),
    "numbers to stop at": (agent("parameters: {stop: [1]}"), "agents.writer.parameters.stop", "invalid_type"),
    "an unknown effort": (
        agent("parameters: {reasoning_effort: huge}"),
        "agents.writer.parameters.reasoning_effort",
        "invalid_value",
    ),
    "the same limit twice": (
        agent("parameters: {max_tokens: 1, max_completion_tokens: 2}"),
        "agents.writer.parameters",
        "conflict",
    ),
    "more tokens than the window": (
        agent("parameters: {max_tokens: 200000}"),
        "agents.writer.parameters.max_tokens",
        "out_of_range",
    ),
    "falling back to itself": (agent("fallback: [gpt-4o]"), "agents.writer.fallback[0]", "fallback_cycle"),
    "falling back twice": (agent("fallback: [gpt-4.1, gpt-4.1]"), "agents.writer.fallback[1]", "fallback_cycle"),
    "an agent without a model": (f"{HEAD}agents: {{a: {{}}}}\n", "agents.a.model", "missing_key"),
    "a price without output": (
        model("price_per_1m_tokens: {input: 1}"),
        "models.own.price_per_1m_tokens.output",
        "missing_key",
    ),
    "no providers": ("version: 1\n", "", "missing_key"),
    "a name in capitals": (f"{HEAD}agents: {{Writer: {{model: gpt-4o}}}}\n", "agents.Writer", "invalid_name"),
    "a name with a space": (f"{HEAD}models: {{'a b': {{provider: house}}}}\n", 'models.["a b"]', "invalid_name"),
    "a model named like an agent": (
        f"{HEAD}models: {{'agent:x': {{provider: house}}}}\n",
        "models.agent:x",
        "invalid_name",
    ),
    "another dialect": (
        provider("dialect: klingon, base_url: 'https://x.example'"),
        "providers.own.dialect",
        "invalid_value",
    ),
    "an unknown provider without a URL": ("providers: {opnai: {}}\n", "providers.opnai.base_url", "missing_key"),
    "two places for a key": (
        "providers: {openai: {api_key: {env: OPENAI_API_KEY, file: /x}}}\n",
        "providers.openai.api_key",
        "conflict",
    ),
    "a short key in the clear": (
        "providers: {openai: {api_key: hunter2}}\n",
        "providers.openai.api_key",
        "inline_secret",
    ),
    "any variable": (
        "providers: {openai: {api_key: {env: PATH}}}\n",
        "providers.openai.api_key.env",
        "variable_not_allowed",
    ),
    "our own key": (
        "providers: {openai: {api_key: {env: POINTSMAN_ADMIN_KEY}}}\n",
        "providers.openai.api_key.env",
        "variable_not_allowed",
    ),
    "connect longer than total": (
        "providers: {openai: {timeouts: {connect: 10s, total: 5s}}}\n",
        "providers.openai.timeouts",
        "invalid_timeout",
    ),
    "cloud at loopback": (
        provider("base_url: 'http://127.0.0.1:1/v1', location: cloud"),
        "providers.own.location",
        "conflict",
    ),
}


@pytest.mark.parametrize(("text", "path", "code"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_wrong_values_are_refused_at_their_place(text: str, path: str, code: str) -> None:
    problem = find_problem(text)
    assert (problem.path, problem.code) == (path, code)


@pytest.mark.parametrize(
    "money", ["1e3", "500 EUR", "'5,00'", "-1", "'1_000'", "'  5'", "true", "[5]", "99999999", "0.1234567891"]
)
def test_money_is_dollars_in_plain_decimals(money: str) -> None:
    assert find_problem(model(f"price_per_1m_tokens: {{input: {money}, output: 1}}")).code == "invalid_money"


@pytest.mark.parametrize(
    ("duration", "code"),
    [
        *((text, "invalid_duration") for text in ("5", "'5'", "-5s", "5m30", "25h", "1d", "1.5s", "[5s]")),
        ("0s", "invalid_timeout"),
    ],
)
def test_durations_carry_their_unit(duration: str, code: str) -> None:
    assert find_problem(f"providers: {{openai: {{timeouts: {{idle: {duration}}}}}}}\n").code == code


@pytest.mark.parametrize(
    "secret",
    [
        "sk-ant-api03-abcdefghijklmnopqrstuvwxyz",
        "AKIAIOSFODNN7EXAMPLE",
        "gsk_abcdefghijklmnopqrstuvwxyz",
        "AIzaSyA-abcdefghijklmnopqrstuvwxyz12345",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "Bearer abcdefghijklmnopqrstuvwxyz",
    ],
)
@pytest.mark.parametrize("where", ["description: {}", "tags: ['{}']", "reasoning: 'use {} here'"])
def test_what_looks_like_a_key_is_refused_anywhere(secret: str, where: str) -> None:
    problem = find_problem(agent(where.format(secret)))
    assert problem.code == "inline_secret"
    assert secret not in str(problem)


def test_references_to_nothing_are_refused_with_what_was_meant() -> None:
    problem = find_problem(f"{HEAD}agents:\n  cto_agent:\n    model: gpt-4p\n")
    assert str(problem) == (
        'pointsman.yaml:6:12 agents.cto_agent.model: unknown model "gpt-4p" (unknown_reference); did you mean "gpt-4o"?'
    )
    assert find_problem(f"{HEAD}models: {{m: {{provider: opnai}}}}\n").suggestion == "openai"


def test_a_model_of_a_provider_that_is_not_configured_says_which_to_add() -> None:
    problem = find_problem(f"{HEAD}agents: {{a: {{model: claude-opus-5}}}}\n")
    assert "add `anthropic: {}` under providers" in problem.message


def test_a_model_that_two_providers_serve_must_be_defined() -> None:
    problem = find_problem("providers: {groq: {}, together: {}}\nagents: {a: {model: openai/gpt-oss-120b}}\n")
    assert (problem.code, problem.path) == ("unknown_reference", "agents.a.model")
    assert "groq and together" in problem.message


@pytest.mark.parametrize(
    ("overlay", "path", "suggestion"),
    [
        ("agents: {writr: {model: gpt-4o}}", "environments.dev.agents.writr", "writer"),
        ("models: {gpt-4o: {context_window: 1}}", "environments.dev.models.gpt-4o", None),
        ("providers: {opnai: {}}", "environments.dev.providers.opnai", "openai"),
        ("agents: {writer: {model: gpt-4p}}", "environments.dev.agents.writer.model", "gpt-4o"),
    ],
)
def test_an_override_of_nothing_is_refused_in_every_environment(
    overlay: str, path: str, suggestion: str | None
) -> None:
    problem = find_problem(f"{agent('tags: [a]')}environments: {{dev: {{{overlay}}}}}\n")
    assert (problem.code, problem.path, problem.suggestion) == ("unknown_reference", path, suggestion)


def test_a_wrong_entry_causes_no_problem_where_it_is_referred_to() -> None:
    text = "providers: {openai: {api_kee: 1, base_url: 'ftp://x'}}\nmodels: {m: {provider: openai, modl: 1}}\n"
    assert list_codes(compile_text(text + "agents: {a: {model: m, fallback: [gpt-4o]}}\n")) == [
        "unknown_key",
        "forbidden_url",
        "unknown_key",
    ]


def test_too_many_environments_are_refused() -> None:
    environments = ", ".join(f"e{number}: {{}}" for number in range(21))
    assert find_problem(f"{HEAD}environments: {{{environments}}}\n").code == "too_large"


def test_a_budget_of_nothing_says_that_it_denies_everything() -> None:
    problem = find_problem(f"{HEAD}budgets: [{{scope: total, window: day, limit: '0'}}]\n")
    assert (problem.code, problem.path) == ("invalid_money", "budgets[0]")


def test_no_message_shows_a_template() -> None:
    problem = find_problem("providers: {openai: {api_key: {}}}\n")
    assert problem.message == "name one place: {env: NAME} or {file: PATH}"
