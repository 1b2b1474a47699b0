"""A stored change cannot take a provider's key to another host unless it names the key (A11)."""

import pytest

from pointsman.control.configuration import build_surroundings
from pointsman.core.config.compile import Compiled, compile_config
from pointsman.core.config.nodes import Plain
from pointsman.core.config.source import Source
from pointsman.core.config.stored_layer import Edit, Stamp, StoredLayer

DOCUMENT = """\
version: 1
providers:
  openai: {}
  keyless: {base_url: "https://models.example.com/v1"}
  house: {base_url: "https://house.example.com/v1", api_key: {env: POINTSMAN_HOUSE_KEY}}
"""
ELSEWHERE = "https://elsewhere.example.com/v1"
KEY: Plain = {"env": "POINTSMAN_OTHER_KEY"}


def compile_with(*changes: dict[str, Plain], document: str = DOCUMENT, **variables: str) -> Compiled:
    """The document with one stored revision for each change of its providers."""
    stored = StoredLayer()
    for number, providers in enumerate(changes, 1):
        stored = stored.edited(Edit({"providers": providers}), Stamp(number, "anna", "", 0))
    surroundings = build_surroundings(variables, "production")
    return compile_config((Source("pointsman.yaml", document.encode()),), surroundings, stored.build_layers())


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("openai", {"base_url": ELSEWHERE}),
        ("openai", {"base_url": "https://api.openai.com:8443/v1"}),
        ("openai", {"base_url": "https://api.openai.com.elsewhere.example.com/v1"}),
        ("house", {"base_url": ELSEWHERE}),
        ("house", {"base_url": ELSEWHERE, "api_key": None}),
        ("mistral", {"base_url": ELSEWHERE}),
    ],
)
def test_a_key_never_follows_to_another_host(name: str, fields: dict[str, Plain]) -> None:
    compiled = compile_with({name: fields})
    (problem,) = [each for each in compiled.problems if each.severity == "error"]
    assert (problem.code, problem.path) == ("key_required_for_new_host", f"providers.{name}.base_url")
    assert compiled.snapshot is None


def test_a_key_that_was_named_before_does_not_count_for_a_later_host() -> None:
    compiled = compile_with({"openai": {"api_key": KEY}}, {"openai": {"base_url": ELSEWHERE}})
    assert [each.code for each in compiled.problems if each.severity == "error"] == ["key_required_for_new_host"]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("openai", {"base_url": ELSEWHERE, "api_key": KEY}),
        ("openai", {"base_url": "https://API.openai.com:443/v2"}),
        ("house", {"base_url": "https://house.example.com/v2"}),
        ("keyless", {"base_url": ELSEWHERE}),
        ("another", {"base_url": ELSEWHERE}),
    ],
)
def test_what_takes_no_key_elsewhere_is_allowed(name: str, fields: dict[str, Plain]) -> None:
    assert compile_with({name: fields}).snapshot is not None


def test_files_and_variables_say_by_themselves_where_keys_go() -> None:
    written = DOCUMENT.replace("openai: {}", f"openai: {{base_url: '{ELSEWHERE}'}}")
    assert compile_with({"openai": {"base_url": ELSEWHERE}}, document=written).snapshot is not None
    moved = compile_with({"gradient": {"base_url": ELSEWHERE}}, GRADIENT_BASE_URL=ELSEWHERE)
    assert moved.snapshot is not None
    assert compile_with({"gradient": {"base_url": ELSEWHERE}}).snapshot is None
