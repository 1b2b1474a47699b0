"""What is a finding and what is not, one line of a case each."""

from pathlib import Path

import pytest
from code_bases import CodeBase, list_cases, read_expected

ALLOWED = {"values.py.case": 2, "chat.ts.case": 1}
"""Findings in clean files that a comment allows."""


@pytest.mark.parametrize("case", list_cases("found"), ids=lambda case: case.name)
def test_every_announced_finding_is_made_and_no_other(case: Path, tmp_path: Path) -> None:
    text = case.read_text()
    base = CodeBase(tmp_path)
    base.write(case.name.removesuffix(".case"), text)
    report = base.lint()
    found = sorted((finding.line, finding.code) for finding in report.findings)
    assert read_expected(text), "a case announces something"
    assert found == read_expected(text), "\n".join(map(str, report.findings))


@pytest.mark.parametrize("case", list_cases("clean"), ids=lambda case: case.name)
def test_what_only_looks_like_a_finding_is_none(case: Path, tmp_path: Path) -> None:
    base = CodeBase(tmp_path)
    base.write(case.name.removesuffix(".case"), case.read_text())
    report = base.lint()
    assert [str(finding) for finding in report.findings] == []
    assert report.allowed == ALLOWED.get(case.name, 0)


def test_there_are_many_situations_that_are_none() -> None:
    assert sum(case.read_text().count("not: ") for case in list_cases("clean")) >= 100


def test_a_find_points_at_the_first_character_of_the_text(tmp_path: Path) -> None:
    base = CodeBase(tmp_path)
    base.write("a.py", 'é = "ü"; model = "gpt-4o"\n')
    base.write("b.ts", 'const é = "ü", model = "gpt-4o";\n')
    base.write("c.yaml", 'é: {model: "gpt-4o"}\n')
    assert [(one.file, one.line, one.column) for one in base.lint().findings] == [
        ("a.py", 1, 18),
        ("b.ts", 1, 24),
        ("c.yaml", 1, 12),
    ]


def test_a_table_and_a_list_are_one_finding_that_counts(tmp_path: Path) -> None:
    base = CodeBase(tmp_path)
    base.write("a.py", 'PRICES = {"gpt-4o": 1, "gpt-4": 2}\nALL = ["gpt-4", "gpt-4o", "gpt-4-turbo", "o1-mini"]\n')
    base.write("b.js", 'const prices = {"gpt-4o": {a: "gpt-4"}, "gpt-4": 2};\n')
    assert [(one.line, one.name, one.message.partition(" stand")[0]) for one in base.lint().findings] == [
        (1, "gpt-4o", '"gpt-4o" and another name'),
        (2, "gpt-4", '"gpt-4" and 3 more names'),
        (1, "gpt-4o", '"gpt-4o" and another name'),
    ]


def test_a_notebook_is_read_by_its_cells_and_never_by_its_outputs(tmp_path: Path) -> None:
    notebook = """{
 "cells": [
  {"cell_type": "markdown", "source": ["model = \\"gpt-4o\\""]},
  {
   "cell_type": "code",
   "outputs": [{"text": ["model = 'gpt-4o'"], "data": {"model": "gpt-4o"}}],
   "source": [
    "%pip install openai\\n",
    "model = 'gpt-4o'\\n",
    "print('gpt-4o')"
   ]
  },
  {"cell_type": "code", "source": "other = 'gpt-4'"},
  {"cell_type": "code", "source": "this is = no Python 'gpt-4o'"}
 ],
 "metadata": {"model": "gpt-4o"}
}
"""
    base = CodeBase(tmp_path)
    base.write("a.ipynb", notebook)
    assert [(one.line, one.column, one.name) for one in base.lint().findings] == [(9, 14, "gpt-4o"), (13, 44, "gpt-4")]
