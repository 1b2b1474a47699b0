"""What the product offers is written down, and what is written down is there: commands, variables, headers, metrics."""

import re

import pytest
import typer
from markdown_pages import Page, list_pages, read_page
from source_tree import PACKAGE, ROOT, read_modules
from typer.testing import CliRunner

from pointsman.cli.main import COMMANDS, build_app, name_module
from pointsman.control.configuration import load_catalog
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS
from pointsman.telemetry.exposition import Exposition
from pointsman.telemetry.metrics import Metrics

OPERATING = read_page("docs/operating.md")
CODE_OF_PAGES = [code for page in list_pages() for code in page.list_code()]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_a_module_and_is_on_a_page(command: str) -> None:
    assert (PACKAGE / "cli" / f"{name_module(command)}.py").is_file()
    assert any(re.search(rf"\bpointsman {command}\b", code) for code in CODE_OF_PAGES)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_says_what_it_does_and_gives_an_example(command: str) -> None:
    app = build_app(command)
    group = typer.main.get_command(app)
    below = getattr(group.commands[command], "commands", {})  # type: ignore[attr-defined]
    for words in [[command, name] for name in below] or [[command]]:
        answer = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
        assert answer.exit_code == 0
        assert re.search(rf"Example: (.+ )?pointsman {' '.join(words)}\b", " ".join(answer.output.split())), words


def test_pages_name_only_commands_that_exist() -> None:
    named = {command for code in CODE_OF_PAGES for command in re.findall(r"^(?:\$ )?pointsman ([a-z]+)", code, re.M)}
    assert named <= COMMANDS.keys()


def test_pages_name_only_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for code in CODE_OF_PAGES for target in re.findall(r"^make ([a-z-]+)", code, re.MULTILINE)}
    assert {"run", "test"} <= named <= targets


def test_every_variable_of_ours_is_on_the_page_for_operators() -> None:
    texts = {text for module in read_modules() for text in module.list_texts()}
    variables = {text for text in texts if re.fullmatch(r"POINTSMAN_[A-Z_]+", text)}
    variables |= {name for name in load_catalog().base_url_variables() if name.startswith("POINTSMAN_")}
    assert len(variables) > 5
    assert sorted(variables - set(OPERATING.list_code())) == []


def test_every_header_of_ours_is_on_the_page_for_operators() -> None:
    texts = {text for module in read_modules("relay", "server") for text in module.list_texts()}
    headers = {text for text in texts if re.fullmatch(r"x-pointsman-[a-z-]+", text)}
    assert len(headers) > 5
    assert sorted(headers - set(OPERATING.list_code())) == []


def test_every_metric_of_ours_is_on_the_page_for_operators() -> None:
    text = Exposition(Metrics(LATENCY_BOUNDS_MS, lambda: 0)).render().decode()
    metrics = {name for name in re.findall(r"^# TYPE (\w+)", text, re.MULTILINE) if not name.startswith("process_")}
    assert len(metrics) > 5
    assert sorted(metrics - set(OPERATING.list_code())) == []


@pytest.mark.parametrize("page", list_pages(), ids=lambda page: page.path.name)
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.list_links():
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        assert target.exists(), link
        if anchor:
            assert anchor in read_page(target.relative_to(ROOT).as_posix()).list_anchors(), link
