"""`pointsman models`: what is listed, what is told of one, and newer data that is taken whole or not at all."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_line import Answer, CommandLine, open_command_line

DOCUMENT = """\
version: 1
providers: {openai: {}, anthropic: {}, house: {base_url: "http://127.0.0.1:9/v1"}}
models:
  fast: {provider: openai, model_id: gpt-4o-mini, tier: 2, max_output_tokens: 4000}
  strong: {provider: anthropic, model_id: claude-sonnet-4-5}
  own: {provider: house, context_window: 8000, enabled: false, capabilities: [tools]}
agents: {writer: {model: fast}}
routing: {aliases: {quick: fast}}
"""
LIST = {
    "source": "our prices",
    "date": "2026-11-01",
    "providers": {"openai": [{"id": "gpt-4o-mini", "prices": [[None, 1, 1, 2]], "max_output_tokens": 7}]},
}
"""Older than what the package brings."""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    for opened in open_command_line(tmp_path, monkeypatch):
        opened.write(DOCUMENT)
        yield opened


def names(answer: Answer) -> list[str]:
    assert answer.code == 0, answer.stderr
    return [model["name"] for model in answer.json["models"]]


def newer(**fields: object) -> str:
    """A list of today, whenever that is."""
    return json.dumps(LIST | {"date": datetime.now(UTC).date().isoformat()} | fields)


def price(shell: CommandLine) -> object:
    return shell.run("models", "--search", "fast", "--json").json["models"][0]["price_per_1m_tokens"]["input"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["fast", "strong", "own"]),
        (["--provider", "anthropic"], ["strong"]),
        (["--capability", "vision"], ["fast", "strong"]),
        (["--capability", "tools", "--local"], ["own"]),
        (["--cloud"], ["fast", "strong"]),
        (["--max-price", "0.60"], ["fast", "own"]),
        (["--max-price", "$0.59"], ["own"]),
        (["--min-context", "128000"], ["fast", "strong"]),
        (["--min-context", "128001"], ["strong"]),
        (["--search", "SONNET"], ["strong"]),
        (["--search", "fas", "--provider", "anthropic"], []),
    ],
)
def test_models_are_listed_and_filtered(shell: CommandLine, words: list[str], found: list[str]) -> None:
    assert names(shell.run("models", *words, "--json")) == found


def test_what_is_said_of_a_model(shell: CommandLine) -> None:
    fast, _, own = shell.run("models", "--json").json["models"]
    assert fast == {
        "name": "fast",
        "provider": "openai",
        "model_id": "gpt-4o-mini",
        "dialect": "openai_chat",
        "location": "cloud",
        "configured": True,
        "enabled": True,
        "tier": 2,
        "context_window": 128_000,
        "max_output_tokens": 4_000,
        "capabilities": ["tools", "structured_output", "vision"],
        "lacks": [],
        "modalities": ["text", "image"],
        "price_per_1m_tokens": {
            "input": "0.15",
            "cached_input": "0.075",
            "cache_write": None,
            "output": "0.6",
            "source": "catalogue 2026-11-21",
            "valid_from": None,
            "tiers": [],
            "batch": 0.5,
            "per_search": "0.01",
        },
        "deprecated": True,
        "retires_on": "2027-01-14",
        "retired": fast["retired"],
    }
    assert (own["enabled"], own["location"], own["capabilities"]) == (False, "local", ["tools"])


def test_people_get_a_table_and_the_next_step(shell: CommandLine) -> None:
    answer = shell.run("models")
    lines = answer.stdout.splitlines()
    assert lines[0].split()[:4] == ["model", "provider", "id", "context"]
    assert "128,000" in lines[1] and "tier 2" in lines[1] and "2027-01-14" in lines[1]
    assert "switched off, local" in lines[3]
    assert answer.stderr == "Next: pointsman models show fast\n"
    nothing = shell.run("models", "--provider", "nobody")
    assert (nothing.code, nothing.stdout) == (0, "") and "pointsman models --all" in nothing.stderr


def test_the_whole_catalogue_needs_no_configuration(shell: CommandLine) -> None:
    listed = shell.run("models", "--all", "--json").json["models"]
    assert [model["configured"] for model in listed[:4]] == [True, True, True, False]
    assert len(listed) > 1_000 and {"bedrock", "vertex", "gradient"} <= {model["provider"] for model in listed}
    assert sum(model["model_id"] == "gpt-4o-mini" and model["provider"] == "openai" for model in listed) == 1
    (shell.folder / "pointsman.yaml").unlink()
    assert shell.run("models").code == 1
    alone = shell.run("models", "--all", "--json")
    assert alone.code == 0 and len(alone.json["models"]) > 1_000
    shell.write("models: 5")
    broken = shell.run("models", "--all", "--provider", "openai", "--json")
    assert broken.code == 0 and broken.json["models"] and "cannot be used" in broken.stderr


@pytest.mark.parametrize("name", ["quick", "fast", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"])
def test_a_model_is_shown_by_any_of_its_names(shell: CommandLine, name: str) -> None:
    view = shell.run("models", "show", name, "--json").json["models"][0]
    assert (view["name"], view["provider"], view["aliases"]) == ("fast", "openai", ["quick"])
    assert "gpt-4o-mini-2024-07-18" in view["ids"]
    assert view["origins"]["max_output_tokens"] == "pointsman.yaml:4"
    assert view["origins"]["price_per_1m_tokens"].startswith("genai-prices ")
    assert view["origins"]["retires_on"].startswith("developers.openai.com/")


def test_what_a_model_cost_when_is_told(shell: CommandLine) -> None:
    (view,) = shell.run("models", "show", "anthropic/claude-sonnet-4-6", "--json").json["models"]
    assert [price["valid_from"] for price in view["price_history"]] == [None, "2026-03-13"]
    assert view["price_history"][0]["tiers"][0]["above_input_tokens"] == 200_000
    assert view["price_per_1m_tokens"]["valid_from"] == "2026-03-13"
    assert view["price_per_1m_tokens"]["cache_write"] == "3.75"
    said = shell.run("models", "show", "anthropic/claude-sonnet-4-6").stdout
    assert "not configured" in said and "from 2026-03-13: $3 in" in said and "[platform.claude.com/" in said


def test_an_unknown_model_is_answered_with_a_guess(shell: CommandLine) -> None:
    answer = shell.run("models", "show", "fasst")
    assert (answer.code, answer.stdout) == (1, "") and 'did you mean "fast"?' in answer.stderr


def test_newer_data_counts_until_it_is_dropped(shell: CommandLine) -> None:
    shell.write(newer(), "prices.json")
    taken = shell.run("models", "refresh", "prices.json", "--json")
    assert taken.code == 0, taken.stderr
    assert (taken.json["models"], taken.json["new"], taken.json["changed"]) == (1, 0, 1)
    assert "pointsman config reload" in taken.stderr
    kept = shell.folder / ".pointsman" / "catalog" / "our-prices.json"
    assert taken.json["file"] == str(Path(".pointsman/catalog/our-prices.json")) and kept.stat().st_mode & 0o77 == 0
    view = shell.run("models", "show", "fast", "--json").json["models"][0]
    assert view["price_per_1m_tokens"]["input"] == "0.000000001"
    assert view["origins"]["price_per_1m_tokens"].startswith("our prices ")
    # What the list leaves open is as it was.
    assert view["capabilities"] == ["tools", "structured_output", "vision"]
    before = shell.run("check", "--json", OPENAI_API_KEY="x", ANTHROPIC_API_KEY="x").json
    assert before["ok"]
    dropped = shell.run("models", "refresh", "--drop", "--json")
    assert (dropped.code, dropped.json["dropped"]) == (0, ["our-prices"])
    assert price(shell) == "0.15" and not kept.exists()
    assert shell.run("models", "refresh", "--drop").stdout == "There was nothing to drop.\n"


def test_an_older_list_only_adds_what_newer_ones_leave_open(shell: CommandLine) -> None:
    shell.write(json.dumps(LIST), "prices.json")
    answer = shell.run("models", "refresh", "prices.json")
    assert answer.code == 0 and "only adds what newer lists do not say" in answer.stderr
    assert "0 cost something else today" in answer.stdout and price(shell) == "0.15"


@pytest.mark.parametrize(
    ("written", "about"),
    [("", "empty"), ("{", "no list of models"), (newer(providers={}), "no models"), (newer(more=1), "more")],
)
def test_a_bad_list_changes_nothing(shell: CommandLine, written: str, about: str) -> None:
    shell.write(newer(), "good.json")
    assert shell.run("models", "refresh", "good.json").code == 0
    shell.write(written, "bad.json")
    answer = shell.run("models", "refresh", "bad.json", "--json")
    assert (answer.code, answer.json["ok"]) == (1, False) and about in answer.json["error"]["message"]
    assert "Nothing was changed. Next: " in answer.stderr
    assert price(shell) == "0.000000001"
    assert [path.name for path in (shell.folder / ".pointsman/catalog").iterdir()] == ["our-prices.json"]


@pytest.mark.parametrize("words", [[], ["--drop", "x.json"]])
def test_a_source_or_drop_but_not_both(shell: CommandLine, words: list[str]) -> None:
    assert shell.run("models", "refresh", *words).code == 2


@pytest.mark.parametrize(
    "source", ["nothing.json", "", ".", "http://example.com/x", "https://a:b@example.com/", "ftp://x"]
)
def test_a_source_that_cannot_be_read_is_named(shell: CommandLine, source: str) -> None:
    answer = shell.run("models", "refresh", source)
    assert (answer.code, answer.stdout) == (1, "") and "a:b" not in answer.stderr


def test_a_damaged_list_is_not_used_and_check_says_so(shell: CommandLine) -> None:
    shell.write(newer(), "prices.json")
    shell.run("models", "refresh", "prices.json")
    kept = shell.folder / ".pointsman/catalog/our-prices.json"
    kept.write_text(kept.read_text()[:-9])
    found = shell.run("check", "--json", OPENAI_API_KEY="x", ANTHROPIC_API_KEY="x").json
    assert found["ok"] and "catalogue_unusable" in {problem["code"] for problem in found["problems"]}
    assert price(shell) == "0.15"
    kept.write_text(newer())
    kept.chmod(0o666)
    assert "every account" in shell.run("check", OPENAI_API_KEY="x").stdout


def test_there_are_never_too_many_lists(shell: CommandLine) -> None:
    for number in range(16):
        shell.write(newer(source=f"list {chr(97 + number)}"), "prices.json")
        assert shell.run("models", "refresh", "prices.json").code == 0
    shell.write(newer(source="one more"), "prices.json")
    assert "--drop" in shell.run("models", "refresh", "prices.json").stderr
    assert len(shell.run("models", "refresh", "--drop", "--json").json["dropped"]) == 16


def test_a_price_that_is_none_is_wrong_usage(shell: CommandLine) -> None:
    assert shell.run("models", "--max-price", "1e3").code == 2


def test_the_real_command_starts_without_what_it_does_not_need(shell: CommandLine) -> None:
    heavy = {"uvicorn", "fastapi", "sqlalchemy", "rich", "watchfiles", "uvloop"}
    program = f"import sys, pointsman.cli.models; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
    command = [sys.executable, "-m", "pointsman.cli.main", "models", "--provider", "openai"]
    environ = {"HOME": str(shell.folder), "PATH": os.environ.get("PATH", ""), "COLUMNS": "200"}
    done = subprocess.run(
        command, cwd=shell.folder, env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[1].startswith("fast") and done.stderr == "Next: pointsman models show fast\n"


PRICED = {"id": "gpt-4o-mini", "match": {"equals": "x"}, "prices": {"input_mtok": 9, "output_mtok": 9}}
PRICES = json.dumps([{"id": "openai", "models": [PRICED]}])
"""As genai-prices publishes them, without a date."""


def test_data_that_says_no_date_is_of_the_day_that_is_said(shell: CommandLine) -> None:
    shell.write(PRICES, "data.json")
    old = shell.run("models", "refresh", "data.json", "--date", "2026-08-21", "--json")
    assert (old.code, old.json["date"], old.json["changed"], price(shell)) == (0, "2026-08-21", 0, "0.15")
    assert shell.run("models", "refresh", "data.json").code == 0
    assert price(shell) == "9"
    for words in (["--date", "2999-01-01"], ["--date", "yesterday"], ["--date", "2026-02-30"], ["--date", "20260101"]):
        assert shell.run("models", "refresh", "data.json", *words).code == 2
    assert shell.run("models", "refresh", "--drop", "--date", "2026-08-21").code == 2


SEED_000 = """\
version: "1.0"
provider: gradient # Default provider (gradient, claude, mistral, openai)

agents:
  orchestrator:
    model: llama3.3-70b-instruct
    provider: gradient
    cost_per_1m_tokens: 0.60
    context_window: 128000
"""
SEED_001 = """\
models:
  claude-3-opus:
    provider: anthropic
    type: cloud
    model_id: claude-3-opus-20240229
    cost_per_1k_tokens:
      input: 0.015
      output: 0.075
"""
PLAIN = DOCUMENT.replace("context_window: 8000", 'price_per_1m_tokens: {input: 0.15, output: "0.60"}')


@pytest.mark.parametrize(
    ("document", "model", "prompt", "answer"),
    [
        (SEED_000, "llama3.3-70b-instruct", "0.6", "0.6"),
        (SEED_001, "claude-3-opus", "15", "75"),
        (PLAIN, "own", "0.15", "0.6"),
    ],
)
def test_the_three_spellings_of_a_price(
    shell: CommandLine, document: str, model: str, prompt: str, answer: str
) -> None:
    shell.write(document)
    shown = shell.run("models", "show", model, "--json").json["models"][0]["price_per_1m_tokens"]
    assert (shown["input"], shown["output"], shown["source"]) == (prompt, answer, "pointsman.yaml")
    assert f"${prompt} in, " in shell.run("models", "show", model).stdout


def test_further_prices_are_shown(shell: CommandLine) -> None:
    written = 'price_per_1m_tokens: {input: 1, output: 2, audio_input: 32, per_search: "0.01", batch: 50%}'
    shell.write(DOCUMENT.replace("context_window: 8000", written))
    told = shell.run("models", "show", "own").stdout
    for line in ("audio input: $32 per million tokens", "per search: $0.01", "in a batch: 0.5 of that"):
        assert line in told
    shown = shell.run("models", "show", "own", "--json").json["models"][0]["price_per_1m_tokens"]
    assert (shown["audio_input"], shown["per_search"], shown["batch"]) == ("32", "0.01", 0.5)
