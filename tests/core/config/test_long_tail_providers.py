"""Providers called `litellm/NAME` in a document: what is completed, what is refused, and what is warned of."""

from dataclasses import replace

import pytest
from compiling import compile_text

from pointsman.control.configuration import load_catalog
from pointsman.core.catalog.long_tail import PREFIX, UNSUITABLE, find_long_tail
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import Compiled, compile_config
from pointsman.core.config.snapshot import Deployment
from pointsman.core.config.source import Source

KEY = "api_key: {env: POINTSMAN_HOUSE_KEY}"


def write(provider: str, name: str = "litellm/replicate") -> str:
    return f"providers: {{{name}: {provider}}}\nmodels: {{m: {{provider: {name}, model_id: meta/llama}}}}\n"


def deploy(provider: str, name: str = "litellm/replicate") -> Deployment:
    compiled = compile_text(write(provider, name))
    assert compiled.snapshot is not None, compiled.problems
    return compiled.snapshot.models["m"].deployment


def list_codes(compiled: Compiled) -> list[str]:
    return [
        f"{found.path} {found.code} {found.severity}" for found in compiled.problems if found.code != "price_unknown"
    ]


def test_a_name_and_a_key_make_a_provider_of_the_cloud() -> None:
    deployment = deploy(f"{{{KEY}}}")
    assert deployment.id == "litellm/replicate/meta/llama"
    assert find_long_tail(deployment.provider) == "replicate"
    assert (deployment.dialect, deployment.base_url, deployment.location) == ("openai_chat", "", "cloud")
    assert (deployment.auth, deployment.clearance, deployment.credential) == (
        "bearer",
        "low",
        "env:POINTSMAN_HOUSE_KEY",
    )
    assert [quirk.name for quirk in deployment.quirks] == ["litellm-bookkeeping"]
    assert list_codes(compile_text(write(f"{{{KEY}}}"))) == []


def test_it_is_asked_for_chats_only() -> None:
    compiled = compile_text(write(f"{{{KEY}}}"))
    assert compiled.snapshot is not None
    assert compiled.snapshot.models["m"].operations == frozenset({"chat"})


@pytest.mark.parametrize(
    ("base_url", "location"),
    [("http://localhost:11434", "local"), ("https://models.example/v1", "cloud")],
)
def test_a_base_url_is_judged_like_any_other(base_url: str, location: str) -> None:
    assert deploy(f"{{{KEY}, base_url: '{base_url}'}}").location == location


def test_what_is_known_of_an_address_is_not_known_of_it_through_litellm() -> None:
    deployment = deploy(f"{{{KEY}, base_url: 'https://api.anthropic.com/v1'}}", "litellm/anthropic")
    assert (deployment.dialect, deployment.auth, deployment.headers) == ("openai_chat", "bearer", ())


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        ("{base_url: 'http://10.0.0.7/v1', " + KEY + "}", "base_url forbidden_url error"),
        ("{base_url: 'http://models.example/v1', " + KEY + "}", "base_url forbidden_url error"),
        ("{location: local, " + KEY + "}", "location conflict error"),
        ("{dialect: gemini, " + KEY + "}", "dialect conflict error"),
        ("{auth: x-api-key, " + KEY + "}", "auth conflict error"),
    ],
)
def test_what_cannot_hold_is_an_error(provider: str, problem: str) -> None:
    assert list_codes(compile_text(write(provider))) == [f"providers.litellm/replicate.{problem}"]


def test_a_missing_key_is_worth_a_warning_where_one_is_needed() -> None:
    assert list_codes(compile_text(write("{}"))) == ["providers.litellm/replicate credential_missing warning"]
    for keyless in ("{auth: none}", "{base_url: 'http://localhost:8080/v1'}"):
        assert list_codes(compile_text(write(keyless))) == []


@pytest.mark.parametrize("name", sorted(UNSUITABLE))
def test_names_that_take_no_key_are_refused(name: str) -> None:
    (problem,) = list_codes(compile_text(write(f"{{{KEY}}}", f"{PREFIX}{name}")))
    assert problem == f"providers.{PREFIX}{name} invalid_name error"


@pytest.mark.parametrize("name", ["litellm/", "litellm/A", "litellm/a/b", "other/replicate", "/replicate"])
def test_no_other_name_may_hold_a_slash(name: str) -> None:
    compiled = compile_text(write(f"{{base_url: 'https://models.example/v1', {KEY}}}", f"'{name}'"))
    assert any(found.code == "invalid_name" for found in compiled.problems)


def test_without_the_library_the_document_compiles_to_the_same_with_a_warning() -> None:
    text = write(f"{{{KEY}}}")
    with_it = Surroundings("production", load_catalog(), "2026-11-21", {}, frozenset(("POINTSMAN_HOUSE_KEY",)))
    sources = [Source("pointsman.yaml", text.encode())]
    found, missing = compile_config(sources, with_it), compile_config(sources, replace(with_it, has_litellm=False))
    assert found.snapshot == missing.snapshot
    assert list_codes(missing) == ["providers.litellm/replicate extra_missing warning"]
    assert any("pip install 'pointsman[litellm]'" in problem.message for problem in missing.problems)
