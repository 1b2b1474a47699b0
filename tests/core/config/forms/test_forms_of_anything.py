"""No adapter ever raises, whatever stands where; and no form is taken for another, ours included."""

import re

import pytest
from golden_forms import CASES, compile_sources, describe, import_case, list_cases
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.control.configuration import demo_document
from pointsman.core.config.forms.table import FORMS, detect_form
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import Source, read_source

SLIPS = (
    "agents: {a: {model: gpt-4o, temperature: 1}}",
    "models: {m: {provider: openai, type: cloud}}",
    "models: {m: {provider: openai, endpoint: https://a.example}}",
    "provider: openai",
    "environments: {development: {quality_threshold: 0.7}}",
)
"""Beside `providers`, each a mistake of somebody who writes our form."""

SOURCES = [source for case in list_cases() for source in case.list_sources()]
ODD_VALUES = (
    "~",
    "[]",
    "{}",
    "[1, {a: b}]",
    "{a: {b: c}}",
    "text",
    "12",
    "-0.5",
    "true",
    '""',
    "1e400",
    '"$1,000"',
    "[[]]",
)
VALUE = re.compile(rb"(?<=: )\S.*|(?<=- )\S.*")


@st.composite
def write_oddly(draw: st.DrawFn) -> Source:
    """A file of some case in which a few values are something else, or a few lines are gone or there twice."""
    source = draw(st.sampled_from(SOURCES))
    lines = source.content.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("value", "value", "gone", "twice"))):
            case "value":
                lines[at] = VALUE.sub(draw(st.sampled_from(ODD_VALUES)).encode(), lines[at], count=1)
            case "gone":
                lines[at] = b"\n"
            case "twice":
                lines.insert(at, lines[at])
    return Source(source.file, b"".join(lines), source.environment)


@settings(max_examples=250, deadline=None)
@given(write_oddly())
def test_whatever_stands_there_is_read_or_refused_in_its_own_lines(source: Source) -> None:
    compiled = compile_sources((source,))
    most = source.content.count(b"\n") + 1
    assert all(problem.line <= most for problem in compiled.problems)
    if compiled.adapted is None or compiled.snapshot is None:
        return
    imported = import_case(compiled)
    assert (imported.text == "") == (imported.form is None)
    if imported.text:
        again = compile_sources((Source("pointsman.yaml", imported.text.encode()),))
        if again.snapshot is None:
            # What is an error in our own form only has been a warning in the other.
            errors = {problem.code for problem in again.problems if problem.severity == "error"}
            assert errors <= {problem.code for problem in compiled.problems}, again.problems
        else:
            assert describe(again.snapshot) == describe(compiled.snapshot)


def detect(text: str) -> str | None:
    root = read_source(Source("file.yaml", text.encode()), Findings())
    assert root is not None
    return detect_form(root)


def test_ours_is_never_taken_for_another_form() -> None:
    ours = [path.read_text() for path in CASES.glob("*/pointsman.yaml")]
    assert len(ours) > 10
    assert [text for text in (demo_document(), *ours) if detect(text) is not None] == []


def test_each_form_is_taken_for_itself_alone() -> None:
    for case in list_cases():
        for source in case.list_sources():
            root = read_source(source, Findings())
            if root is None or case.form is None:
                continue
            found = [form.name for form in FORMS if form.find_marker(root) is not None]
            assert found in ([case.form], []), (case.folder.name, source.file)


@pytest.mark.parametrize("slip", SLIPS)
def test_a_word_of_another_form_in_ours_stays_a_slip(slip: str) -> None:
    compiled = compile_sources((Source("pointsman.yaml", f"providers: {{openai: {{}}}}\n{slip}\n".encode()),))
    assert [problem.code for problem in compiled.problems if problem.severity == "error"] == ["unknown_key"]
