"""docs/configuration.md and docs/reference.md say what the code does: each key, provider, problem; examples compile."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import pytest
from markdown_pages import read_page, spans_of
from source_tree import ROOT, Module, read_modules, text_of
from typer.testing import CliRunner

from pointsman.cli.init import SCHEMA_NAME
from pointsman.cli.main import build_app
from pointsman.control.configuration import build_surroundings, load_catalog
from pointsman.core.config.compile import Compiled, compile_config
from pointsman.core.config.document import TOP_KEYS
from pointsman.core.config.fields import list_fields
from pointsman.core.config.pending import PENDING, PENDING_VALUES
from pointsman.core.config.sections.values import read_duration
from pointsman.core.config.snapshot import Deadlines, Settings
from pointsman.core.config.source import Source
from pointsman.core.expressions.mistake import Code as MistakeInRule

PAGE = read_page("docs/configuration.md")
REFERENCE = read_page("docs/reference.md")
ROWS = {spans_of(row[0])[0]: row for row in REFERENCE.list_rows("key", "value", "unless written")}

Verdict = Literal["local", "cloud", "refused"]

CODE_ARGUMENTS = {
    "add": 1,
    "spoil": 1,
    "_refuse_file": 1,
    "PydanticCustomError": 0,
    "refuse": 0,
    "_Refused": 0,
    "Problem": 4,
    "Unusable": 0,
}
"""What notes a problem, and which of its arguments is the code."""


def test_the_full_example_has_every_section_and_no_warning(tmp_path: Path) -> None:
    example = PAGE.list_blocks("yaml")[0]
    assert re.findall(r"^\w+", example, re.MULTILINE) == list(TOP_KEYS)
    path = tmp_path / "pointsman.yaml"
    path.write_text(example, encoding="utf-8")
    variables = dict.fromkeys(("OPENAI_API_KEY", "POINTSMAN_HOUSE_KEY", "POINTSMAN_ALERTS_URL"), "set")
    variables |= {"POINTSMAN_ENV": "", "DEPLOYMENT_ENV": ""}
    answer = CliRunner().invoke(build_app("check"), ["check", str(path), "--strict"], env=variables)
    assert answer.exit_code == 0, answer.output


@pytest.mark.parametrize("name", ["README.md", "docs/configuration.md"])
def test_each_document_on_a_page_compiles(name: str) -> None:
    documents = [block for block in read_page(name).list_blocks("yaml") if "providers:" in block]
    assert documents
    for document in documents:
        loaded = compile_text(document)
        assert loaded.snapshot is not None, "\n".join(map(str, loaded.problems))


def test_the_first_line_of_the_example_names_the_schema_that_init_writes() -> None:
    assert PAGE.list_blocks("yaml")[0].startswith(f"# yaml-language-server: $schema={SCHEMA_NAME}\n")


def test_the_reference_is_fresh() -> None:
    specification = importlib.util.spec_from_file_location("write_reference", ROOT / "tools" / "write_reference.py")
    assert specification is not None and specification.loader is not None
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    assert tool.write_reference() == REFERENCE.text, "run python tools/write_reference.py"


def test_the_reference_says_of_every_key_what_it_takes_and_does() -> None:
    assert ROWS.keys() == {field.path for field in list_fields()} | {"environments.NAME"}
    assert [path for path, (_, value, _, what) in ROWS.items() if not (value and what and what != "None")] == []


def test_the_reference_marks_every_key_that_does_not_act_yet() -> None:
    marked = {path for path, row in ROWS.items() if "*not yet: " in row[3]}
    partly = {path.removesuffix("[]"): values for path, values in PENDING_VALUES.items()}
    assert {path for path in PENDING if path in ROWS} | partly.keys() <= marked
    assert all(any(path.startswith(prefix) for prefix in (*PENDING, *partly)) for path in marked)
    for path, values in partly.items():
        assert set(spans_of(ROWS[path][3].partition("*not yet: ")[2])) == values.keys()


@pytest.mark.parametrize("name", ["connect", "first_byte", "idle", "total", "stream_total"])
def test_the_reference_states_the_usual_deadlines(name: str) -> None:
    found = re.search(r"(\w+) unless written", ROWS[f"providers.NAME.timeouts.{name}"][3])
    assert found is not None
    assert read_duration(found[1]) == getattr(Deadlines(), f"{name}_ms")


def test_each_setting_is_read_by_what_it_is_for() -> None:
    others = [module for module in read_modules() if not module.name.startswith("core/config/")]
    read = {
        node.attr
        for module, names in [(module, names_of_settings(module)) for module in others]
        for node in module.walk()
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in names
    }
    assert sorted(set(Settings.__dataclass_fields__) - read) == []


def test_the_page_lists_the_providers_of_the_catalogue() -> None:
    stated = [tuple(map(spans_of, row)) for row in PAGE.list_rows("name", "key", "base URL", "moved by")]
    assert stated == [
        ((name,), known.key_variables, (known.usual_base_url,), known.base_url_variables)
        for name, known in load_catalog().providers.items()
    ]


def test_base_urls_are_judged_as_the_page_says() -> None:
    rows = PAGE.list_rows("base URL", "by itself", "with `location: local`")
    assert len(rows) > 10
    for cell, *verdicts in rows:
        (url,) = spans_of(cell)
        assert [judge(url), judge(url, "local")] == verdicts, url


def test_the_page_explains_every_code_of_a_problem_and_no_other() -> None:
    stated = {(*spans_of(code), severity) for code, severity, _ in PAGE.list_rows("code", "severity")}
    emitted = {found for module in read_modules("core/config", "control") for found in list_codes(module)}
    emitted |= {(code, "error") for code in get_args(MistakeInRule)}
    assert len(emitted) > 25
    assert stated == emitted


def names_of_settings(module: Module) -> frozenset[str]:
    """What a module calls the settings of a snapshot."""
    called = {ast.unparse(node) for node in module.walk() if isinstance(node, ast.Attribute)}
    whole = {name for name in called if name.endswith("snapshot.settings")}
    is_given = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "pointsman.core.config.snapshot"
        and any(name.name == "Settings" for name in node.names)
        for node in module.walk()
    )
    return frozenset(whole | ({"settings"} if is_given else set()))


def judge(url: str, location: str | None = None) -> Verdict:
    """What comes of a provider at this base URL."""
    said = f", location: {location}" if location else ""
    text = f'providers: {{own: {{base_url: "{url}"{said}}}}}\nmodels: {{m: {{provider: own}}}}\n'
    loaded = compile_text(text)
    if loaded.snapshot is None:
        assert {problem.code for problem in loaded.problems} <= {"forbidden_url", "not_local"}
        return "refused"
    return loaded.snapshot.models["m"].deployment.location


def compile_text(text: str) -> Compiled:
    return compile_config((Source("pointsman.yaml", text.encode()),), build_surroundings({}, "production"))


def list_codes(module: Module) -> Iterator[tuple[str, str]]:
    """Each code of a problem that a module notes, and its severity."""
    for name, call in module.list_calls():
        place = CODE_ARGUMENTS.get(name.rpartition(".")[2])
        if place is None or len(call.args) <= place:
            continue
        severities = (text_of(keyword.value) for keyword in call.keywords if keyword.arg == "severity")
        code = text_of(call.args[place])
        if code is not None:
            yield code, next(severities, None) or "error"
    if module.name.endswith("config/mistakes.py"):
        yield from ((code, "error") for code in _list_codes_beside_messages(module))


def _list_codes_beside_messages(module: Module) -> Iterator[str]:
    """The codes of pairs of a code and a sentence, the form in which pydantic's errors are translated."""
    for node in module.walk():
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            code, message = text_of(node.elts[0]), node.elts[1]
            if code and (isinstance(message, ast.JoinedStr) or " " in (text_of(message) or "")):
                yield code
