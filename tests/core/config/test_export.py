"""The stored layer is written into the files that it belongs to, and nothing else in them changes."""

import subprocess
from pathlib import Path

import pytest
import yaml
from compiling import GOOD, KEYS, compile_text
from export_cases import CASES, Case

from pointsman.control.configuration import load_catalog
from pointsman.core.config import source as source_module
from pointsman.core.config import spans as spans_module
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import compile_config
from pointsman.core.config.export import Unexportable, export_layer, format_patch
from pointsman.core.config.layers import Layer, build_mapping
from pointsman.core.config.nodes import Plain
from pointsman.core.config.source import MOST_BYTES, Source


def export(text: str, stored: dict[str, Plain], environment: str | None = "production") -> str:
    exported = export_layer((Source("pointsman.yaml", text.encode()),), environment, stored)
    assert not isinstance(exported, Unexportable), exported.reason
    return exported[0].content.decode()


def refuse(text: str | bytes, stored: dict[str, Plain]) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    refused = export_layer((Source("pointsman.yaml", content),), None, stored)
    assert isinstance(refused, Unexportable)
    return refused.reason


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_export_looks_as_if_a_careful_hand_had_done_it(case: Case) -> None:
    assert export(case.before, case.stored) == case.after


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_parser_in_python_leads_to_the_same_export(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (source_module, spans_module):
        monkeypatch.setattr(module, "_Loader", yaml.Loader)
    assert export(case.before, case.stored) == case.after


def test_a_compiled_document_means_the_same_with_the_layer_in_it() -> None:
    stored: dict[str, Plain] = {
        "agents": {
            "writer": {"model": "gpt-4o-mini", "parameters": {"temperature": 0.7, "stop": None}},
            "new": {"model": "small"},
        },
        "models": {"small": {"price_per_1m_tokens": {"input": "0.10", "output": "1"}}},
        "telemetry": {"level": "detailed"},
    }
    surroundings = Surroundings("production", load_catalog(), "2026-11-21", {}, KEYS)
    layer = Layer("stored", build_mapping(stored, "stored"))
    before = compile_config((Source("pointsman.yaml", GOOD.encode()),), surroundings, (layer,)).snapshot
    after = compile_text(export(GOOD, stored)).snapshot
    assert before is not None and after is not None
    assert (before.models, before.agents, before.settings) == (after.models, after.agents, after.settings)


FILES = (
    Source("models.yaml", b"version: 1\nproviders: {openai: {}}\nmodels:\n  m: {provider: openai}\n"),
    Source("agents.yaml", b"# agents\nagents:\n  a: {model: m}\n"),
    Source("routing.yaml", b"routing:\n  attempts: 2\nbudgets:\n- {scope: total}\n"),
    Source("more.yaml", b"budgets:\n  # cloud\n  - {scope: cloud}\n  - {scope: x}\n"),
    Source("environments/production.yaml", b"agents: {a: {model: n}}  # n here\n", "production"),
)


def export_files(stored: dict[str, Plain]) -> dict[str, str]:
    """The files that changed."""
    exported = export_layer(FILES, "production", stored)
    assert not isinstance(exported, Unexportable), exported.reason
    assert [source.file for source in exported] == [source.file for source in FILES]
    pairs = zip(FILES, exported, strict=True)
    return {new.file: new.content.decode() for old, new in pairs if new.content != old.content}


@pytest.mark.parametrize(
    ("stored", "changed"),
    [
        ({}, {}),
        ({"models": {"m": {"tier": 1}}}, {"models.yaml": "  m: {provider: openai, tier: 1}\n"}),
        ({"agents": {"b": {"model": "m"}}}, {"agents.yaml": "  b: {model: m}\n"}),
        ({"agents": {"a": {"model": "o"}}}, {"environments/production.yaml": "agents: {a: {model: o}}  # n here\n"}),
        ({"agents": {"a": {"tags": ["t"]}}}, {"agents.yaml": "  a: {model: m, tags: [t]}\n"}),
        ({"tasks": {"t": {"model": "m"}}}, {"models.yaml": "tasks:\n  t: {model: m}\n"}),
        ({"cache": {"mode": "exact"}}, {"routing.yaml": "cache:\n  mode: exact\n"}),
        (
            {"budgets": [{"scope": "total"}, {"scope": "cloud"}, {"scope": "y"}]},
            {"more.yaml": 'budgets:\n  # cloud\n  - {scope: cloud}\n  - {scope: "y"}\n'},
        ),
        ({"budgets": [{"scope": "cloud"}, {"scope": "x"}]}, {"routing.yaml": "routing:\n  attempts: 2\nbudgets: []\n"}),
        (
            {"budgets": [{"scope": "all"}]},
            {"routing.yaml": "budgets:\n- {scope: all}\n", "more.yaml": "{}\n"},
        ),
    ],
)
def test_each_value_goes_into_the_file_where_it_belongs(stored: dict[str, Plain], changed: dict[str, str]) -> None:
    exported = export_files(stored)
    assert exported.keys() == changed.keys()
    assert all(exported[file].endswith(end) for file, end in changed.items()), exported


def test_a_section_goes_into_the_file_that_is_named_after_it() -> None:
    files = (*FILES[:1], Source("config/cache.yaml", b"{}\n"))
    exported = export_layer(files, None, {"cache": {"mode": "exact"}})
    assert not isinstance(exported, Unexportable)
    assert [source.content for source in exported] == [FILES[0].content, b"cache: {mode: exact}\n"]


def test_what_cannot_be_written_back_is_refused_with_the_next_step() -> None:
    litellm = "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o}}]"
    assert "pointsman import litellm pointsman.yaml" in refuse(litellm, {"cache": {}})
    assert "pointsman import litellm" in refuse("cache: {}", {"model_list": [{"model_name": "a"}]})
    assert "unset `environments`" in refuse("agents: {}", {"environments": {}})
    assert "18 digits" in refuse("cache: {}", {"cache": {"a": 10**20}})
    assert "finite" in refuse("cache: {}", {"cache": {"a": [float("inf")]}})
    assert "pointsman.yaml:1:12" in refuse("cache: {a: }", {"cache": {"b": 1}})
    assert "not UTF-8" in refuse(b"cache: {a: \xff}", {"cache": {"b": 1}})
    assert "there is no value" in refuse("cache: {}", {"cache": {"a": [None]}})
    assert "too_large" in refuse("cache: {}", {"cache": {"a": "x" * MOST_BYTES}})


def test_what_another_environment_changes_cannot_be_put_in_its_place() -> None:
    text = "agents: {a: {model: x}}\nenvironments: {development: {agents: {a: {model: y}}}}\n"
    assert "there is no" in refuse(text, {"agents": 5})


def test_a_secret_is_neither_written_nor_repeated() -> None:
    secret = "sk-proj-" + "a1B2" * 12
    reason = refuse("cache: {}", {"cache": {"a": secret}})
    assert "secret" in reason and secret not in reason


def test_a_key_that_no_document_may_have_is_refused() -> None:
    assert refuse("cache: {}", {"cache": {"<<": 1}})


def test_an_explicit_key_keeps_its_form() -> None:
    assert export("cache:\n  ? mode\n  : off\n", {"cache": {"mode": "exact"}}) == "cache:\n  ? mode\n  : exact\n"


def test_the_patch_is_one_that_git_applies(tmp_path: Path) -> None:
    changed: dict[str, Plain] = {
        "agents": {"a": {"model": "o"}, "b": {"model": "m"}},
        "cache": {"mode": "exact"},
        "budgets": [{"scope": "é"}],
    }
    files = (*FILES, Source("last.yaml", "policy:\r\n  strict: true\r\n  é: ü".encode()))
    exported = export_layer(files, "production", {**changed, "policy": {"strict": False, "on_loss": "warn"}})
    assert not isinstance(exported, Unexportable)
    for source in files:
        (tmp_path / source.file).parent.mkdir(exist_ok=True)
        (tmp_path / source.file).write_bytes(source.content)
    (tmp_path / "export.patch").write_bytes(format_patch(files, exported).encode())
    subprocess.run(["git", "apply", "export.patch"], cwd=tmp_path, check=True, capture_output=True)
    assert [(tmp_path / source.file).read_bytes() for source in exported] == [source.content for source in exported]
    assert format_patch(files, files) == ""
