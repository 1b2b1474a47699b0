"""Files that are made to break a reader: each is read or left out with a reason, quickly, and nothing is raised."""

from pathlib import Path

import pytest
from code_bases import NAMES, CodeBase
from hypothesis import given
from hypothesis import strategies as st

from pointsman.linting.code_source import find_in_code
from pointsman.linting.findings import MOST_IN_A_FILE, Report
from pointsman.linting.json_source import find_in_json
from pointsman.linting.kinds import LeftOut
from pointsman.linting.languages import GO, LANGUAGES, PHP, PYTHON, RUBY, RUST, Language
from pointsman.linting.settings_tree import TooDeep
from pointsman.linting.tokens import read_tokens
from pointsman.linting.yaml_source import find_in_yaml

NAME = "gpt-4o"
MIB = 1024 * 1024


def lint_one(folder: Path, name: str, content: str | bytes) -> Report:
    base = CodeBase(folder)
    base.write(name, content)
    return base.lint()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.py", b'model = "gpt-4o"\n' + b"#" * (10 * MIB), LeftOut.large),
        ("a.py", b'model = "gpt-4o"\0\n', LeftOut.binary),
        ("a.py", b'model = "gpt-4o" # \xff\xfe\n', LeftOut.encoding),
        ("a.py", '\ufeffmodel = "gpt-4o"'.encode("utf-16"), LeftOut.binary),
        ("a.yaml", "[" * 100_000 + " gpt-4o", LeftOut.syntax),
        ("a.json", '{"model":' * 100_000 + '"gpt-4o"', LeftOut.syntax),
        ("a.js", 'const model = "gpt-4o";' + "a" * 30_000, LeftOut.generated),
        ("a.ipynb", '{"cells": [{"cell_type": "code", "source": "model = gpt-4o ="}]}', LeftOut.syntax),
    ],
)
def test_what_cannot_be_read_is_counted(tmp_path: Path, name: str, content: str | bytes, reason: LeftOut) -> None:
    report = lint_one(tmp_path, name, content)
    assert (report.read, report.findings, report.left_out) == (0, [], {reason: 1})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", "(" * 50_000 + '"gpt-4o"'),
        ("a.py", "x = " + "-" * 50_000 + '1\nmodel = "gpt-4o"'),
        ("a.py", "x = " + "1 + " * 20_000 + '1\nmodel = "gpt-4o"'),
        ("a.py", "if x:\n  pass\n" + "elif x:\n  pass\n" * 5_000 + 'model = "gpt-4o"'),
        ("a.py", '"""gpt-4o\n' * 3),
        ("a.ts", '"gpt-4o' * 100_001),
        ("a.ts", "`${" * 100_000 + "gpt-4o"),
        ("a.ts", "[" * 100_000 + '"gpt-4o"'),
        ("a.ts", "}" * 100_000 + "gpt-4o"),
        ("a.rs", "/*" * 100_000 + "gpt-4o"),
        ("a.rb", "".join(f"<<A{number}\n" for number in range(50_000)) + "gpt-4o"),
        ("a.php", "<?" * 100_000 + "gpt-4o"),
        ("a.json", '"gpt-4o' * 50_001),
        ("a.json", '{"model": "gpt-4o", ' * 30),
        ("a.ipynb", '{"cells": "gpt-4o"'),
        (".env", "MODEL=gpt-4o" + "=" * 500_000),
        ("Dockerfile", "ENV " + "MODEL=gpt-4o" * 50_000),
        ("a.yaml", "? " * 10_000 + "gpt-4o"),
        ("a.yaml", "a: &a [gpt-4o]\nb: [*a, *a, *missing]\n"),
        ("a.yaml", "model: !!python/object/apply:os.system [gpt-4o]\n"),
    ],
)
def test_what_is_broken_on_purpose_is_borne(tmp_path: Path, name: str, content: str) -> None:
    report = lint_one(tmp_path, name, content)
    assert report.read + report.left_out.total() == 1


def test_deeply_joined_python_still_is_read_to_its_end(tmp_path: Path) -> None:
    report = lint_one(tmp_path, "a.py", "x = " + "1 + " * 500 + '1\nmodel = "gpt-4o"\n')
    assert [finding.line for finding in report.findings] == [2]


def test_the_findings_of_a_file_are_bounded(tmp_path: Path) -> None:
    report = lint_one(tmp_path, "a.py", 'f("gpt-4o");' * 5_000)
    assert len(report.findings) == MOST_IN_A_FILE


def test_an_unclosed_string_spoils_its_line_and_no_other(tmp_path: Path) -> None:
    report = lint_one(tmp_path, "a.ts", 'const a = "gpt-4o\nconst b = "gpt-4";\n')
    assert [(finding.line, finding.name) for finding in report.findings] == [(2, "gpt-4")]


@given(st.sampled_from([*LANGUAGES.values(), PYTHON]), st.text("\"'`\\/*#<>?${}()[]=:,a\n -+@r!", max_size=120))
def test_tokens_go_forward_and_hold_what_is_written(language: Language, text: str) -> None:
    tokens = list(read_tokens(text, language))
    starts = [token.start for token in tokens]
    assert starts == sorted(set(starts))
    assert all(token.text in text[token.start :] for token in tokens)


@pytest.mark.parametrize("language", [*dict.fromkeys(LANGUAGES.values()), PYTHON], ids=lambda language: language.name)
@pytest.mark.parametrize(
    "piece", ['"', "'", "`", "/*", "*/", "//", '\\"', "${", "<<A", 'r#"', '@"', '"""', "{", "(", "\n", "/", "'a"]
)
def test_time_grows_with_the_text_and_not_with_its_square(language: Language, piece: str) -> None:
    # A reader that goes back would need minutes for this.
    assert find_in_code(f"<?\n{piece * 30_000}", language, NAMES) == []


@given(st.text('{}[]",:\\ amodel\n/', max_size=100))
def test_json_of_any_kind_is_borne(text: str) -> None:
    try:
        assert find_in_json(text, NAMES) in ([], None)
    except TooDeep:
        assert text.count("{") + text.count("[") > 100


@given(st.text("{}[]\",:-?&*!|>'% amodel\n\t#", max_size=100))
def test_yaml_of_any_kind_is_borne(text: str) -> None:
    assert find_in_yaml(text, NAMES) in ([], None)


@pytest.mark.parametrize(
    ("language", "text"),
    [(GO, f'x := "{NAME}"'), (RUBY, f"x = '{NAME}'"), (RUST, f'let x = "{NAME}";'), (PHP, f"<?php $x = '{NAME}';")],
)
def test_the_plain_case_is_found_in_the_same_way(language: Language, text: str) -> None:
    assert [find.name for find in find_in_code(text, language, NAMES)] == [NAME]
