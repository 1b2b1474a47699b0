"""Old variables make a layer below every file: models only where one is named, addresses only with them."""

from pathlib import Path

from golden_forms import compile_sources

from pointsman.control.configuration import load_catalog
from pointsman.core.config.forms.dotenv import read_variables_file
from pointsman.core.config.forms.importing import import_variables
from pointsman.core.config.forms.variables import adapt_variables
from pointsman.core.config.nodes import Plain, to_plain
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import Source

OLLAMA = {"OLLAMA_URL": "http://ollama:11434", "OLLAMA_CHAT_MODEL": "mistral-nemo:latest", "LLM_PROVIDER": "ollama"}


def adapt(**environ: str) -> Plain:
    root = adapt_variables(environ, load_catalog())
    return None if root is None else to_plain(root)


def test_the_variables_of_an_ollama_set_up_hold_for_every_chat() -> None:
    model: Plain = {"model": "mistral-nemo:latest"}
    assert adapt(**OLLAMA) == {
        "models": {"mistral-nemo:latest": {"provider": "ollama"}},
        "providers": {"ollama": {"base_url": "http://ollama:11434/v1"}},
        "interactions": dict.fromkeys(("reasoning", "tools", "subagents", "planning"), model),
    }


def test_gradients_model_is_the_orchestrators() -> None:
    assert adapt(GRADIENT_MODEL="llama3.3-70b-instruct") == {
        "models": {"llama3.3-70b-instruct": {"provider": "gradient"}},
        "providers": {"gradient": {}},
        "agents": {"orchestrator": {"model": "llama3.3-70b-instruct"}},
    }


def test_a_provider_without_a_model_means_its_usual_one() -> None:
    layer = adapt(LLM_PROVIDER="Claude")
    assert isinstance(layer, dict)
    assert layer["providers"] == {"anthropic": {}}


def test_an_address_alone_changes_nothing() -> None:
    assert adapt() is None
    assert adapt(OLLAMA_HOST="127.0.0.1:11434", OLLAMA_URL="http://ollama:11434", OLLAMA_CHAT_MODEL=" ") is None


def test_an_unknown_provider_counts_for_nothing_and_says_so() -> None:
    findings = Findings()
    assert adapt_variables({"LLM_PROVIDER": "olama"}, load_catalog(), findings) is None
    (problem,) = findings.in_order()
    assert (problem.file, problem.path, problem.code, problem.severity) == (
        "environment",
        "LLM_PROVIDER",
        "not_carried",
        "warning",
    )
    assert problem.suggestion == "ollama"


def test_places_say_which_variable_a_value_comes_from() -> None:
    root = adapt_variables(OLLAMA, load_catalog())
    assert root is not None
    assert root.entries["interactions"].key.path == "OLLAMA_CHAT_MODEL"


def test_a_file_of_variables_is_read_as_a_shell_would() -> None:
    text = """\
# LLM_PROVIDER=openai
export OLLAMA_URL="http://ollama:11434"   # in the same network
OLLAMA_CHAT_MODEL='old'
OLLAMA_CHAT_MODEL=mistral-nemo:latest # the newer one
OPENAI_API_KEY=sk-this-stands-for-a-real-key-0000
LLM_PROVIDER = ollama
GRADIENT_MODEL=
"""
    found = read_variables_file(Source(".env", text.encode()))
    assert {name: variable.value for name, variable in found.items()} == OLLAMA
    assert (found["OLLAMA_CHAT_MODEL"].place.line, found["LLM_PROVIDER"].place.line) == (4, 6)
    imported = import_variables(Source(".env", text.encode()), load_catalog())
    assert "sk-this" not in imported.text
    compiled = compile_sources((Source("pointsman.yaml", imported.text.encode()),))
    assert compiled.snapshot is not None, compiled.problems
    assert compiled.snapshot.interactions["planning"].model == "mistral-nemo:latest"
    assert compiled.snapshot.models["mistral-nemo:latest"].deployment.location == "local"


def test_a_file_without_them_makes_no_document(tmp_path: Path) -> None:
    assert import_variables(Source(".env", b"OPENAI_API_KEY=x\nNOTHING\n\xff=\n"), load_catalog()).text == ""
