"""What is wrong with a configuration: where, what, and what to write instead; it never echoes a secret."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.suggest import suggest_name

Severity = Literal["error", "warning"]

MOST_PROBLEMS = 50
"""Problems reported at once; the first ones of the document are kept."""

MOST_ECHOED = 64
"""Characters of the user's input that a message repeats."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: its first character (1-based), its path, such as `agents.writer.fallback[1]`, its file."""

    line: int
    column: int
    path: str
    file: str

    def renamed(self, path: str) -> "Place":
        """The same spot under another path of the document."""
        return Place(self.line, self.column, path, self.file)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to change.

    Attributes:
        file: the document, as the user names it.
        line: 1-based.
        column: 1-based, in characters.
        path: of the value in the document; `""` for the document itself.
        code: stable, such as `unknown_reference`.
        severity: an error keeps the document from being used, a warning does not.
        message: what is wrong; repeats at most 64 characters of the input, escaped.
        suggestion: what was probably meant, or `None`.
    """

    file: str
    line: int
    column: int
    path: str
    code: str
    severity: Severity
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        subject = f"{where} {self.path}" if self.path else where
        hint = f"; did you mean {quote(self.suggestion)}?" if self.suggestion else ""
        return f"{subject}: {self.message} ({self.code}){hint}"


@dataclass(slots=True)
class Findings:
    """Collects the problems of one document while it is read, each only once.

    Attributes:
        found: what was collected, in the order of discovery.
        spoiled: files, lines and columns of nodes that cannot be judged any further.
        guesses: how many names were compared with the known ones; bounded, because that is slow.
    """

    found: dict[tuple[str, int, int, str, str], Problem] = field(default_factory=dict)
    spoiled: set[tuple[str, int, int]] = field(default_factory=set)
    guesses: int = 0

    def add(
        self, place: Place, code: str, message: str, *, suggestion: str | None = None, severity: Severity = "error"
    ) -> None:
        """Note a problem, unless it is known or its node is spoiled."""
        if self.is_spoiled(place):
            return
        key = (place.file, place.line, place.column, place.path, code)
        self.found.setdefault(key, Problem(*key, severity, message, suggestion))

    def spoil(self, place: Place, code: str, message: str) -> None:
        """Note a problem that makes everything else about this node meaningless, or unsafe to repeat."""
        self.add(place, code, message)
        self.spoiled.add((place.file, place.line, place.column))

    def is_spoiled(self, place: Place) -> bool:
        """Whether nothing more is to be said of this node."""
        return (place.file, place.line, place.column) in self.spoiled

    def guess_name(self, name: str, known: Iterable[str]) -> str | None:
        """What a name was probably meant to be, while problems with it are still shown."""
        self.guesses += 1
        return suggest_name(name, known) if self.guesses <= MOST_PROBLEMS else None

    def fork(self) -> "Findings":
        """Findings of their own for another reading of the same document."""
        return Findings(spoiled=set(self.spoiled))

    def take_errors(self, other: "Findings") -> None:
        """Add what keeps another reading of the same document from being used."""
        for key, problem in other.found.items():
            if problem.severity == "error":
                self.found.setdefault(key, problem)

    def count_errors(self) -> int:
        """How many problems keep the document from being used."""
        return sum(problem.severity == "error" for problem in self.found.values())

    def in_order(self) -> tuple[Problem, ...]:
        """At most `MOST_PROBLEMS`, as the document is read; errors are kept before warnings."""
        return in_order(self.found.values())


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """At most `MOST_PROBLEMS`, as the document is read; where not all fit, errors are kept before warnings."""
    kept = sorted(problems, key=lambda problem: problem.severity)[:MOST_PROBLEMS]
    return tuple(sorted(kept, key=lambda one: (one.file, one.line, one.column, one.path, one.code)))


def quote(text: str) -> str:
    """The user's text in double quotes, cut at 64 characters, with everything invisible escaped; never a secret."""
    if holds_secret(text):
        return "what looks like a key"
    shown = "".join(_escape(character) for character in text[:MOST_ECHOED])
    return f'"{shown}..."' if len(text) > MOST_ECHOED else f'"{shown}"'


def _escape(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else character.encode("unicode_escape", "backslashreplace").decode()
