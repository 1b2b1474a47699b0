"""The configuration: where it was found, in which form, what is wrong with it, and whether editors know its keys."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from pointsman.control.configuration import Loaded
from pointsman.control.found_file import Unusable, read_file, show_name
from pointsman.core.config.json_schema import build_json_schema
from pointsman.core.config.problems import Problem
from pointsman.diagnosis.finding import Finding, good, list_names, skip, warn, wrong
from pointsman.diagnosis.installation import Installation

MOST_SHOWN = 3
MOST_SCHEMA_BYTES = 4 * 1024 * 1024
SCHEMA_MARK = "# yaml-language-server: $schema="


def check_document(installation: Installation) -> Iterator[Finding]:
    """Place, form, problems, schema file."""
    loaded = installation.loaded
    if loaded is None:
        return
    place = show_name(installation.config)
    if not loaded.files:
        yield _explain_nothing(installation, place, loaded.problems)
        return
    more = f" and {len(loaded.files) - 1} more files" if len(loaded.files) > 1 else ""
    yield good("configuration", f"{place}{more}, {installation.found_by}")
    yield _check_form(loaded)
    yield from _check_problems(loaded.problems, installation)
    yield _check_schema(installation)


def _explain_nothing(installation: Installation, place: str, problems: tuple[Problem, ...]) -> Finding:
    if all(problem.code == "file_missing" for problem in problems):
        message = f"there is none: {place}, {installation.found_by}, is not there"
        named = installation.found_by.removeprefix("named by ")
        if named != installation.found_by:
            return wrong("configuration", message, f"correct {named}, or write one: pointsman init")
        message = "there is none in the working directory, in config, or in the user's configuration folder"
        return wrong("configuration", message, "write one: pointsman init")
    return wrong("configuration", f"{place} cannot be read: {problems[0].message}", "pointsman check")


def _check_form(loaded: Loaded) -> Finding:
    adapted = loaded.compiled.adapted if loaded.compiled else None
    if adapted is None:
        return skip("form", "which form it is in is not known while it cannot be read")
    if adapted.form is None:
        return good("form", "Pointsman's own")
    names = sorted(adapted.lenient_files)
    message = f"{list_names(names)} {'is' if len(names) == 1 else 'are'} in the form {adapted.form}, read as it stands"
    return good("form", message, f"to have every feature, make it ours: pointsman import {adapted.form} {names[0]}")


def _check_problems(problems: tuple[Problem, ...], installation: Installation) -> Iterator[Finding]:
    errors = [str(problem) for problem in problems if problem.severity == "error"]
    warnings = [str(problem) for problem in problems if problem.severity == "warning"]
    again = _write_check_command(installation)
    if errors:
        yield wrong("problems", f"{_count(errors, 'error')}: {_join(errors)}", again)
    if warnings:
        yield warn("problems", f"{_count(warnings, 'warning')}: {_join(warnings)}", again)
    snapshot = installation.snapshot
    if snapshot is not None and not problems:
        yield good("problems", f"none in {len(snapshot.models)} models and {len(snapshot.agents)} agents")


def _write_check_command(installation: Installation) -> str:
    question = installation.question
    chosen = f" --env {question.environment}" if question.environment else ""
    named = f" {show_name(question.config)}" if question.config else ""
    return f"pointsman check{named}{chosen}"


def _check_schema(installation: Installation) -> Finding:
    """Whether the schema that the document names for editors is the one of this program."""
    named = _find_schema(installation)
    if named is None:
        message = "the document names no file of its own for editors"
        return skip("schema", message, "pointsman schema --output pointsman.schema.json")
    shown = show_name(named)
    renew = f"pointsman schema --output {shown}"
    found = read_file(named, MOST_SCHEMA_BYTES)
    if isinstance(found, Unusable):
        return warn("schema", f"{shown}, which the document names, {found.reason}", renew)
    current = msgspec.json.encode(build_json_schema())
    try:
        is_current = msgspec.json.decode(found.content) == msgspec.json.decode(current)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return warn("schema", f"{shown} is no JSON", renew)
    if not is_current:
        return warn("schema", f"{shown} is of another version, so editors complete and refuse the wrong keys", renew)
    return good("schema", f"{shown} is the one of this version")


def _find_schema(installation: Installation) -> Path | None:
    """The file that the first line of the main file names, unless that is somewhere on the network."""
    loaded = installation.loaded
    first = loaded.files[0] if loaded and loaded.files else None
    line = first.content.split(b"\n", 1)[0].decode("utf-8", "replace").strip() if first else ""
    written = line.removeprefix(SCHEMA_MARK)
    if first is None or written in (line, "") or "://" in written:
        return None
    folder = installation.config if installation.config.is_dir() else installation.config.parent
    return folder / written


def _join(problems: list[str]) -> str:
    more = f"; and {len(problems) - MOST_SHOWN} more" if len(problems) > MOST_SHOWN else ""
    return "; ".join(problems[:MOST_SHOWN]) + more


def _count(problems: list[str], noun: str) -> str:
    return f"{len(problems)} {noun}" if len(problems) == 1 else f"{len(problems)} {noun}s"
