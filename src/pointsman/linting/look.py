"""Looks into one file: reads it within bounds, asks the reader of its kind, and drops what a comment allows."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from pointsman.linting.assignments import find_in_assignments
from pointsman.linting.choose_files import ChosenFile
from pointsman.linting.code_source import find_in_code
from pointsman.linting.findings import MOST_IN_A_FILE, Find, in_order
from pointsman.linting.json_source import find_in_json, find_in_notebook
from pointsman.linting.kinds import Kind, LeftOut
from pointsman.linting.languages import LANGUAGES, PYTHON
from pointsman.linting.names import ModelNames, split_runs
from pointsman.linting.positions import split_lines
from pointsman.linting.prose import find_mentions
from pointsman.linting.python_clients import may_hold_clients
from pointsman.linting.python_source import Unparsable, find_in_python, parse_python
from pointsman.linting.settings_tree import TooDeep
from pointsman.linting.words import list_words
from pointsman.linting.yaml_source import find_in_yaml

MOST_BYTES = 1024 * 1024
LONGEST_LINE = 20_000
"""Of code other than Python; a longer one was written by a tool."""

_GENERATED = re.compile(
    r"@generated\b|\bauto-?generated\b|\b(?:code|file) generated (?:by|from)\b|\bdo not edit\b", re.IGNORECASE
)
_CLIENT_MARKS = list_words("OpenA Open openai nthropic Groq Mistral cohere genai Bedrock async_openai")
_ALLOWED = re.compile(r"(?:#|//|/\*|<!--|--|;)\s*pointsman:\s*allow\b")
HEAD_LINES = 5


class NotRead(Exception):
    """A file cannot be looked into; `reason` says why."""

    def __init__(self, reason: LeftOut) -> None:
        super().__init__(reason)
        self.reason = reason


def look_into(file: ChosenFile, names: ModelNames, include_prose: bool) -> tuple[list[Find], list[str], int]:
    """What is found in a file, its lines, and how many findings a comment allows.

    Raises:
        NotRead: when it is too large, not a text, not UTF-8, generated, or not what its name says.
    """
    text = decode_text(read_bytes(file.path))
    runs = split_runs(text)
    if not (names.may_occur(runs) or _may_hold_clients(file.kind, text, runs)):
        return [], [], 0
    lines = split_lines(text)
    if file.kind is not Kind.prose and _GENERATED.search("\n".join(lines[:HEAD_LINES])):
        raise NotRead(LeftOut.generated)
    try:
        finds = _READERS[file.kind](text, lines, file.shown, names)
    except (Unparsable, TooDeep) as error:
        raise NotRead(LeftOut.syntax) from error
    if include_prose and file.kind is not Kind.prose:
        known = {(find.line, find.name) for find in finds}
        finds += [find for find in find_mentions(text, names) if (find.line, find.name) not in known]
    kept = [find for find in in_order(finds)[:MOST_IN_A_FILE] if not _is_allowed(lines, find.line)]
    return kept, lines, min(len(set(finds)), MOST_IN_A_FILE) - len(kept)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that is a file and stays one while it is opened.

    Raises:
        NotRead: when it is too large or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NotRead(LeftOut.unreadable)
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotRead(LeftOut.unreadable) from error
    if len(content) > MOST_BYTES:
        raise NotRead(LeftOut.large)
    return content


def decode_text(content: bytes) -> str:
    """The text of some bytes, without a byte order mark.

    Raises:
        NotRead: when they are no text in UTF-8.
    """
    if b"\0" in content:
        raise NotRead(LeftOut.binary)
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        raise NotRead(LeftOut.encoding) from error


def _may_hold_clients(kind: Kind, text: str, runs: set[str]) -> bool:
    if kind in (Kind.python, Kind.notebook):
        return may_hold_clients(runs)
    return kind is Kind.code and any(mark in text for mark in _CLIENT_MARKS)


def _is_allowed(lines: list[str], line: int) -> bool:
    """Whether the line says so, or the one above it, which then holds nothing else."""
    if _ALLOWED.search(lines[line - 1]):
        return True
    return line > 1 and _ALLOWED.match(lines[line - 2].strip()) is not None


def _read_python(text: str, lines: list[str], path: PurePosixPath, names: ModelNames) -> list[Find]:
    try:
        tree = parse_python(text)
    except Unparsable:
        # It may be of a newer version; its tokens are the same.
        return find_in_code(text, PYTHON, names)
    return find_in_python(tree, lines, names)


def _read_code(text: str, lines: list[str], path: PurePosixPath, names: ModelNames) -> list[Find]:
    if max(map(len, lines)) > LONGEST_LINE:
        raise NotRead(LeftOut.generated)
    return find_in_code(text, LANGUAGES[path.suffix.lower()], names)


def _read_yaml(text: str, lines: list[str], path: PurePosixPath, names: ModelNames) -> list[Find]:
    return _without_own(find_in_yaml(text, names))


def _read_json(text: str, lines: list[str], path: PurePosixPath, names: ModelNames) -> list[Find]:
    return _without_own(find_in_json(text, names))


def _read_notebook(text: str, lines: list[str], path: PurePosixPath, names: ModelNames) -> list[Find]:
    return find_in_notebook(text, names)


def _read_assignments(text: str, lines: list[str], path: PurePosixPath, names: ModelNames) -> list[Find]:
    return list(find_in_assignments(text, path, names))


def _read_prose(text: str, lines: list[str], path: PurePosixPath, names: ModelNames) -> list[Find]:
    return list(find_mentions(text, names))


def _without_own(finds: list[Find] | None) -> list[Find]:
    if finds is None:
        raise NotRead(LeftOut.own)
    return finds


_READERS: dict[Kind, Callable[[str, list[str], PurePosixPath, ModelNames], list[Find]]] = {
    Kind.python: _read_python,
    Kind.code: _read_code,
    Kind.yaml: _read_yaml,
    Kind.json: _read_json,
    Kind.notebook: _read_notebook,
    Kind.assignments: _read_assignments,
    Kind.prose: _read_prose,
}
