"""`pointsman import`: a configuration in another written form becomes ours; what it replaces is kept beside it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pointsman.cli.replace_file import replace_with_backup
from pointsman.control.configuration import (
    FILE_NAME,
    build_surroundings,
    choose_environment,
    load_catalog,
    load_configuration,
)
from pointsman.control.found_file import Unusable, name_file, read_file
from pointsman.core.config.compile import compile_config
from pointsman.core.config.forms.importing import Imported, import_adapted, import_variables
from pointsman.core.config.forms.table import AUTO, ENVIRONMENT, FORM_NAMES
from pointsman.core.config.problems import Problem
from pointsman.core.config.source import Source

ENV_ALIASES = (ENVIRONMENT, "env")


def import_(
    form: Annotated[str, typer.Argument(help=f"{AUTO}, or one of {', '.join(FORM_NAMES)}.")],
    path: Annotated[Path, typer.Argument(help="The file or folder to import.")],
    output: Annotated[Path, typer.Option(help="Where to write.")] = Path(FILE_NAME),
    env: Annotated[str | None, typer.Option(help="Whose overlay to check, else as POINTSMAN_ENV says.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the file instead of writing it.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write what was done as JSON.")] = False,
) -> None:
    """Turn a configuration in another form into pointsman.yaml, and say what could not be carried over.

    Exit code 0: written; 1: it cannot be imported, or the result could not be used.

    Example: pointsman import auto config/ --output pointsman.yaml --dry-run
    """
    if form not in (AUTO, *FORM_NAMES, *ENV_ALIASES):
        raise typer.BadParameter(f"expected {AUTO}, {', '.join(FORM_NAMES)}", param_hint="FORM")
    imported, problems = read_original(form, path, env)
    if imported.text and not has_errors(problems):
        problems = (*problems, *check_result(imported.text, output, env))
    good = bool(imported.text) and not has_errors(problems)
    backup = replace_with_backup(output, imported.text) if good and not dry_run else None
    if json:
        typer.echo(write_json(imported, output if good and not dry_run else None, backup, problems))
    else:
        show(imported, problems, Result(output, backup, good, dry_run))
    raise typer.Exit(0 if good else 1)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an import: where it was to be written, what is kept, and whether it was good and written at all."""

    output: Path
    backup: Path | None
    good: bool
    dry_run: bool


def read_original(form: str, path: Path, env: str | None) -> tuple[Imported, tuple[Problem, ...]]:
    """What is to be imported, and all that is wrong with it, in its own lines."""
    if form in ENV_ALIASES or (form == AUTO and is_variables_file(path)):
        found = read_file(path)
        if isinstance(found, Unusable):
            return Imported(None), (build_problem(path, found.code, f"this {found.reason}"),)
        return import_variables(Source(name_file(path), found.content), load_catalog()), ()
    loaded = load_configuration(path, os.environ, env)
    adapted = loaded.compiled.adapted if loaded.compiled else None
    if adapted is None or adapted.form is None:
        # In our own form, nothing that is wrong with it is what keeps it from being imported.
        return Imported(None), loaded.problems if adapted is None else ()
    if form not in (AUTO, adapted.form):
        message = f"this is in the form {adapted.form}, not {form}; run `pointsman import {adapted.form}`"
        return Imported(adapted.form), (build_problem(path, "mixed_forms", message),)
    if loaded.snapshot is None:
        return Imported(adapted.form, "", adapted.notes), loaded.problems
    return import_adapted(adapted, name_file(path)), loaded.problems


def has_errors(problems: tuple[Problem, ...]) -> bool:
    """Whether one of them keeps the file from being used."""
    return any(problem.severity == "error" for problem in problems)


def build_problem(path: Path, code: str, message: str) -> Problem:
    """What is wrong with a file as a whole."""
    return Problem(name_file(path), 1, 1, "", code, "error", message)


def is_variables_file(path: Path) -> bool:
    """Whether a file holds variables, by its name: `.env`, `.env.production`, `prod.env`."""
    return path.name == ".env" or path.name.startswith(".env.") or path.suffix == ".env"


def check_result(text: str, output: Path, env: str | None) -> tuple[Problem, ...]:
    """What keeps the result from being used where this runs: nothing, unless the original was misread."""
    chosen = env or choose_environment(output, os.environ)
    if isinstance(chosen, Problem):
        return (chosen,)
    compiled = compile_config((Source(name_file(output), text.encode()),), build_surroundings(os.environ, chosen))
    return tuple(problem for problem in compiled.problems if problem.severity == "error")


def write_json(imported: Imported, output: Path | None, backup: Path | None, problems: tuple[Problem, ...]) -> str:
    """The answer for scripts."""
    notes = [{"file": note.place.file, "line": note.place.line, "text": note.text} for note in imported.notes]
    answer = {
        "form": imported.form,
        "output": None if output is None else str(output),
        "backup": None if backup is None else str(backup),
        "notes": notes,
        "problems": problems,
        "document": imported.text,
    }
    return msgspec.json.format(msgspec.json.encode(answer)).decode()


def show(imported: Imported, problems: tuple[Problem, ...], result: Result) -> None:
    """The answer for people: what reads differently, what is wrong, and the next useful command."""
    for note in imported.notes:
        typer.echo(str(note), err=True)
    codes = {problem.code for problem in problems if problem.severity == "error"}
    for problem in problems:
        # What is an error in our own form only is a warning where it stands in the original.
        if problem.code in codes:
            typer.echo(str(problem), err=True)
    if not result.good:
        typer.echo(explain_refusal(imported, problems), err=True)
    elif result.dry_run:
        typer.echo(imported.text, nl=False)
        typer.echo(f"Nothing was written. Next: the same without --dry-run writes {result.output}.", err=True)
    else:
        kept = f"; what was there is kept as {result.backup}" if result.backup else ""
        typer.echo(f"Wrote {result.output} from the form {imported.form}{kept}.")
        typer.echo(f"Next: pointsman check {result.output}")


def explain_refusal(imported: Imported, problems: tuple[Problem, ...]) -> str:
    """Why nothing was written."""
    if imported.form is None and not problems:
        return "Nothing was written: this is in no other form that Pointsman knows. Next: pointsman check"
    return "Nothing was written. Next: correct the above and import again."
