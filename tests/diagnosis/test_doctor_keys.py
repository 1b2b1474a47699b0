"""Providers' keys: where they are, what keeps them from being used; and prices that nobody knows."""

import os
from pathlib import Path

import pytest
from examining import Site

from pointsman.diagnosis.credential import find_credential

KEY = "sk-planted-0123456789abcdefghij"
OPENAI = "providers: {openai: {}}\nmodels: {gpt-4o: {provider: openai}}\nagents: {writer: {model: gpt-4o}}\n"
BY_FILE = OPENAI.replace("openai: {}", "openai: {api_key: {file: KEYFILE}}", 1)


def test_a_key_is_said_to_be_there_by_the_name_of_its_variable(site: Site) -> None:
    site.write(OPENAI)
    assert site.examine().status_of("key of openai") == "wrong"
    site.environ["OPENAI_API_KEY"] = "  "
    assert site.examine()["key of openai"].message == "OPENAI_API_KEY is set, but to nothing"
    site.environ["OPENAI_API_KEY"] = KEY
    found = site.examine()["key of openai"]
    assert (found.status, found.message) == ("good", "OPENAI_API_KEY is set")
    site.environ["OPENAI_API_KEY"] = f"{KEY}\n"
    found = site.examine()["key of openai"]
    assert found.status == "wrong"
    assert "whitespace" in found.message


def test_a_missing_key_that_no_first_model_needs_is_a_warning(site: Site) -> None:
    site.write(
        "providers: {openai: {}, simulated: {}}\nmodels: {gpt-4o: {provider: openai}}\n"
        "agents: {writer: {model: simulated-large, fallback: [gpt-4o]}}\n"
    )
    assert site.examine().status_of("key of openai") == "warning"


@pytest.mark.parametrize(
    ("mode", "status", "said"),
    [
        (0o600, "good", "is set"),
        (0o400, "good", "is set"),
        (0o644, "warning", "may be read by others (mode 0644)"),
        (0o622, "wrong", "may be changed by others (mode 0622), so it is not used"),
        (0o200, "wrong", "may not be read by this account (mode 0200)"),
    ],
)
def test_a_key_file_is_judged_by_its_mode(site: Site, mode: int, status: str, said: str) -> None:
    path = site.write(KEY, "key", mode)
    site.write(BY_FILE.replace("KEYFILE", str(path)))
    found = site.examine()["key of openai"]
    assert (found.status, found.message) == (status, f"{path} {said}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        (f" {KEY}", "whitespace"),
        (f"{KEY}\n{KEY}\n", "printable"),
        ("x" * 9_000, "bytes"),
    ],
)
def test_a_key_file_with_something_else_in_it_cannot_be_used(site: Site, content: str, said: str) -> None:
    found = find_credential(f"file:{site.write(content, 'key', 0o600)}", {}, site.folder)
    assert found.value is None
    assert said in found.fault
    assert KEY not in found.fault + found.advice


def test_a_pipe_and_a_missing_file_are_no_key_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert find_credential("file:pipe", {}, tmp_path).fault == "is not a file"
    assert find_credential("file:none", {}, tmp_path).fault == "is not there"


def test_the_first_variable_that_is_set_counts(tmp_path: Path) -> None:
    found = find_credential("env:FIRST,SECOND", {"FIRST": "", "SECOND": KEY}, tmp_path)
    assert (found.place, found.value) == ("SECOND", KEY)
    assert KEY not in repr(found)


def test_models_without_a_price_are_named(site: Site) -> None:
    site.write("providers: {openai: {}}\nmodels: {mystery-1: {provider: openai}, gpt-4o: {provider: openai}}\n")
    found = site.examine()["prices"]
    assert found.status == "warning"
    assert found.message.startswith("unknown for mystery-1:")
    site.write(OPENAI)
    assert site.examine().status_of("prices") == "good"


def test_without_any_model_nothing_can_be_served(site: Site) -> None:
    site.write("providers: {openai: {enabled: false}}\nmodels: {gpt-4o: {provider: openai}}\n")
    assert site.examine().status_of("keys") == "wrong"
