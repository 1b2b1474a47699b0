"""Rows Y18 to Y40 of bad input, as far as a document alone shows them: each with its code, line, column and path."""

import pytest
from bad_documents import (
    HEAD,
    VARIABLES,
    Row,
    agent,
    budget,
    compile_sources,
    compile_with_variables,
    list_errors,
    model,
    number_rows,
    openai,
    overlay,
    parameters,
    provider,
    section,
    timeouts,
)

from pointsman.core.config.source import Source

ROWS: dict[str, list[Row]] = {
    "Y18": [
        (timeouts("idle: 5"), "3:22 providers.openai.timeouts.idle invalid_duration"),
        (timeouts("idle: '5'"), "3:22 providers.openai.timeouts.idle invalid_duration"),
        (timeouts("idle: -5s"), "3:22 providers.openai.timeouts.idle invalid_duration"),
        (timeouts("idle: 5m30"), "3:22 providers.openai.timeouts.idle invalid_duration"),
        (timeouts("idle: 25h"), "3:22 providers.openai.timeouts.idle invalid_duration"),
        (timeouts("idle: 1.5s"), "3:22 providers.openai.timeouts.idle invalid_duration"),
        (section("retention: {usage: 90}"), "4:20 retention.usage invalid_duration"),
        (section("retention: {usage: 90_days}"), "4:20 retention.usage invalid_duration"),
        (section("retention: {usage: 4000d}"), "4:20 retention.usage invalid_duration"),
        (section("cache: {ttl: 1w}"), "4:14 cache.ttl invalid_duration"),
    ],
    "Y19": [
        (section("cache: {max_size: 10GB}"), "4:19 cache.max_size invalid_size"),
        (section("cache: {max_size: 10}"), "4:19 cache.max_size invalid_size"),
        (section("cache: {max_size: -1GiB}"), "4:19 cache.max_size invalid_size"),
        (section("cache: {max_size: 1.5GiB}"), "4:19 cache.max_size invalid_size"),
        (section("cache: {max_size: 10 GiB}"), "4:19 cache.max_size invalid_size"),
        (section("cache: {max_size: 0MiB}"), "4:19 cache.max_size invalid_size"),
        (section("cache: {max_size: 2048TiB}"), "4:19 cache.max_size invalid_size"),
    ],
    "Y20": [
        (budget("limit: 1e3"), "5:40 budgets[0].limit invalid_money"),
        (budget("limit: 500 EUR"), "5:40 budgets[0].limit invalid_money"),
        (budget("limit: '5,00'"), "5:40 budgets[0].limit invalid_money"),
        (budget("limit: -1"), "5:40 budgets[0].limit invalid_money"),
        (budget("limit: '1_000'"), "5:40 budgets[0].limit invalid_money"),
        (budget("limit: 99999999"), "5:40 budgets[0].limit invalid_money"),
        (budget("limit: 0.1234567891"), "5:40 budgets[0].limit invalid_money"),
        (budget("limit: true"), "5:40 budgets[0].limit invalid_money"),
        (
            model("price_per_1m_tokens: {input: 1e3, output: 1}"),
            "5:55 models.own.price_per_1m_tokens.input invalid_money",
        ),
    ],
    "Y21": [
        (model("quality: 10"), "5:35 models.own.quality invalid_ratio"),
        (model("quality: 1.5"), "5:35 models.own.quality invalid_ratio"),
        (model("quality: 101%"), "5:35 models.own.quality invalid_ratio"),
        (model("quality: -1%"), "5:35 models.own.quality invalid_ratio"),
        (section("cache: {similarity: 95}"), "4:21 cache.similarity invalid_ratio"),
        (budget("limit: 1, alert_at: [50%, 80]"), "5:59 budgets[0].alert_at[1] invalid_ratio"),
    ],
    "Y22": [
        (f"{HEAD}agents: {{a: {{}}}}\n", "4:10 agents.a.model missing_key"),
        (f"{HEAD}models: {{m: {{}}}}\n", "4:10 models.m.provider missing_key"),
        ("version: 1\n", "1:1  missing_key"),
        (model("price_per_1m_tokens: {input: 1}"), "5:47 models.own.price_per_1m_tokens.output missing_key"),
        (section("budgets:\n  - {scope: total, limit: 1}"), "5:5 budgets[0].window missing_key"),
        (provider("dialect: openai_chat"), "2:3 providers.own.base_url missing_key"),
        (section("experiments: {e: {agent: a}}"), "4:15 experiments.e.split missing_key"),
        (agent("rules: [{use: gpt-4o}]"), "5:35 agents.writer.rules[0].when missing_key"),
    ],
    "Y23": [
        (parameters("max_tokens: 1, max_completion_tokens: 2"), "5:39 agents.writer.parameters conflict"),
        (openai("api_key: {env: OPENAI_API_KEY, file: /x}"), "3:14 providers.openai.api_key conflict"),
        (agent("rules: [{when: task.critical, use: gpt-4o, deny: true}]"), "5:35 agents.writer.rules[0] conflict"),
        (agent("rules: [{when: task.critical}]"), "5:35 agents.writer.rules[0] conflict"),
        (
            section("routing: {strategies: {s: {prefer_local_models: true, prefer_cloud_models: true}}}"),
            "4:27 routing.strategies.s conflict",
        ),
        (
            section("routing: {strategies: {s: {required_model_type: cloud, allow_cloud_models: false}}}"),
            "4:27 routing.strategies.s conflict",
        ),
        (
            section("routing:\n  rules: [{when: task.critical, action: deny, use: gpt-4o}]"),
            "5:11 routing.rules[0] conflict",
        ),
        (provider("base_url: 'http://127.0.0.1:1/v1', location: cloud"), "2:54 providers.own.location conflict"),
    ],
    "Y24": [
        (section("agents: {a: {model: gpt-4p}}"), "4:21 agents.a.model unknown_reference"),
        (section("models: {m: {provider: opnai}}"), "4:24 models.m.provider unknown_reference"),
        (agent("fallback: [gpt-4.l]"), "5:38 agents.writer.fallback[0] unknown_reference"),
        (section("interactions: {i: {model: nobody}}"), "4:27 interactions.i.model unknown_reference"),
        (section("tasks: {t: {model: gpt-4o, fallback: [nobody]}}"), "4:39 tasks.t.fallback[0] unknown_reference"),
        (agent("local_alternative: nobody"), "5:46 agents.writer.local_alternative unknown_reference"),
        (agent("budget_mode: nobody"), "5:40 agents.writer.budget_mode unknown_reference"),
    ],
    "Y25": [
        (overlay("agents: {writr: {model: gpt-4o}}"), "7:18 environments.dev.agents.writr unknown_reference"),
        (overlay("models: {gpt-4o: {context_window: 1}}"), "7:18 environments.dev.models.gpt-4o unknown_reference"),
        (overlay("providers: {opnai: {}}"), "7:21 environments.dev.providers.opnai unknown_reference"),
        (
            overlay("interactions: {planning: {model: gpt-4o}}"),
            "7:24 environments.dev.interactions.planning unknown_reference",
        ),
        (overlay("tasks: {t: {model: gpt-4o}}"), "7:17 environments.dev.tasks.t unknown_reference"),
    ],
    "Y27": [
        (agent("fallback: [gpt-4o]"), "5:38 agents.writer.fallback[0] fallback_cycle"),
        (agent("fallback: [gpt-4.1, gpt-4.1]"), "5:47 agents.writer.fallback[1] fallback_cycle"),
        (agent("fallback: [gpt-4.1, gpt-4o]"), "5:47 agents.writer.fallback[1] fallback_cycle"),
        (
            section("interactions: {i: {model: gpt-4o, fallback: [gpt-4o]}}"),
            "4:46 interactions.i.fallback[0] fallback_cycle",
        ),
        (section("tasks: {t: {model: gpt-4o, fallback: [gpt-4o]}}"), "4:39 tasks.t.fallback[0] fallback_cycle"),
    ],
    "Y29": [
        (provider("base_url: 'https://x.example/v1', location: local"), "2:53 providers.own.location not_local"),
        (provider("base_url: 'http://x.example/v1', location: local"), "2:52 providers.own.location not_local"),
        (provider("base_url: 'https://8.8.8.8/v1', location: local"), "2:51 providers.own.location not_local"),
        (
            provider("base_url: 'https://[2606:4700::1111]/v1', location: local"),
            "2:61 providers.own.location not_local",
        ),
        ("providers:\n  openai: {location: local}\n", "2:22 providers.openai.location not_local"),
    ],
    "Y32": [
        (
            agent("description: 'sk-ant-api03-abcdefghijklmnopqrstuvwxyz'"),
            "5:40 agents.writer.description inline_secret",
        ),
        (agent("description: 'AKIAIOSFODNN7EXAMPLE'"), "5:40 agents.writer.description inline_secret"),
        (
            agent("description: 'use gsk_abcdefghijklmnopqrstuvwxyz here'"),
            "5:40 agents.writer.description inline_secret",
        ),
        (agent("description: 'Bearer abcdefghijklmnopqrstuvwxyz'"), "5:40 agents.writer.description inline_secret"),
        ("providers:\n  openai: {api_key: hunter2}\n", "2:21 providers.openai.api_key inline_secret"),
        (section("alerts: {webhook: 'https://hooks.example/abc'}"), "4:19 alerts.webhook inline_secret"),
        (section("storage: {redis: 'redis://:pw@cache'}"), "4:18 storage.redis inline_secret"),
    ],
    "Y33": [
        (agent("description: 'in ${POINTSMAN_UNSET}'"), "5:40 agents.writer.description unset_variable"),
        (agent("description: '${POINTSMAN_EMPTY}'"), "5:40 agents.writer.description unset_variable"),
        (agent("description: '${POINTSMAN_A_${POINTSMAN_REGION}}'"), "5:40 agents.writer.description unset_variable"),
        (agent("tags: ['${}']"), "5:34 agents.writer.tags[0] unset_variable"),
        (agent("description: 'costs ${'"), "5:40 agents.writer.description unset_variable"),
        (agent("description: '${POINTSMAN_REGION:-eu}'"), "5:40 agents.writer.description unset_variable"),
        (
            section("interactions: {'${POINTSMAN_REGION}': {model: gpt-4o}}"),
            '4:16 interactions.["${POINTSMAN_REGION}"] unset_variable',
        ),
        (parameters("seed: '${POINTSMAN_NUMBER}'"), "5:46 agents.writer.parameters.seed invalid_type"),
        (agent("description: '${POINTSMAN_LEAK}'"), "5:40 agents.writer.description inline_secret"),
        (agent("description: '${POINTSMAN_LINES}'"), "5:40 agents.writer.description invalid_encoding"),
        (agent("description: '${POINTSMAN_LONG}'"), "5:40 agents.writer.description invalid_encoding"),
    ],
    "Y34": [
        (agent("description: '${PATH}'"), "5:40 agents.writer.description variable_not_allowed"),
        (agent("description: '${AWS_SECRET_ACCESS_KEY}'"), "5:40 agents.writer.description variable_not_allowed"),
        (agent("description: '${POINTSMAN_ADMIN_KEY}'"), "5:40 agents.writer.description variable_not_allowed"),
        (agent("description: '${POINTSMAN_HOUSE_KEY}'"), "5:40 agents.writer.description variable_not_allowed"),
        (agent("description: '${pointsman_region}'"), "5:40 agents.writer.description variable_not_allowed"),
        (agent("description: '${OPENAI_API_KEY}'"), "5:40 agents.writer.description variable_not_allowed"),
        (agent("description: '${HOME}'"), "5:40 agents.writer.description variable_not_allowed"),
        ("providers:\n  openai: {api_key: {env: PATH}}\n", "2:27 providers.openai.api_key.env variable_not_allowed"),
        (
            "providers:\n  openai: {api_key: {env: POINTSMAN_ADMIN_KEY}}\n",
            "2:27 providers.openai.api_key.env variable_not_allowed",
        ),
        (
            section("alerts: {webhook: {env: POINTSMAN_STORE}}\npolicy: {privacy: '${POINTSMAN_STORE}'}"),
            "5:19 policy.privacy variable_not_allowed",
        ),
        (agent("description: '${HOUSE_REGION}'"), "5:40 agents.writer.description variable_not_allowed"),
    ],
    "Y35": [
        (provider("base_url: 'file:///etc/passwd'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'gopher://x.example'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'https://user:pw@x.example/v1'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'https://x.example/v1#a'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'http://x.example/v1'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'https://x.example:25/v1'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'http://169.254.169.254/v1'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'http://2130706433/v1'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'https://еxample.com/v1'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'http://0x7f000001/v1'"), "2:19 providers.own.base_url forbidden_url"),
        (provider("base_url: 'https://metadata.google.internal/v1'"), "2:19 providers.own.base_url forbidden_url"),
    ],
    "Y36": [
        (timeouts("idle: 0s"), "3:22 providers.openai.timeouts.idle invalid_timeout"),
        (timeouts("first_byte: 10s, total: 5s"), "3:15 providers.openai.timeouts invalid_timeout"),
        (timeouts("connect: 10s, total: 5s"), "3:15 providers.openai.timeouts invalid_timeout"),
        (timeouts("connect: 700s"), "3:25 providers.openai.timeouts.connect invalid_timeout"),
        (timeouts("first_byte: 11m"), "3:28 providers.openai.timeouts.first_byte invalid_timeout"),
        (section("routing: {attempts: 6}"), "4:21 routing.attempts out_of_range"),
        (section("routing: {attempts: 0}"), "4:21 routing.attempts out_of_range"),
        (section("routing: {back_off: {max: 0ms}}"), "4:27 routing.back_off.max invalid_timeout"),
    ],
    "Y37": [
        (parameters("max_tokens: 200000"), "5:52 agents.writer.parameters.max_tokens out_of_range"),
        (
            parameters("max_completion_tokens: 999999"),
            "5:63 agents.writer.parameters.max_completion_tokens out_of_range",
        ),
        (model("context_window: 0"), "5:42 models.own.context_window out_of_range"),
        (model("max_output_tokens: 0"), "5:45 models.own.max_output_tokens out_of_range"),
        (
            model("context_window: 100") + "agents:\n  a: {model: own, parameters: {max_tokens: 101}}\n",
            "7:44 agents.a.parameters.max_tokens out_of_range",
        ),
        (
            model("context_window: 100")
            + "agents:\n  a: {model: gpt-4o, fallback: [own], parameters: {max_tokens: 101}}\n",
            "7:64 agents.a.parameters.max_tokens out_of_range",
        ),
        (
            section("interactions: {i: {model: gpt-4o, parameters: {max_tokens: 200000}}}"),
            "4:60 interactions.i.parameters.max_tokens out_of_range",
        ),
    ],
    "Y39": [
        (
            section(
                "agents: {a: {model: gpt-4o, fallback: [gpt-4.1]}}\n"
                "experiments: {e: {agent: a, split: {control: 0, candidate: 0}}}"
            ),
            "5:36 experiments.e.split invalid_weights",
        ),
        (
            section("experiments: {e: {agent: a, split: {control: -1, candidate: 2}}}"),
            "4:46 experiments.e.split.control invalid_weights",
        ),
        (
            section("experiments: {e: {agent: a, split: {control: 1, candidate: 1000001}}}"),
            "4:60 experiments.e.split.candidate invalid_weights",
        ),
        (
            section("routing: {factors: {cost_efficiency: {weight: 0}, task_complexity: {weight: 0}}}"),
            "4:20 routing.factors invalid_weights",
        ),
        (
            section("routing: {strategies: {s: {weights: {cost_efficiency: -0.5}}}}"),
            "4:55 routing.strategies.s.weights.cost_efficiency invalid_weights",
        ),
        (
            section("routing: {strategies: {s: {weights: {cost_efficiency: 0}}}}"),
            "4:37 routing.strategies.s.weights invalid_weights",
        ),
        (section("routing: {tiers: [[gpt-4o], []]}"), "4:29 routing.tiers[1] empty_route"),
    ],
    "Y40": [
        (openai("headers: {'x y': a}"), '3:22 providers.openai.headers.["x y"] invalid_header'),
        (openai("headers: {'x-a:': a}"), "3:23 providers.openai.headers.x-a: invalid_header"),
        (openai('headers: {x-a: "a\\r\\nb: c"}'), "3:20 providers.openai.headers.x-a invalid_header"),
        (openai('headers: {x-a: "a\\nb"}'), "3:20 providers.openai.headers.x-a invalid_header"),
        (openai("headers: {x-a: ''}"), "3:20 providers.openai.headers.x-a invalid_header"),
        (openai("headers: {authorization: Bearer}"), "3:30 providers.openai.headers.authorization invalid_header"),
        (openai("headers: {x-a: é}"), "3:20 providers.openai.headers.x-a invalid_header"),
        (openai("headers: {Host: other.example}"), "3:21 providers.openai.headers.Host invalid_header"),
    ],
}
NUMBERED = number_rows(ROWS)


@pytest.mark.parametrize(("document", "expected"), NUMBERED.values(), ids=NUMBERED)
def test_a_bad_document_is_refused_with_its_one_problem(document: str | bytes, expected: str) -> None:
    compiled = compile_with_variables(document)
    assert compiled.snapshot is None
    assert list_errors(compiled) == [expected]


def test_every_row_has_five_variants() -> None:
    assert [name for name, variants in ROWS.items() if len(variants) < 5] == []


TWICE = {
    "a provider": ("providers: {openai: {}}\n", "2:13 providers.openai"),
    "a model": ("models: {small: {provider: openai}}\n", "2:10 models.small"),
    "an agent": ("agents: {writer: {model: gpt-4o}}\n", "2:10 agents.writer"),
    "a strategy": ("routing: {strategies: {s: {}}}\n", "2:24 routing.strategies.s"),
    "a setting": ("cache: {mode: exact}\n", "2:9 cache.mode"),
    "an agent of an environment": (
        "environments: {dev: {agents: {writer: {tags: [x]}}}}\n",
        "2:31 environments.dev.agents.writer",
    ),
}


@pytest.mark.parametrize(("text", "place"), TWICE.values(), ids=TWICE)
def test_y26_a_name_in_two_files_is_refused_with_both_places(text: str, place: str) -> None:
    first = Source("first.yaml", f"version: 1\n{text}".encode())
    second = Source("second.yaml", f"version: 1\n{text}".encode())
    compiled = compile_sources([Source("pointsman.yaml", b"version: 1\n"), first, second])
    (problem,) = [found for found in compiled.problems if found.code == "duplicate_name"]
    line_and_column, path = place.split(" ")
    assert (problem.file, f"{problem.line}:{problem.column}", problem.path) == ("second.yaml", line_and_column, path)
    assert f"first.yaml:{line_and_column}" in problem.message


def test_y33_values_are_put_in_after_parsing_and_as_text_only() -> None:
    text = section(
        "models:\n  own: {provider: house, description: '${POINTSMAN_YAML}'}\n"
        "agents:\n  writer:\n    model: gpt-4o\n    description: in ${POINTSMAN_REGION}, not ${POINTSMAN_REGION}-2\n"
        "    tags: ['${HOUSE_REGION}', '$${HOUSE_REGION}', $HOUSE_REGION]\n"
        "security: {environment_variables: [HOUSE_REGION]}"
    )
    compiled = compile_with_variables(text.replace("localhost:1", "${POINTSMAN_REGION}.localhost:1"))
    assert compiled.snapshot is not None, list_errors(compiled)
    own, writer = compiled.snapshot.models["own"], compiled.snapshot.agents["writer"]
    assert own.description == VARIABLES["POINTSMAN_YAML"]
    assert own.deployment.base_url == "http://eu.localhost:1/v1"
    assert writer.description == "in eu, not eu-2"
    assert writer.tags == ("north", "${HOUSE_REGION}", "$HOUSE_REGION")


def test_no_message_repeats_the_value_of_a_variable() -> None:
    rows = [document for name in ("Y33", "Y34") for document, _ in ROWS[name]]
    rows += [agent(f"policy: {{privacy: '${{{name}}}'}}") for name in VARIABLES]
    said = "\n".join(str(problem) for document in rows for problem in compile_with_variables(document).problems)
    assert "POINTSMAN_REGION" in said
    for name in ("POINTSMAN_HOUSE_KEY", "POINTSMAN_LEAK", "POINTSMAN_LINES", "POINTSMAN_LONG", "POINTSMAN_YAML"):
        assert VARIABLES[name] not in said
