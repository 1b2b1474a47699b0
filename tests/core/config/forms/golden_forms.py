"""Golden cases: a folder each, with what is written in another form and what becomes of it.

`python tests/core/config/forms/golden_forms.py` writes what is expected anew; read the difference before keeping it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pointsman.control.configuration import load_catalog
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import Compiled, compile_config
from pointsman.core.config.forms.importing import Imported, import_adapted
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import Source

CASES = Path(__file__).parent / "cases"

VARIABLES = {
    "EMBEDDINGS_URL": "https://embeddings.example/v1",
    "EMBEDDINGS_KEY": "a value that no case shows",
    "EMBEDDINGS_TEAM": "search",
}
"""What is set beside the keys of all known providers."""


@dataclass(frozen=True)
class Case:
    """One folder."""

    folder: Path

    @property
    def form(self) -> str | None:
        return next((form for form in ("agents-models", "registry", "sections", "litellm") if self._is(form)), None)

    def list_sources(self) -> tuple[Source, ...]:
        return tuple(self._read(path) for path in sorted((self.folder / "input").rglob("*.yaml")))

    def read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def _is(self, form: str) -> bool:
        return self.folder.name.startswith(f"{form}-")

    def _read(self, path: Path) -> Source:
        name = path.relative_to(self.folder / "input")
        environment = name.stem if name.parent.name == "environments" else None
        return Source(name.as_posix(), path.read_bytes(), environment)


def list_cases() -> list[Case]:
    return [Case(folder) for folder in sorted(CASES.iterdir())]


def compile_sources(sources: Sequence[Source], environment: str = "production") -> Compiled:
    catalog = load_catalog()
    set_variables = catalog.key_variables() | VARIABLES.keys()
    return compile_config(sources, Surroundings(environment, catalog, "2026-11-21", {}, set_variables, VARIABLES))


def import_case(compiled: Compiled) -> Imported:
    """What `pointsman import` would write; nothing where the original cannot be used."""
    assert compiled.adapted is not None, "every case can be read as YAML"
    if compiled.snapshot is None:
        return Imported(compiled.adapted.form, "", compiled.adapted.notes)
    return import_adapted(compiled.adapted, "input")


def describe(snapshot: Snapshot) -> tuple[object, ...]:
    """All that decisions depend on."""
    return (snapshot.models, snapshot.agents, snapshot.interactions, snapshot.tasks, snapshot.settings)


def list_expected(compiled: Compiled, imported: Imported) -> Iterator[tuple[str, str]]:
    """The files of a case and what they hold."""
    yield "pointsman.yaml", imported.text
    shown = (f"{problem} [{problem.severity}]" for problem in compiled.problems)
    yield "problems.txt", "".join(f"{line}\n" for line in shown)
    yield "notes.txt", "".join(f"{note}\n" for note in imported.notes)


def write_expected(case: Case) -> None:
    compiled = compile_sources(case.list_sources())
    for name, text in list_expected(compiled, import_case(compiled)):
        path = case.folder / name
        path.unlink(missing_ok=True)
        if text:
            path.write_text(text)


if __name__ == "__main__":
    for one in list_cases():
        write_expected(one)
