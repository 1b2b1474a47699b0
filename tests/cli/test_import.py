"""`pointsman import`: what it writes, what it keeps, what it refuses, and that it shows no secret."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import CommandLine, open_command_line

REGISTRY = """\
models:
  opus: {provider: anthropic, model_id: claude-opus-4-8, cost_per_1k_tokens: {input: 0.015, output: 0.075}}
agents:
  cto_agent:
    name: CTO
    model_preferences: {primary: opus, fallback: [nobody-serves-this]}
"""
LITELLM = """\
model_list:
  - {model_name: fast, litellm_params: {model: groq/llama-3.1-8b-instant, api_key: os.environ/GROQ_API_KEY}}
general_settings: {master_key: sk-1234}
"""
OURS = "providers: {simulated: {}}\nagents: {orchestrator: {model: simulated-large}}\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    yield from open_command_line(tmp_path, monkeypatch)


def read(shell: CommandLine, name: str = "pointsman.yaml") -> str:
    return (shell.folder / name).read_text()


def list_backups(shell: CommandLine) -> list[Path]:
    return sorted(shell.folder.glob("*.bak"))


def test_the_file_is_written_and_what_it_replaces_is_kept_with_a_date(shell: CommandLine) -> None:
    shell.write(OURS)
    shell.write(REGISTRY, "models.yaml")
    answer = shell.run("import", "registry", "models.yaml")
    assert answer.code == 0
    (backup,) = list_backups(shell)
    assert backup.name.startswith("pointsman.yaml.2") and backup.read_text() == OURS
    assert answer.stdout == (
        f"Wrote pointsman.yaml from the form registry; what was there is kept as {backup.name}.\n"
        "Next: pointsman check pointsman.yaml\n"
    )
    assert answer.stderr == 'models.yaml:6: "nobody-serves-this" is left out: nobody is known to serve it\n'
    assert "  # models.yaml:2\n  opus:\n" in read(shell)
    assert 'price_per_1m_tokens: {input: "15", output: "75"}' in read(shell)
    assert shell.run("check", ANTHROPIC_API_KEY="x").stdout.startswith("Good: 1 model, 1 agent")


def test_no_backup_is_ever_overwritten(shell: CommandLine) -> None:
    shell.write(REGISTRY, "models.yaml")
    for number in range(4):
        shell.write(f"# {number}\n{OURS}")
        assert shell.run("import", "auto", "models.yaml").code == 0
    assert sorted(path.read_text().splitlines()[0] for path in list_backups(shell)) == ["# 0", "# 1", "# 2", "# 3"]


def test_a_file_may_be_replaced_by_what_it_becomes(shell: CommandLine) -> None:
    shell.write(LITELLM)
    assert shell.run("import", "auto", "pointsman.yaml").code == 0
    assert [path.read_text() for path in list_backups(shell)] == [LITELLM]
    again = shell.run("import", "auto", "pointsman.yaml")
    assert again.code == 1
    assert again.stderr.startswith("Nothing was written: this is in no other form that Pointsman knows.")


def test_a_folder_becomes_one_file(shell: CommandLine) -> None:
    config = shell.folder / "config"
    (config / "environments").mkdir(parents=True)
    for name, text in zip(("models.yaml", "agents.yaml"), REGISTRY.split("agents:"), strict=True):
        (config / name).write_text(text if name == "models.yaml" else f"agents:{text}")
    overrides = "routing: {global_overrides: {verbose_routing_logs: true, max_cloud_spend_per_day: 500.00}}\n"
    (config / "environments" / "production.yaml").write_text(overrides)
    answer = shell.run("import", "auto", "config", "--output", "new/pointsman.yaml")
    assert answer.code == 0, answer.stderr
    text = read(shell, "new/pointsman.yaml")
    assert '{scope: cloud, window: day, limit: "500.00", on_exceed: local_only}' in text
    assert "# config/agents.yaml:2\n" in text


def test_a_dry_run_prints_the_file_and_writes_nothing(shell: CommandLine) -> None:
    shell.write(LITELLM, "config.yaml")
    answer = shell.run("import", "litellm", "config.yaml", "--dry-run")
    assert answer.code == 0
    assert answer.stdout.startswith("# Imported by `pointsman import litellm` from config.yaml")
    assert answer.stderr.endswith("Nothing was written. Next: the same without --dry-run writes pointsman.yaml.\n")
    assert not (shell.folder / "pointsman.yaml").exists()


def test_json_holds_exactly_the_keys_that_scripts_rely_on(shell: CommandLine) -> None:
    shell.write(LITELLM, "config.yaml")
    answer = shell.run("import", "auto", "config.yaml", "--json", GROQ_API_KEY="x")
    assert list(answer.json) == ["form", "output", "backup", "notes", "problems", "document"]
    assert (answer.json["form"], answer.json["output"], answer.json["backup"]) == ("litellm", "pointsman.yaml", None)
    assert answer.json["document"] == read(shell)
    (note,) = answer.json["notes"]
    assert (note["file"], note["line"]) == ("config.yaml", 3)
    assert [problem["code"] for problem in answer.json["problems"]] == ["not_carried"]


def test_what_cannot_be_used_is_refused_in_the_lines_of_the_original(shell: CommandLine) -> None:
    shell.write(OURS)
    shell.write(REGISTRY.replace("primary: opus", "primry: opus"), "models.yaml")
    answer = shell.run("import", "registry", "models.yaml")
    assert answer.code == 1
    assert "models.yaml:6:25 agents.cto_agent.model_preferences.primry: " in answer.stderr
    assert answer.stderr.endswith("Nothing was written. Next: correct the above and import again.\n")
    assert read(shell) == OURS
    assert list_backups(shell) == []


def test_a_caller_without_any_known_model_is_refused(shell: CommandLine) -> None:
    shell.write("agent_model_mapping: {writer: {primary: nobody-serves-this}}\n", "llm.yaml")
    answer = shell.run("import", "auto", "llm.yaml")
    assert answer.code == 1
    assert 'unknown model "nobody-serves-this" (unknown_reference)' in answer.stderr
    assert not (shell.folder / "pointsman.yaml").exists()


def test_the_form_that_is_named_must_be_the_one_that_is_there(shell: CommandLine) -> None:
    shell.write(LITELLM, "config.yaml")
    answer = shell.run("import", "registry", "config.yaml")
    assert answer.code == 1
    assert "this is in the form litellm, not registry; run `pointsman import litellm`" in answer.stderr
    assert shell.run("import", "toml", "config.yaml").code == 2
    missing = shell.run("import", "auto", "missing.yaml")
    assert (missing.code, "(file_missing)" in missing.stderr) == (1, True)


def test_a_file_of_variables_becomes_a_document_and_no_secret_is_shown(shell: CommandLine) -> None:
    secret = "sk-this-stands-for-a-real-key-0000"
    variables = f"LLM_PROVIDER=ollama\nOLLAMA_CHAT_MODEL=mistral-nemo:latest\nOPENAI_API_KEY={secret}\n"
    shell.write(variables, ".env")
    for words in (("env", ".env", "--dry-run"), ("auto", ".env", "--json")):
        answer = shell.run("import", *words)
        assert answer.code == 0, answer.stderr
        assert secret not in answer.stdout + answer.stderr
    assert "    base_url" not in read(shell)
    assert shell.run("explain", "--interaction", "planning").code == 0
    assert shell.run("import", "env", "nowhere.env").code == 1


def test_an_inline_key_is_refused_and_not_repeated(shell: CommandLine) -> None:
    secret = "sk-this-stands-for-a-real-key-0000"
    shell.write(LITELLM.replace("os.environ/GROQ_API_KEY", secret), "config.yaml")
    answer = shell.run("import", "auto", "config.yaml", "--json")
    assert answer.code == 1
    assert [problem["code"] for problem in answer.json["problems"]].count("inline_secret") == 1
    assert secret not in answer.stdout + answer.stderr
