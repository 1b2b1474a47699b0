"""`pointsman check`: all that is wrong with a configuration at once, for people, scripts and code scanners."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pointsman.control.configuration import Loaded, find_config, load_configuration
from pointsman.core.config.problems import Problem

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Format(StrEnum):
    """How the problems are written."""

    text = "text"
    json = "json"
    sarif = "sarif"


def check(
    path: Annotated[Path | None, typer.Argument(help="The file; by default the one that serve would use.")] = None,
    env: Annotated[str | None, typer.Option(help="Whose overlay applies; by default as POINTSMAN_ENV says.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
    format: Annotated[Format, typer.Option(help="How to write the problems.")] = Format.text,
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    config: Annotated[Path | None, typer.Option(help="The same as PATH.")] = None,
) -> None:
    """Say everything that is wrong with the configuration, with line and column.

    Exit code 0: it may be used; 1: it may not (with --strict: or there are warnings).

    Example: pointsman check config/pointsman.yaml --env production --strict
    """
    if path is not None and config is not None:
        raise typer.BadParameter("give the file once, as PATH or as --config")
    found = find_config(path or config, os.environ, Path.cwd())
    loaded = load_configuration(found, os.environ, env)
    good = loaded.snapshot is not None and not (strict and loaded.problems)
    match Format.json if json else format:
        case Format.json:
            typer.echo(write_json(good, loaded.problems))
        case Format.sarif:
            typer.echo(write_sarif(loaded.problems))
        case Format.text:
            typer.echo(write_text(loaded))
    raise typer.Exit(0 if good else 1)


def write_json(good: bool, problems: tuple[Problem, ...]) -> str:
    """The answer for scripts."""
    return msgspec.json.format(msgspec.json.encode({"ok": good, "problems": problems})).decode()


def write_sarif(problems: tuple[Problem, ...]) -> str:
    """The answer for code scanners, in SARIF 2.1.0."""
    codes = sorted({problem.code for problem in problems})
    driver = {"name": "pointsman check", "rules": [{"id": code} for code in codes]}
    run = {"tool": {"driver": driver}, "results": [_describe_result(problem) for problem in problems]}
    return msgspec.json.format(
        msgspec.json.encode({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})
    ).decode()


def write_text(loaded: Loaded) -> str:
    """The answer for people: a line per problem that editors can jump from, a sum, and the next useful command."""
    lines = [f"{problem} [warning]" if problem.severity == "warning" else str(problem) for problem in loaded.problems]
    warnings = sum(problem.severity == "warning" for problem in loaded.problems)
    said_warnings = f" and {_count(warnings, 'warning')}" if warnings else ""
    if loaded.snapshot is None:
        errors = len(loaded.problems) - warnings
        lines.append(f"{_count(errors, 'problem')}{said_warnings}; a running server keeps its last good configuration.")
        lines.append("Next: correct the above and run `pointsman check` again.")
        return "\n".join(lines)
    models, agents = _count(len(loaded.snapshot.models), "model"), _count(len(loaded.snapshot.agents), "agent")
    environment = f"environment {loaded.environment}, revision {loaded.snapshot.revision}"
    lines.append(f"Good{said_warnings}: {models}, {agents} ({environment}).")
    agent = next(iter(loaded.snapshot.agents), None)
    lines.append(f"Next: pointsman explain --agent {agent}" if agent else "Next: pointsman serve")
    return "\n".join(lines)


def _describe_result(problem: Problem) -> dict[str, object]:
    region = {"startLine": problem.line, "startColumn": problem.column}
    place = {"artifactLocation": {"uri": problem.file}, "region": region}
    hint = f'; did you mean "{problem.suggestion}"?' if problem.suggestion else ""
    subject = f"{problem.path}: " if problem.path else ""
    return {
        "ruleId": problem.code,
        "level": problem.severity,
        "message": {"text": f"{subject}{problem.message}{hint}"},
        "locations": [{"physicalLocation": place}],
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
