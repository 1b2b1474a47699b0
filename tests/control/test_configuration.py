"""Where the configuration is found, and that whatever is wrong with the file itself is a problem and not an error."""

import os
import time
from pathlib import Path

import pytest

from pointsman.control.configuration import demo_document, find_config, load_configuration
from pointsman.core.config.source import MOST_BYTES

GOOD = "providers: {openai: {}}\nagents: {a: {model: gpt-4o}}\n"


def put(path: Path, text: str = GOOD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_configuration_is_looked_for_in_order(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "HOME": "/nowhere"}
    nearest = tmp_path / "pointsman.yaml"
    assert find_config(None, environ, tmp_path) == nearest
    for place, found in (
        ("xdg/pointsman/pointsman.yml", "xdg/pointsman/pointsman.yml"),
        ("xdg/pointsman/pointsman.yaml", "xdg/pointsman/pointsman.yaml"),
        ("config/agents/models.yaml", "config/agents/models.yaml"),
        ("config/routing.yaml", "config"),
        ("config/pointsman.yml", "config/pointsman.yml"),
        ("config/pointsman.yaml", "config/pointsman.yaml"),
        ("pointsman.yml", "pointsman.yml"),
        ("pointsman.yaml", "pointsman.yaml"),
    ):
        put(tmp_path / place)
        assert find_config(None, environ, tmp_path) == tmp_path / found
    named = environ | {"POINTSMAN_CONFIG": "other.yaml"}
    assert find_config(None, named, tmp_path) == tmp_path / "other.yaml"
    assert find_config(Path("x.yaml"), named, tmp_path) == Path("x.yaml")
    assert find_config(None, {"POINTSMAN_CONFIG": ""}, tmp_path) == nearest


def test_home_is_where_the_last_place_is_without_its_variable(tmp_path: Path) -> None:
    place = put(tmp_path / "home/.config/pointsman/pointsman.yaml")
    assert find_config(None, {"HOME": str(tmp_path / "home")}, tmp_path) == place


@pytest.mark.parametrize("name", ["models.yaml", "agents.yaml", "routing.yaml", "providers.yaml"])
def test_a_folder_with_one_of_the_usual_parts_is_a_configuration(tmp_path: Path, name: str) -> None:
    put(tmp_path / "config/logging.yaml")
    assert find_config(None, {"HOME": "/nowhere"}, tmp_path) == tmp_path / "pointsman.yaml"
    put(tmp_path / "config" / name)
    assert find_config(None, {"HOME": "/nowhere"}, tmp_path) == tmp_path / "config"


def find_problem(path: Path, environ: dict[str, str] | None = None) -> str:
    loaded = load_configuration(path, environ or {})
    assert loaded.snapshot is None
    (problem,) = loaded.problems
    return problem.code


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    assert find_problem(tmp_path / "missing.yaml") == "file_missing"
    assert find_problem(tmp_path) == "file_missing"
    assert find_problem(put(tmp_path / "file.yaml") / "below.yaml") == "file_unreadable"
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    assert find_problem(pipe) == "not_a_file"
    with (tmp_path / "large.yaml").open("wb") as large:
        large.truncate(100 * MOST_BYTES)
    assert find_problem(tmp_path / "large.yaml") == "too_large"


def test_the_environment_is_ours_or_the_usual_one_but_never_two(tmp_path: Path) -> None:
    path = put(tmp_path / "pointsman.yaml")

    def choose(**environ: str) -> str:
        return load_configuration(path, environ).environment

    assert choose() == "production"
    assert choose(DEPLOYMENT_ENV="staging") == "staging"
    assert choose(POINTSMAN_ENV="development", DEPLOYMENT_ENV="") == "development"
    assert choose(POINTSMAN_ENV="a", DEPLOYMENT_ENV="a") == "a"
    assert find_problem(path, {"POINTSMAN_ENV": "a", "DEPLOYMENT_ENV": "b"}) == "conflict"
    assert load_configuration(path, {"POINTSMAN_ENV": "a", "DEPLOYMENT_ENV": "b"}, "c").environment == "c"


def test_a_missing_key_is_a_warning_that_names_the_variable(tmp_path: Path) -> None:
    path = put(tmp_path / "pointsman.yaml")
    assert load_configuration(path, {"OPENAI_API_KEY": "x"}).problems == ()
    for environ in ({}, {"OPENAI_API_KEY": ""}):
        loaded = load_configuration(path, environ)
        assert loaded.snapshot is not None
        (warning,) = loaded.problems
        assert (warning.code, warning.severity, warning.line) == ("credential_missing", "warning", 1)
        assert "set OPENAI_API_KEY" in warning.message


def test_a_file_below_the_working_directory_is_named_relative_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "config/pointsman.yaml", "providers: 1\n")
    told = str(load_configuration(tmp_path / "config/pointsman.yaml", {}).problems[0])
    assert told.startswith("config/pointsman.yaml:1:12 providers: ")


def test_the_demo_is_good_in_every_environment_and_shows_what_an_environment_does(tmp_path: Path) -> None:
    path = put(tmp_path / "pointsman.yaml", demo_document())
    for environment, model in (("production", "simulated-large"), ("development", "simulated-small")):
        loaded = load_configuration(path, {}, environment)
        assert loaded.problems == ()
        assert loaded.snapshot is not None
        assert loaded.snapshot.agents["orchestrator"].model == model
        assert {model.deployment.location for model in loaded.snapshot.models.values()} == {"local"}


def test_500_agents_load_well_within_a_second(tmp_path: Path) -> None:
    agents = "".join(f"  a{i}: {{model: gpt-4o, fallback: [gpt-4.1], tags: [t{i}]}}\n" for i in range(500))
    path = put(tmp_path / "pointsman.yaml", f"providers: {{openai: {{}}}}\nagents:\n{agents}")
    start = time.perf_counter()
    loaded = load_configuration(path, {})
    assert loaded.snapshot is not None
    assert len(loaded.snapshot.agents) == 500
    assert time.perf_counter() - start < 5
