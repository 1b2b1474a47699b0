"""A folder with an installation in it, and what doctor finds there, by the name of the check."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.diagnosis.examine import examine
from pointsman.diagnosis.finding import Finding
from pointsman.diagnosis.question import Question

LOCAL = "providers: {house: {base_url: 'http://127.0.0.1:1/v1', location: local}}\nmodels: {small: {provider: house}}\n"


@dataclass(frozen=True)
class Findings:
    """What was found."""

    all: list[Finding]

    def __getitem__(self, check: str) -> Finding:
        """The one finding of a check."""
        [found] = self.list_of(check)
        return found

    def list_of(self, check: str) -> list[Finding]:
        return [finding for finding in self.all if finding.check == check]

    def status_of(self, check: str) -> str:
        return self[check].status


@dataclass
class Site:
    """A folder to work in, and the environment of whoever works there."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / ".pointsman"

    def write(self, text: str, name: str = "pointsman.yaml", mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def make_home(self, mode: int = 0o700) -> Path:
        self.home.mkdir()
        self.home.chmod(mode)
        return self.home

    def examine(self, **asked: object) -> Findings:
        environ = {"HOME": str(self.folder), "POINTSMAN_PORT": "0"} | self.environ
        return Findings(examine(Question(environ, self.folder, **asked)))  # type: ignore[arg-type]


def list_state(folder: Path) -> dict[str, tuple[str, int, int]]:
    """All that lies below a folder: content, mode, and when it was changed last."""
    return {str(path.relative_to(folder)): look_at(path) for path in [folder, *walk(folder)]}


def look_at(path: Path) -> tuple[str, int, int]:
    status = path.lstat()
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return content, status.st_mode, status.st_mtime_ns


def walk(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*"))
