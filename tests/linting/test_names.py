"""Which texts are names of models, and which of those may mean something else."""

import pytest
from code_bases import NAMES
from hypothesis import given
from hypothesis import strategies as st

from pointsman.control.configuration import load_catalog
from pointsman.linting.names import mentions_model, names_model, split_runs

IDS = sorted(NAMES.ids)
DISTINCTIVE = [name for name in IDS if (known := NAMES.read(name)) is not None and known.is_distinctive]


@pytest.mark.parametrize(
    "text",
    [
        "gpt-4o",
        "gpt-4o-2024-11-20",
        "gpt-4-0613",
        "claude-3-opus-20240229",
        "claude-3-5-sonnet-latest",
        "claude-3-5-sonnet@20240620",
        "anthropic.claude-3-haiku-20240307-v1:0",
        "eu.anthropic.claude-3-5-sonnet-20240620-v1:0",
        "openai/gpt-4o",
        "openrouter/openai/gpt-4o",
        "openai:gpt-4o",
        "bedrock/anthropic.claude-3-haiku-20240307-v1:0",
        "models/gemini-1.5-pro",
        "llama3.3-70b-instruct",
        "llama-3.3-70b-versatile",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "mistral-nemo:latest",
        "llama3.1:8b",
        "ollama/llama3.2:3b",
        "qwen2.5-coder:7b-instruct-q4_0",
        "openai/o1",
        "o3-mini",
    ],
)
def test_these_mean_a_model_wherever_they_stand(text: str) -> None:
    known = NAMES.read(text)
    assert known is not None and known.is_distinctive


@pytest.mark.parametrize("text", ["o1", "command", "sonar", "davinci", "ada", "inception/mercury-2", "simulated-large"])
def test_these_mean_a_model_only_where_one_is_expected(text: str) -> None:
    known = NAMES.read(text)
    assert known is not None and not known.is_distinctive


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "GPT-4o",
        "gpt-4o ",
        "gpt-4o-",
        "-gpt-4o",
        "gpt-4o.json",
        "my-gpt-4o",
        "gpt-4ox",
        "gpt-4o-mini-mine",
        "gpt-4o/gpt-4",
        "unknown/gpt-4o",
        "agent:gpt-4o",
        "agent:writer",
        "redis:latest",
        "python:3.11",
        "llama3.1:stable",
        "gpt-4o\n",
        "gpt-4o,gpt-4",
        "https://api.openai.com/v1/gpt-4o",
        "openai/",
        "openai:",
        "2024-05-13",
        "x" * 200,
    ],
)
def test_these_are_no_names(text: str) -> None:
    assert NAMES.read(text) is None


def test_every_id_of_the_catalogue_is_known() -> None:
    ids = [model.id for models in load_catalog().lists for listed in models.providers.values() for model in listed]
    assert len(ids) > 500
    whole = [name for name in ids if name[0] != "~" and name[-1] != "-"]
    assert len(whole) > 1000
    assert [name for name in whole if NAMES.read(name) is None] == []


@given(st.sampled_from(DISTINCTIVE), st.sampled_from(['x = "{}"', "- {}", '"openai/{}"', '"{}-2024-11-20"']))
def test_a_file_with_a_name_in_it_is_never_passed_over(name: str, line: str) -> None:
    assert NAMES.may_occur(split_runs(line.format(name)))


@given(st.sampled_from(IDS), st.sampled_from(['model = "{}"', "OPENAI_MODEL={}", "engine: {}", 'chatModel("{}")']))
def test_nor_is_one_with_a_common_word_where_a_model_is_expected(name: str, line: str) -> None:
    assert NAMES.may_occur(split_runs(line.format(name)))


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    known = NAMES.read(text)
    assert known is None or known.text == text


@pytest.mark.parametrize("key", ["model", "MODEL", "modelName", "model_id", "--model", "OLLAMA_CHAT_MODEL", "engine"])
def test_these_keys_name_a_model(key: str) -> None:
    assert names_model(key) and mentions_model(key)


@pytest.mark.parametrize("key", ["fallback", "MODEL_FAST", "modelSettings", "models"])
def test_these_keys_speak_of_models(key: str) -> None:
    assert mentions_model(key)


@pytest.mark.parametrize("key", [None, "", "remodel", "name", "model_path", "modelType", "MODEL_DIR", "engineer"])
def test_these_keys_do_not(key: str | None) -> None:
    assert not names_model(key) and not mentions_model(key)
