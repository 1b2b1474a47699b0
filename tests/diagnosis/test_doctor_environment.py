"""Variables: who chooses the overlay, which ones the file overrides, and proxies, whose passwords never show."""

import pytest
from examining import LOCAL, Site

OVERLAYS = LOCAL + "agents: {writer: {model: small}}\nenvironments: {development: {agents: {writer: {tags: [x]}}}}\n"
OLLAMA = (
    "providers: {ollama: {}}\nmodels: {mistral-nemo: {provider: ollama}}\nagents: {writer: {model: mistral-nemo}}\n"
)


@pytest.mark.parametrize("variable", ["POINTSMAN_ENV", "DEPLOYMENT_ENV"])
def test_the_variable_that_chose_is_named(site: Site, variable: str) -> None:
    site.write(OVERLAYS)
    site.environ[variable] = "development"
    found = site.examine()["environment"]
    assert found.status == "good"
    assert found.message == f'"development", chosen by {variable}; the configuration has an overlay for it'


def test_two_variables_that_differ_are_wrong(site: Site) -> None:
    site.write(OVERLAYS)
    site.environ |= {"POINTSMAN_ENV": "development", "DEPLOYMENT_ENV": "production"}
    assert site.examine().status_of("environment") == "wrong"
    site.environ["DEPLOYMENT_ENV"] = "development"
    assert site.examine().status_of("environment") == "good"


def test_an_environment_that_has_no_overlay_while_others_do_is_noticed(site: Site) -> None:
    site.write(OVERLAYS)
    assert site.examine(environment="developmnet").status_of("environment") == "warning"
    assert site.examine().status_of("environment") == "good"


@pytest.mark.parametrize(
    ("variable", "value", "document"),
    [
        ("OLLAMA_CHAT_MODEL", "llama3", OLLAMA + "interactions: {planning: {model: mistral-nemo}}\n"),
        ("GRADIENT_MODEL", "llama3.3-70b-instruct", OLLAMA.replace("writer", "orchestrator")),
    ],
)
def test_old_variables_are_drift_where_the_file_says_otherwise(
    site: Site, variable: str, value: str, document: str
) -> None:
    site.write(document)
    assert site.examine()["drift"].message == "no variable says anything else than the configuration"
    site.environ[variable] = value
    found = site.examine()["drift"]
    assert found.status == "warning"
    assert found.message.startswith(
        f'{variable} says "{value}", but the configuration counts before it and says "mistral'
    )


def test_old_variables_are_no_drift_where_the_file_says_nothing(site: Site) -> None:
    site.write(OLLAMA)
    site.environ["OLLAMA_CHAT_MODEL"] = "llama3"
    found = site.examine()["drift"]
    assert found.status == "good"
    assert found.message.startswith("OLLAMA_CHAT_MODEL of an older set-up counts")


def test_a_variable_that_would_move_a_provider_is_drift_only_where_the_file_says_otherwise(site: Site) -> None:
    site.write(OLLAMA)
    site.environ["OLLAMA_URL"] = "http://127.0.0.1:1"
    assert site.examine().status_of("drift") == "good"
    site.write(OLLAMA.replace("ollama: {}", "ollama: {base_url: 'http://127.0.0.1:2/v1'}"))
    found = site.examine()["drift"]
    assert found.status == "warning"
    assert "OLLAMA_URL says http://127.0.0.1:1" in found.message


def test_proxies_are_named_and_never_shown(site: Site) -> None:
    site.write(LOCAL)
    site.environ["https_proxy"] = "http://user:hunter2hunter2@proxy:3128"
    found = site.examine()
    assert found.status_of("proxies") == "good"
    site.write("providers: {openai: {}}\nmodels: {gpt-4o: {provider: openai}}\n")
    found = site.examine()
    assert found.status_of("proxies") == "warning"
    assert "HTTPS_PROXY" in found["proxies"].message
    assert not any("hunter2" in finding.message for finding in found.all)
