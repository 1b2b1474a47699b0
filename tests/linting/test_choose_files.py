"""Which files belong to a search: what git knows, no tests, no prose, nothing that others wrote, no links."""

import os
import subprocess
from pathlib import Path

import pytest
from code_bases import CodeBase

from pointsman.linting.kinds import LeftOut

CODE = 'model = "gpt-4o"\n'


@pytest.fixture
def base(tmp_path: Path) -> CodeBase:
    # Not in the folder itself, whose name tells that this is a test.
    return CodeBase(tmp_path / "project")


def run_git(base: CodeBase, *words: str) -> None:
    settings = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *settings, "-C", str(base.root), *words], check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize(
    "name",
    [
        "tests/chat.py",
        "test/chat.py",
        "src/__tests__/chat.ts",
        "src/fixtures/chat.py",
        "pkg/testdata/settings.yaml",
        "cassettes/answer.yaml",
        "test_chat.py",
        "chat_test.py",
        "conftest.py",
        "chat_test.go",
        "chat.spec.ts",
        "chat.test.tsx",
        "chat.stories.tsx",
        "chat_spec.rb",
        "ChatTest.java",
        "ChatTests.cs",
    ],
)
def test_tests_are_left_out_unless_asked_for(base: CodeBase, name: str) -> None:
    base.write(name, "model: gpt-4o\n" if name.endswith(".yaml") else CODE)
    assert base.lint().left_out == {LeftOut.test: 1}
    assert len(base.lint(tests=True).findings) == 1


@pytest.mark.parametrize(
    "name", ["README.md", "docs/guide.rst", "notes.txt", "CHANGELOG", "CHANGELOG.yaml", "HISTORY.md"]
)
def test_prose_is_left_out_unless_asked_for(base: CodeBase, name: str) -> None:
    base.write(name, "- We use gpt-4o, and no longer `gpt-4-turbo`.\n")
    assert base.lint().left_out == {LeftOut.prose: 1}
    assert [finding.name for finding in base.lint(prose=True).findings] == ["gpt-4o", "gpt-4-turbo"]


def test_prose_within_code_is_read_when_asked_for(base: CodeBase) -> None:
    base.write("a.py", '"""About gpt-4o."""\n# gpt-4 before\nmodel = "gpt-4o"  # not gpt-4o\n')
    assert base.list_found() == ["a.py:3 hardcoded_model gpt-4o"]
    assert base.list_found(prose=True) == [
        f"a.py:{line} hardcoded_model {name}" for line, name in [(1, "gpt-4o"), (2, "gpt-4"), (3, "gpt-4o")]
    ]


@pytest.mark.parametrize(
    "name",
    [
        "node_modules/openai/index.js",
        ".venv/lib/openai.py",
        "venv/openai.py",
        "lib/site-packages/openai.py",
        "vendor/openai.go",
        "dist/index.js",
        "build/lib/chat.py",
        "third_party/chat.py",
        "__pycache__/chat.py",
        ".next/chat.js",
        "target/Chat.java",
    ],
)
def test_what_others_wrote_is_not_entered(base: CodeBase, name: str) -> None:
    base.write(name, CODE)
    report = base.lint()
    assert (report.read, report.findings) == (0, [])


@pytest.mark.parametrize(
    "name",
    ["package-lock.json", "pnpm-lock.yaml", "poetry.lock", "chat.min.js", "app.bundle.js", "chat_pb2.py", "chat.pb.go"],
)
def test_what_tools_wrote_is_not_read(base: CodeBase, name: str) -> None:
    base.write(name, CODE)
    assert base.lint().left_out == {LeftOut.generated: 1}


@pytest.mark.parametrize(
    "name", ["package.json", "tsconfig.json", "models.schema.json", "results/run.json", "run_2026-07-04.json"]
)
def test_json_that_sets_nothing_is_not_read(base: CodeBase, name: str) -> None:
    base.write(name, '{"model": "gpt-4o"}')
    assert base.lint().left_out == {LeftOut.data: 1}


def test_a_file_that_is_named_is_read_even_where_a_folder_would_be_passed_over(base: CodeBase) -> None:
    base.write("build/chat.py", CODE)
    assert base.list_found("build/chat.py") == ["build/chat.py:1 hardcoded_model gpt-4o"]
    assert base.list_found("build", "build/chat.py") == ["build/chat.py:1 hardcoded_model gpt-4o"]


def test_git_says_what_is_ignored(base: CodeBase) -> None:
    base.write(".gitignore", "secret/\n*.local.py\n")
    for name in ("tracked.py", "new.py", "secret/a.py", "b.local.py", "vendor/c.py"):
        base.write(name, CODE)
    run_git(base, "init")
    run_git(base, "add", "tracked.py")
    assert [finding.file for finding in base.lint().findings] == ["new.py", "tracked.py"]
    assert [finding.file for finding in base.lint("secret").findings] == ["secret/a.py"]
    (base.root / "tracked.py").unlink()
    assert [finding.file for finding in base.lint().findings] == ["new.py"]


def test_a_repository_cannot_have_its_programs_run(base: CodeBase) -> None:
    base.write("a.py", CODE)
    run_git(base, "init")
    program = base.write("evil.sh", "#!/bin/sh\ntouch ran\n")
    program.chmod(0o755)
    run_git(base, "config", "core.fsmonitor", str(program))
    assert len(base.lint().findings) == 1
    assert not (base.root / "ran").exists() and not Path("ran").exists()


def test_a_broken_repository_is_walked(base: CodeBase) -> None:
    base.write("a.py", CODE)
    base.write(".git", "gitdir: /nowhere/at/all\n")
    assert [finding.file for finding in base.lint().findings] == ["a.py"]


def test_without_git_the_user_is_told(base: CodeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    base.write("a.py", CODE)
    run_git(base, "init")
    monkeypatch.setenv("PATH", str(base.root))
    report = base.lint()
    assert [finding.file for finding in report.findings] == ["a.py"]
    assert report.notes == ["git is not installed, so ignored files below project were read too."]


def test_links_are_never_followed(base: CodeBase, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(CODE)
    base.write("a.py", CODE)
    (base.root / "loop").symlink_to(base.root)
    (base.root / "out.py").symlink_to(tmp_path / "outside.py")
    (base.root / "nowhere.py").symlink_to(tmp_path / "missing.py")
    report = base.lint()
    assert [finding.file for finding in report.findings] == ["a.py"]
    assert report.left_out == {LeftOut.link: 3}


def test_what_is_no_file_is_not_opened(base: CodeBase) -> None:
    base.write("a.py", CODE)
    os.mkfifo(base.root / "pipe.py")
    assert [finding.file for finding in base.lint().findings] == ["a.py"]


def test_files_elsewhere_are_judged_from_the_path_given(base: CodeBase, tmp_path: Path) -> None:
    outside = CodeBase(tmp_path / "tests" / "other")
    outside.write("src/a.py", CODE)
    outside.write("tests/b.py", CODE)
    base.write("here.py", CODE)
    report = base.lint(str(outside.root))
    assert [finding.file for finding in report.findings] == [str(outside.root / "src/a.py")]
    assert report.left_out == {LeftOut.test: 1}
