"""Code bases to search: the cases of this folder, and small ones that a test writes itself."""

import re
from dataclasses import dataclass
from pathlib import Path

from pointsman.control.configuration import load_catalog
from pointsman.linting.choose_files import Choice
from pointsman.linting.findings import Report
from pointsman.linting.lint import Search, lint
from pointsman.linting.names import ModelNames, collect_names

CASES = Path(__file__).parent / "cases"
NAMES: ModelNames = collect_names(load_catalog())

_EXPECTED = re.compile(r"(?:#|//) expect: ([\w, ]+)")

Place = tuple[int, str]


@dataclass(frozen=True)
class CodeBase:
    """A folder that is searched as if a user stood in it."""

    root: Path

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def lint(self, *paths: str, tests: bool = False, prose: bool = False) -> Report:
        below = tuple(Path(path) for path in paths or (".",))
        return lint(Search(below, self.root.resolve(), NAMES, Choice(tests, prose)))

    def list_found(self, *paths: str, tests: bool = False, prose: bool = False) -> list[str]:
        """What is found, as `file:line code name`."""
        report = self.lint(*paths, tests=tests, prose=prose)
        return [f"{one.file}:{one.line} {one.code} {one.name}" for one in report.findings]


def list_cases(folder: str) -> list[Path]:
    """The files of a folder of cases; their names end in `.case`, so that no tool takes them for our own code."""
    return sorted((CASES / folder).iterdir())


def read_expected(text: str) -> list[Place]:
    """The lines and codes that the comments of a case announce."""
    return sorted(
        (number, code.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        for written in _EXPECTED.findall(line)
        for code in written.split(",")
    )
