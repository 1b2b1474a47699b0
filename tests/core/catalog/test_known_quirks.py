"""The quirks of the provider files: what each does to a request that says all that its provider may refuse."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from pointsman.control.configuration import load_catalog
from pointsman.core.catalog.quirk import Quirk
from pointsman.core.config.provider_facts import choose_quirks, list_quirks
from pointsman.core.config.sections.providers import Dialect, Provider
from pointsman.core.dialects.quirks import apply_edits, plan_edits

CATALOG = load_catalog()
QUIRKS = [(name, quirk) for name, known in CATALOG.providers.items() for quirk in known.quirks]
SAMPLING: dict[str, Any] = {"temperature": 0.2, "top_p": 0.9, "presence_penalty": 0.5, "frequency_penalty": 0.5}
LIKELIHOODS: dict[str, Any] = {"logprobs": True, "top_logprobs": 2, "logit_bias": {"7": 1}}
CLAUDE: dict[str, Any] = {"temperature": 0.2, "top_p": 0.9, "top_k": 5, "max_tokens": 9}
THINKING: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 2_000}}
FORCED: dict[str, Any] = {"tool_choice": {"type": "tool", "name": "look", "disable_parallel_tool_use": True}}


def send(
    provider: str, model: str, fields: dict[str, Any], dialect: str | None = None
) -> tuple[dict[str, Any], list[str]]:
    """The body as the provider gets it, and what was changed."""
    known = CATALOG.providers[provider]
    quirks = list_quirks(Provider(), known, dialect or known.dialect)
    edits = plan_edits(choose_quirks(quirks, model), fields)
    left = {name: dict(value) if isinstance(value, dict) else value for name, value in fields.items()}
    apply_edits(edits, left)
    return left, [edit.change for edit in edits]


@pytest.mark.parametrize(
    ("provider", "model", "said", "left"),
    [
        ("openai", "gpt-4o", {"max_tokens": 9, **SAMPLING, **LIKELIHOODS, "stop": "x"}, None),
        ("openai", "gpt-5-chat-latest", {"max_tokens": 9, **SAMPLING}, None),
        ("openai", "gpt-5.4-mini", {"max_tokens": 9, **SAMPLING, **LIKELIHOODS}, {"max_completion_tokens": 9}),
        (
            "openai",
            "o3",
            {"max_tokens": 9, "stop": "x", "temperature": 1},
            {"max_completion_tokens": 9, "temperature": 1},
        ),
        ("openai", "o3-mini", {"stop": "x"}, None),
        ("openai", "O1-preview", {"max_tokens": 9, "max_completion_tokens": 5}, {"max_completion_tokens": 5}),
        ("openai", "gpt-5.1", {"reasoning_effort": "none", **SAMPLING}, None),
        ("azure-openai", "gpt-5-team", {"temperature": 0.2, "seed": 7}, {"seed": 7}),
        ("anthropic", "claude-sonnet-5-5", CLAUDE, {"max_tokens": 9}),
        ("anthropic", "claude-opus-4-7", {**CLAUDE, "temperature": 1}, {"temperature": 1, "max_tokens": 9}),
        ("anthropic", "claude-opus-4-6", CLAUDE, {"temperature": 0.2, "top_k": 5, "max_tokens": 9}),
        ("anthropic", "claude-opus-4-6", {"top_p": 0.9}, None),
        ("anthropic", "claude-3-opus-20240229", CLAUDE | THINKING | FORCED, None),
        ("anthropic", "claude-sonnet-5", THINKING, {"thinking": {"type": "adaptive"}}),
        ("anthropic", "claude-sonnet-5", {"thinking": {"type": "disabled"}}, None),
        ("anthropic", "claude-opus-5-5", {"thinking": {"type": "disabled"}}, {}),
        (
            "anthropic",
            "claude-opus-5-5",
            FORCED,
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        ),
        ("anthropic", "claude-opus-5", FORCED, None),
        (
            "bedrock",
            "eu.anthropic.claude-opus-4-7-v1:0",
            {"inferenceConfig": {"temperature": 0.2, "topP": 0.9, "maxTokens": 9}},
            {"inferenceConfig": {"maxTokens": 9}},
        ),
        ("gradient", "llama3.3-70b-instruct", {"max_tokens": 20}, {"max_tokens": 256}),
        ("gradient", "llama3.3-70b-instruct", {"max_tokens": 300}, None),
        (
            "mistral",
            "mistral-small-latest",
            {"seed": 7, "max_completion_tokens": 9},
            {"random_seed": 7, "max_tokens": 9},
        ),
        ("mistral", "mistral-small-latest", {"n": 2, **SAMPLING, **LIKELIHOODS, "user": "u"}, {"n": 2, **SAMPLING}),
        (
            "mistral",
            "mistral-small-latest",
            {"stream": True, "stream_options": {"include_usage": True}},
            {"stream": True},
        ),
        ("groq", "llama-3.3-70b-versatile", {**LIKELIHOODS, "n": 2, **SAMPLING}, SAMPLING),
        ("groq", "llama-3.3-70b-versatile", {"n": 1}, None),
        ("deepseek", "deepseek-chat", {"max_completion_tokens": 9}, {"max_tokens": 9}),
        ("xai", "grok-4.7", {**SAMPLING, "stop": "x"}, {"temperature": 0.2, "top_p": 0.9}),
        ("xai", "grok-4.20-non-reasoning", {"stop": "x"}, None),
        ("ollama", "llama3.2", {"max_completion_tokens": 9}, {"max_tokens": 9}),
        ("tgi", "tgi", {"max_completion_tokens": 9}, {"max_tokens": 9}),
        ("cohere", "command-a-03-2025", {"seed": 7}, None),
        ("simulated", "simulated-large", {**SAMPLING, **LIKELIHOODS, "max_tokens": 9}, None),
    ],
)
def test_what_a_provider_is_sent(provider: str, model: str, said: dict[str, Any], left: dict[str, Any] | None) -> None:
    sent, changes = send(provider, model, said)
    assert sent == (said if left is None else left)
    assert bool(changes) == (left is not None)


def test_another_format_of_the_same_provider_has_rules_of_its_own() -> None:
    said = {"temperature": 0.2, "max_output_tokens": 9, "top_logprobs": 2, "stop": "x"}
    assert send("openai", "gpt-5", said, "openai_responses") == (
        {"max_output_tokens": 9, "stop": "x"},
        ["-top_logprobs", "-temperature"],
    )
    assert send("anthropic", "claude-opus-5", CLAUDE, "openai_chat") == (CLAUDE, [])


def list_members(quirk: Quirk) -> Iterator[str]:
    for mapping in (quirk.unless, quirk.rename, quirk.replace, quirk.drop_unless, quirk.least, quirk.most, quirk.add):
        yield from mapping
    yield from quirk.rename.values()
    yield from quirk.drop
    yield from (name for names in quirk.only_one for name in names)


@pytest.mark.parametrize(("provider", "quirk"), QUIRKS, ids=[f"{name}-{quirk.name}" for name, quirk in QUIRKS])
def test_a_rule_does_something_under_a_name_of_its_own(provider: str, quirk: Quirk) -> None:
    known = CATALOG.providers[provider]
    assert [each.name for each in known.quirks].count(quirk.name) == 1
    assert set(list_members(quirk)) - set(quirk.unless)
    assert all(member.count(".") <= 1 for member in list_members(quirk))
    assert set(quirk.dialects) <= {known.dialect, *known.also_speaks}


@pytest.mark.parametrize("name", CATALOG.providers)
def test_a_provider_speaks_formats_that_there_are(name: str) -> None:
    known = CATALOG.providers[name]
    assert {known.dialect, *known.also_speaks} <= set(get_args(Dialect))
    assert known.key_readings.keys() <= set(known.key_variables)
    assert "chat" in known.operations
