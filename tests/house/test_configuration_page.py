"""docs/configuration.md says what the code does: each key, limit, provider and problem, and its examples compile."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from markdown_pages import read_page, spans_of
from pydantic import BaseModel
from source_tree import Module, read_modules, text_of
from typer.testing import CliRunner

from pointsman.cli.main import build_app
from pointsman.control.configuration import Loaded, compile_content, load_catalog
from pointsman.core.config.document import Agent, Head, Model, Provider, read_duration
from pointsman.core.config.mistakes import TOP_KEYS
from pointsman.core.config.snapshot import Deadlines

PAGE = read_page("docs/configuration.md")
ROWS = {spans_of(row[0])[0]: row for row in PAGE.list_rows("key", "value", "unless written")}
KINDS: dict[str, type[BaseModel]] = {
    "": Head,
    "providers.NAME.": Provider,
    "models.NAME.": Model,
    "agents.NAME.": Agent,
}

Schema = dict[str, Any]
Verdict = Literal["local", "cloud", "refused"]

BOUNDS = ("minimum", "ge", "maximum", "le", "minLength", "maxLength")

CODE_ARGUMENTS = {"add": 1, "spoil": 1, "_refuse_file": 1, "PydanticCustomError": 0, "_custom": 0, "Problem": 4}
"""What notes a problem, and which of its arguments is the code."""


def test_the_full_example_has_every_section_and_no_warning(tmp_path: Path) -> None:
    example = PAGE.list_blocks("yaml")[0]
    assert re.findall(r"^\w+", example, re.MULTILINE) == list(TOP_KEYS)
    path = tmp_path / "pointsman.yaml"
    path.write_text(example, encoding="utf-8")
    variables = {"OPENAI_API_KEY": "set", "POINTSMAN_HOUSE_KEY": "set", "POINTSMAN_ENV": "", "DEPLOYMENT_ENV": ""}
    answer = CliRunner().invoke(build_app("check"), ["check", str(path), "--strict"], env=variables)
    assert answer.exit_code == 0, answer.output


@pytest.mark.parametrize("name", ["README.md", "docs/configuration.md"])
def test_each_document_on_a_page_compiles(name: str) -> None:
    documents = [block for block in read_page(name).list_blocks("yaml") if "providers:" in block]
    assert documents
    for document in documents:
        loaded = compile_text(document)
        assert loaded.snapshot is not None, "\n".join(map(str, loaded.problems))


def test_the_page_names_every_key_and_no_other() -> None:
    keys = {path for start, kind in KINDS.items() for path, _, _ in list_keys(kind.model_json_schema(), start)}
    assert ROWS.keys() == keys


@pytest.mark.parametrize("start", KINDS)
def test_the_page_states_what_is_required_and_every_limit(start: str) -> None:
    for path, schema, is_required in list_keys(KINDS[start].model_json_schema(), start):
        _, value, unless_written, _ = ROWS[path]
        assert ("required" in unless_written) == is_required, path
        assert list_limits(schema) <= {word.strip(",") for word in re.findall(r"-?[\w,]+", value)}, path


@pytest.mark.parametrize("name", ["connect", "first_byte", "idle", "total", "stream_total"])
def test_the_page_states_the_usual_deadlines(name: str) -> None:
    (written,) = spans_of(ROWS[f"providers.NAME.timeouts.{name}"][2])
    assert read_duration(written) == getattr(Deadlines(), f"{name}_ms")


def test_the_page_lists_the_providers_of_the_catalogue() -> None:
    stated = [tuple(map(spans_of, row)) for row in PAGE.list_rows("name", "key", "base URL", "moved by")]
    assert stated == [
        ((name,), known.key_variables, (known.base_url,), known.base_url_variables)
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
    assert len(emitted) > 25
    assert stated == emitted


def list_keys(schema: Schema, start: str) -> Iterator[tuple[str, Schema, bool]]:
    """Each key that holds a value: its path, the schema of the value, and whether it has to be there."""
    yield from _list_below(schema, schema.get("$defs", {}), start)


def _list_below(schema: Schema, definitions: Schema, start: str) -> Iterator[tuple[str, Schema, bool]]:
    for name, field in schema["properties"].items():
        below = next((definitions[ref] for ref in _list_references(field)), None)
        if below is None:
            yield f"{start}{name}", field, name in schema.get("required", ())
        else:
            yield from _list_below(below, definitions, f"{start}{name}.")


def _list_references(field: Schema) -> list[str]:
    return [variant["$ref"].rpartition("/")[2] for variant in field.get("anyOf", [field]) if "$ref" in variant]


def list_limits(schema: Schema) -> set[str]:
    """The values that a schema allows, or the least and the most, as a page writes them."""
    limits: set[str] = set()
    for variant in schema.get("anyOf", [schema]):
        limits |= set(variant.get("enum", ()))
        limits |= {variant["const"]} if "const" in variant else set()
        limits |= {f"{variant[name]:,}" for name in BOUNDS if name in variant}
    return limits


def judge(url: str, location: str | None = None) -> Verdict:
    """What comes of a provider at this base URL."""
    said = f", location: {location}" if location else ""
    text = f'providers: {{own: {{base_url: "{url}"{said}}}}}\nmodels: {{m: {{provider: own}}}}\n'
    loaded = compile_text(text)
    if loaded.snapshot is None:
        assert {problem.code for problem in loaded.problems} == {"forbidden_url"}
        return "refused"
    return loaded.snapshot.models["m"].deployment.location


def compile_text(text: str) -> Loaded:
    return compile_content(Path("pointsman.yaml"), text.encode(), {})


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
