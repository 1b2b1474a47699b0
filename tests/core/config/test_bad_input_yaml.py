"""Rows Y01 to Y17 of bad input: each with its code, line, column and path, and as the only problem of its document."""

import pytest
from bad_documents import (
    HEAD,
    Row,
    agent,
    compile_with_variables,
    list_errors,
    model,
    number_rows,
    openai,
    parameters,
    section,
)

from pointsman.core.config.nodes import MappingNode, to_plain
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import MOST_BYTES, Source, read_source

ROWS: dict[str, list[Row]] = {
    "Y01": [
        ("", "1:1  not_a_mapping"),
        ("# nothing\n", "1:1  not_a_mapping"),
        ("null\n", "1:1  not_a_mapping"),
        ("\n- a\n- b\n", "2:1  not_a_mapping"),
        ("hello\n", "1:1  not_a_mapping"),
        ("--- \n", "2:1  not_a_mapping"),
    ],
    "Y02": [
        ("providers:\n\topenai: {}\n", "2:1  yaml_syntax"),
        ("providers: 'x\n", "2:1  yaml_syntax"),
        ("providers: {openai: [\n", "2:1  yaml_syntax"),
        ("providers: openai: {}\n", "1:18  yaml_syntax"),
        ("providers:\n    openai: {}\n  groq: {}\n", "3:3  yaml_syntax"),
        ("%YAML 1.2\nproviders: {}\n", "2:1  yaml_syntax"),
    ],
    "Y03": [
        (f"{HEAD}providers: {{}}\n", "4:1 providers duplicate_key"),
        (parameters("seed: 1, seed: 2"), "5:49 agents.writer.parameters.seed duplicate_key"),
        (agent("tags: [a], tags: [b]"), "5:38 agents.writer.tags duplicate_key"),
        (f"{HEAD}agents:\n  a: {{model: gpt-4o}}\n  a: {{model: gpt-4o}}\n", "6:3 agents.a duplicate_key"),
        (
            section("routing: {rules: [{when: agent == 'a', when: task.critical, action: deny}]}"),
            "4:40 routing.rules[0].when duplicate_key",
        ),
    ],
    "Y04": [
        ("providers: {openai: {}, b: *x}\n", "1:28 providers.b alias_not_allowed"),
        ("providers: &x {openai: {}}\n", "1:12 providers alias_not_allowed"),
        ("providers: {<<: {openai: {}}}\n", '1:13 providers.["<<"] alias_not_allowed'),
        (f"{HEAD}agents: &a {{}}\n", "4:9 agents alias_not_allowed"),
        (parameters("stop: [&s END]"), "5:47 agents.writer.parameters.stop[0] alias_not_allowed"),
    ],
    "Y05": [
        ("providers: !!python/object:os.system {}\n", "1:12 providers tag_not_allowed"),
        ("providers: !include other.yaml\n", "1:12 providers tag_not_allowed"),
        (openai("base_url: !!binary aGk="), "3:15 providers.openai.base_url tag_not_allowed"),
        (agent("description: !env HOME"), "5:40 agents.writer.description tag_not_allowed"),
        (parameters("seed: !!int 5"), "5:46 agents.writer.parameters.seed tag_not_allowed"),
        (section("routing: !!map {}"), "4:10 routing tag_not_allowed"),
    ],
    "Y06": [
        ("providers: {openai: {}}\n---\nproviders: {}\n", "2:1  multiple_documents"),
        (f"{HEAD}---\n", "4:1  multiple_documents"),
        (f"{HEAD}...\n---\nagents: {{}}\n", "5:1  multiple_documents"),
        (f"---\n{HEAD}---\n{HEAD}", "5:1  multiple_documents"),
        (f"{HEAD}--- []\n", "4:1  multiple_documents"),
    ],
    "Y07": [
        ("#" * (MOST_BYTES + 1), "1:1  too_large"),
        ("a: [" + "1," * 50_000 + "]", "1:99999 a[49997] too_large"),
        ("a: " + "[" * 32 + "]" * 32, f"1:35 a{'[0]' * 31} too_deep"),
        ("[" * 500_000, f"1:33 {'[0]' * 32} too_deep"),
        ("a: " + "{b: " * 32 + "1" + "}" * 32, f"1:125 a{'.b' * 31} too_deep"),
    ],
    "Y08": [
        ("providers: {openai: {}}".encode("utf-16"), "1:1  invalid_encoding"),
        ("providers: {openai: {}} # für".encode("latin-1"), "1:28  invalid_encoding"),
        ("providers: {}\n\x00", "2:1  invalid_encoding"),
        ("providers: {}\na: \x85", "2:4  invalid_encoding"),
        ("providers: {openai\u202e: {}}", "1:19  invalid_encoding"),
        ("providers: {open\u200eai: {}}", "1:17  invalid_encoding"),
    ],
    "Y09": [
        (parameters("parallel_tool_calls: yes"), "5:61 agents.writer.parameters.parallel_tool_calls invalid_bool"),
        (parameters("logprobs: no"), "5:50 agents.writer.parameters.logprobs invalid_bool"),
        (agent("strict_capabilities: on"), "5:48 agents.writer.strict_capabilities invalid_bool"),
        (model("enabled: off"), "5:35 models.own.enabled invalid_bool"),
        (section("routing: {verbose_logs: Y}"), "4:25 routing.verbose_logs invalid_bool"),
    ],
    "Y10": [
        (parameters("seed: 12:30:45"), "5:46 agents.writer.parameters.seed invalid_number"),
        (parameters("seed: 017"), "5:46 agents.writer.parameters.seed invalid_number"),
        (parameters("max_tokens: 1_000"), "5:52 agents.writer.parameters.max_tokens invalid_number"),
        (parameters("seed: 0o17"), "5:46 agents.writer.parameters.seed invalid_number"),
        (parameters("top_p: .inf"), "5:47 agents.writer.parameters.top_p invalid_number"),
        (parameters("temperature: .nan"), "5:53 agents.writer.parameters.temperature invalid_number"),
        (parameters("seed: 0x1F"), "5:46 agents.writer.parameters.seed invalid_number"),
        (section("routing: {attempts: 1e999}"), "4:21 routing.attempts invalid_number"),
    ],
    "Y12": [
        ("version: 1.10\n" + HEAD, "1:10 version invalid_type"),
        ("version: 1.0\n" + HEAD, "1:10 version invalid_type"),
        ("version: 2\n" + HEAD, "1:10 version invalid_type"),
        ("version: '1.1'\n" + HEAD, "1:10 version invalid_type"),
        ("version: true\n" + HEAD, "1:10 version invalid_type"),
        ("version: [1]\n" + HEAD, "1:10 version invalid_type"),
    ],
    "Y13": [
        (parameters("temprature: 1"), "5:40 agents.writer.parameters.temprature unknown_key"),
        (agent("fallbak: [gpt-4.1]"), "5:27 agents.writer.fallbak unknown_key"),
        (section("agent: {}"), "4:1 agent unknown_key"),
        (
            section("routing: {factors: {cost_eficiency: {weight: 1}}}"),
            "4:21 routing.factors.cost_eficiency unknown_key",
        ),
        (
            section("budgets: [{scope: total, window: day, limit: 1, on_exeed: deny}]"),
            "4:49 budgets[0].on_exeed unknown_key",
        ),
        (section("environments: {dev: {agent: {}}}"), "4:22 environments.dev.agent unknown_key"),
    ],
    "Y14": [
        (agent("temperature: 1"), "5:27 agents.writer.temperature unknown_key"),
        (agent("base_url: 'https://x.example'"), "5:27 agents.writer.base_url unknown_key"),
        (section("timeouts: {}"), "4:1 timeouts unknown_key"),
        (section("attempts: 2"), "4:1 attempts unknown_key"),
        (model("rules: []"), "5:26 models.own.rules unknown_key"),
    ],
    "Y15": [
        (agent("Tags: [a]"), "5:27 agents.writer.Tags unknown_key"),
        (parameters("top-p: 1"), "5:40 agents.writer.parameters.top-p unknown_key"),
        (model("price_per_1M_tokens: {}"), "5:26 models.own.price_per_1M_tokens unknown_key"),
        (section("Agents: {}"), "4:1 Agents unknown_key"),
        (section("server: {admin-listen: '127.0.0.1:1'}"), "4:10 server.admin-listen unknown_key"),
    ],
    "Y16": [
        (parameters('max_tokens: "30"'), "5:52 agents.writer.parameters.max_tokens invalid_type"),
        (agent("description: [a]"), "5:40 agents.writer.description invalid_type"),
        (agent("description: null"), "5:40 agents.writer.description invalid_type"),
        (agent("tags: prose"), "5:33 agents.writer.tags invalid_type"),
        (agent("parameters: hot"), "5:39 agents.writer.parameters invalid_type"),
        (f"{HEAD}agents: [a]\n", "4:9 agents invalid_type"),
        (f"{HEAD}agents:\n", "4:8 agents invalid_type"),
        (section("budgets: {a: {}}"), "4:10 budgets invalid_type"),
        (section("routing: []"), "4:10 routing invalid_type"),
    ],
    "Y17": [
        (parameters("seed: true"), "5:46 agents.writer.parameters.seed invalid_type"),
        (parameters("top_p: true"), "5:47 agents.writer.parameters.top_p invalid_type"),
        (section("routing: {attempts: false}"), "4:21 routing.attempts invalid_type"),
        (model("tier: true"), "5:32 models.own.tier invalid_type"),
        (section("cache: {max_entries: true}"), "4:22 cache.max_entries invalid_type"),
    ],
}
NUMBERED = number_rows(ROWS)


@pytest.mark.parametrize(("document", "expected"), NUMBERED.values(), ids=NUMBERED)
def test_a_bad_document_is_refused_with_its_one_problem(document: str | bytes, expected: str) -> None:
    compiled = compile_with_variables(document)
    assert compiled.snapshot is None
    assert list_errors(compiled) == [expected]


def test_every_row_but_y11_is_here_in_five_variants() -> None:
    assert ROWS.keys() | {"Y11"} == {f"Y{number:02}" for number in range(1, 18)}
    assert [name for name, variants in ROWS.items() if len(variants) < 5] == []


SUGGESTED = {
    "temprature": (parameters("temprature: 1"), "temperature"),
    "a name of a factor": (section("routing: {factors: {cost_eficiency: {weight: 1}}}"), "cost_efficiency"),
    "another level": (agent("temperature: 1"), "agents.NAME.parameters.temperature"),
    "another section": (section("attempts: 2"), "routing.attempts"),
    "capitals": (section("Agents: {}"), "agents"),
    "a dash": (section("server: {admin-listen: '127.0.0.1:1'}"), "admin_listen"),
}


@pytest.mark.parametrize(("document", "meant"), SUGGESTED.values(), ids=SUGGESTED)
def test_what_was_probably_meant_is_said(document: str, meant: str) -> None:
    (problem,) = compile_with_variables(document).problems
    assert problem.suggestion == meant


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T10:00:00Z", "12:30", "no", "0x1F"])
def test_y11_dates_and_their_like_are_kept_as_text(text: str) -> None:
    root = read_source(Source("x", f"when: {text}\n".encode()), Findings())
    assert isinstance(root, MappingNode)
    assert to_plain(root) == {"when": text}
    compiled = compile_with_variables(agent(f"description: '{text}', reasoning: {text}, tags: [{text}]"))
    assert compiled.snapshot is not None
    writer = compiled.snapshot.agents["writer"]
    assert (writer.description, writer.reasoning, writer.tags) == (text, text, (text,))
