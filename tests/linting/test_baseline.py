"""A baseline knows a finding again wherever its line moves, and knows no other."""

import json
from pathlib import Path

import pytest
from code_bases import NAMES, CodeBase
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.linting.baseline import BadBaseline, put_baseline, read_baseline
from pointsman.linting.findings import Report
from pointsman.linting.lint import Search, lint

LINES = ['model = "gpt-4o"', 'other = "gpt-4"', 'model = "gpt-4o"', "client = OpenAI()"]
HEAD = "from openai import OpenAI\n"


@pytest.fixture
def base(tmp_path: Path) -> CodeBase:
    return CodeBase(tmp_path / "project")


def search(base: CodeBase, known: frozenset[str] = frozenset(), cwd: Path | None = None) -> Report:
    root = base.root.resolve()
    return lint(Search((base.root,), cwd or root, NAMES, known=known, fingerprint_root=root))


def take_baseline(base: CodeBase) -> frozenset[str]:
    path = base.root / "known.lint"
    put_baseline(path, search(base).findings)
    return read_baseline(path)


def test_known_findings_are_counted_and_not_shown(base: CodeBase) -> None:
    base.write("a.py", HEAD + "\n".join(LINES))
    known = take_baseline(base)
    assert len(known) == len(LINES)
    report = search(base, known)
    assert (report.findings, report.in_baseline, report.gone) == ([], len(LINES), 0)


@settings(max_examples=50, deadline=None)
@given(blanks=st.lists(st.sampled_from(["", "# x", "y = 1", "    "]), max_size=8), indent=st.booleans())
def test_lines_may_move(tmp_path_factory: pytest.TempPathFactory, blanks: list[str], indent: bool) -> None:
    base = CodeBase(tmp_path_factory.mktemp("moved"))
    base.write("a.py", HEAD + "\n".join(LINES))
    known = take_baseline(base)
    lines = [f"    {line}" for line in LINES] if indent else LINES
    start = "if True:\n    pass\n" if indent else ""
    base.write("a.py", HEAD + "\n".join([*(line.strip() for line in blanks), start, *lines]))
    report = search(base, known)
    assert (report.findings, report.in_baseline) == ([], len(LINES))


def test_one_more_of_the_same_line_is_new(base: CodeBase) -> None:
    base.write("a.py", "\n".join(LINES[:3]))
    known = take_baseline(base)
    base.write("a.py", "\n".join([*LINES[:3], LINES[0]]))
    assert [finding.line for finding in search(base, known).findings] == [4]


def test_what_changes_or_goes_is_noticed(base: CodeBase) -> None:
    base.write("a.py", "\n".join(LINES[:3]))
    known = take_baseline(base)
    base.write("a.py", 'model = "gpt-4-turbo"\nother = "gpt-4"\n')
    report = search(base, known)
    assert [finding.name for finding in report.findings] == ["gpt-4-turbo"]
    assert (report.in_baseline, report.gone) == (1, 2)


def test_another_file_with_the_same_line_is_new(base: CodeBase) -> None:
    base.write("a.py", LINES[0])
    known = take_baseline(base)
    base.write("b.py", LINES[0])
    assert [finding.file for finding in search(base, known).findings] == ["b.py"]


def test_the_working_directory_does_not_matter(base: CodeBase) -> None:
    base.write("pkg/a.py", LINES[0])
    known = take_baseline(base)
    assert search(base, known, cwd=base.root.parent.resolve()).findings == []
    assert search(base, known, cwd=(base.root / "pkg").resolve()).findings == []


def test_the_file_says_what_it_knows_and_nothing_of_the_lines(base: CodeBase) -> None:
    base.write("a.py", 'ask("gpt-4o", key="sk-secret-secret-secret-secret")')
    take_baseline(base)
    text = (base.root / "known.lint").read_text()
    assert "secret" not in text
    (entry,) = json.loads(text)["findings"]
    assert (entry["file"], entry["code"], entry["name"]) == ("a.py", "hardcoded_model", "gpt-4o")


def test_writing_twice_changes_nothing(base: CodeBase) -> None:
    base.write("b.py", "\n".join(LINES))
    base.write("a.py", "\n".join(LINES))
    take_baseline(base)
    first = (base.root / "known.lint").read_bytes()
    take_baseline(base)
    assert (base.root / "known.lint").read_bytes() == first


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"version": 9, "findings": []}', b"\xff", b'{"version":1}'])
def test_what_is_no_baseline_is_refused_with_the_next_step(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "known.lint"
    path.write_bytes(content)
    with pytest.raises(BadBaseline, match="--write-baseline"):
        read_baseline(path)
    with pytest.raises(BadBaseline, match="--write-baseline"):
        read_baseline(tmp_path / "missing.lint")
