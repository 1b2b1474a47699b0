"""Each written form becomes the document of its golden case, and decides what the original decides."""

import pytest
from golden_forms import Case, compile_sources, describe, import_case, list_cases, list_expected

from pointsman.core.config.source import Source

IMPORTED = [case for case in list_cases() if case.read("pointsman.yaml")]
ENVIRONMENTS = ("production", "staging", "development", "tests", "none of them")


@pytest.mark.parametrize("case", list_cases(), ids=lambda case: case.folder.name)
def test_a_form_becomes_the_document_of_its_case(case: Case) -> None:
    compiled = compile_sources(case.list_sources())
    imported = import_case(compiled)
    assert case.form in (imported.form, None)
    found = dict(list_expected(compiled, imported))
    assert found == {name: case.read(name) for name in found}


@pytest.mark.parametrize("case", list_cases(), ids=lambda case: case.folder.name)
def test_every_problem_points_at_a_line_of_the_original(case: Case) -> None:
    lines = {source.file: source.content.decode().split("\n") for source in case.list_sources()}
    for problem in compile_sources(case.list_sources()).problems:
        assert problem.line <= len(lines[problem.file]), problem
        assert problem.column <= len(lines[problem.file][problem.line - 1]) + 1, problem


@pytest.mark.parametrize("case", IMPORTED, ids=lambda case: case.folder.name)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_is_imported_decides_as_the_original_does(case: Case, environment: str) -> None:
    original = compile_sources(case.list_sources(), environment)
    imported = compile_sources((Source("pointsman.yaml", case.read("pointsman.yaml").encode()),), environment)
    assert imported.adapted is not None and imported.adapted.form is None
    assert original.snapshot is not None
    assert imported.snapshot is not None, "\n".join(map(str, imported.problems))
    assert describe(imported.snapshot) == describe(original.snapshot)
