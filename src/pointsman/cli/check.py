"""`pointsman check`: all that is wrong with a configuration at once, for people, scripts and code scanners."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote as quote_url

import msgspec
import typer

from pointsman.cli import sarif
from pointsman.cli.local_configuration import say_without_overlay
from pointsman.cli.problem_meanings import MEANINGS
from pointsman.cli.sarif import SarifResult
from pointsman.control.configuration import Loaded, build_surroundings, find_config, load_configuration
from pointsman.control.last_good import read_last_good
from pointsman.core.config.checks.proofs import prove_rules
from pointsman.core.config.checks.shrinkage import find_shrinkage
from pointsman.core.config.compile import compile_config
from pointsman.core.config.pending import PendingKey, list_pending
from pointsman.core.config.problems import MOST_PROBLEMS, Problem, in_order
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.expressions.answer import EngineName

MOST_NAMED = 8
"""Keys that do not act yet that a line for people names."""


class Format(StrEnum):
    """How the problems are written."""

    text = "text"
    json = "json"
    sarif = "sarif"


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is wrong with a configuration.

    Attributes:
        loaded: what was read.
        problems: in the order of the document.
        unjudged: paths of the rules about which something could be neither proved nor refuted.
        engine: the strongest prover that was there.
    """

    loaded: Loaded
    problems: tuple[Problem, ...]
    unjudged: tuple[str, ...] = ()
    engine: EngineName = "built-in"

    @property
    def may_be_used(self) -> bool:
        """Whether there is no error."""
        return self.loaded.snapshot is not None and all(one.severity == "warning" for one in self.problems)


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
    verdict = judge(loaded, os.environ)
    if env is not None:
        say_without_overlay(loaded)
    good = verdict.may_be_used and not (strict and verdict.problems)
    match Format.json if json else format:
        case Format.json:
            typer.echo(write_json(good, verdict))
        case Format.sarif:
            typer.echo(write_sarif(verdict.problems))
        case Format.text:
            typer.echo(write_text(verdict))
    raise typer.Exit(0 if good else 1)


def judge(loaded: Loaded, environ: Mapping[str, str]) -> Verdict:
    """Add what loading has no time for: proofs about rules, and the comparison with what is in force."""
    compiled = loaded.compiled
    if compiled is None or compiled.document is None or loaded.snapshot is None:
        return Verdict(loaded, loaded.problems)
    proved = prove_rules(compiled.document, loaded.snapshot, compiled.lenient_files)
    problems = (*loaded.problems, *proved.problems, *find_loss(loaded, loaded.snapshot, environ))
    return Verdict(loaded, in_order(problems), proved.unjudged, proved.engine)


def find_loss(loaded: Loaded, snapshot: Snapshot, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """What a running gateway would want to have confirmed: it keeps a copy of the files that are in force."""
    home = Path(environ.get("POINTSMAN_HOME", ".pointsman"))
    kept = read_last_good(home, loaded.path, loaded.environment).files
    if not kept or kept == loaded.files:
        return ()
    before = compile_config(kept, build_surroundings(environ, loaded.environment)).snapshot
    found = find_shrinkage(before, snapshot, loaded.files[0].file) if before else None
    # The document itself is good: nothing keeps a gateway from being started with it.
    return (replace(found, severity="warning"),) if found else ()


def write_json(good: bool, verdict: Verdict) -> str:
    """The answer for scripts."""
    answer = {
        "ok": good,
        "problems": verdict.problems,
        "pending": find_pending(verdict.loaded),
        "unjudged": verdict.unjudged,
    }
    return msgspec.json.format(msgspec.json.encode(answer)).decode()


def find_pending(loaded: Loaded) -> tuple[PendingKey, ...]:
    """The keys of the document that are read and do not act yet."""
    effective = loaded.compiled.effective if loaded.compiled else None
    return list_pending(effective) if effective else ()


def write_sarif(problems: tuple[Problem, ...]) -> str:
    """The answer for code scanners, in SARIF 2.1.0."""
    return sarif.write_sarif("pointsman check", map(_describe_result, problems), MEANINGS)


def write_text(verdict: Verdict) -> str:
    """The answer for people: a line per problem that editors can jump from, a sum, and the next useful command."""
    loaded, problems = verdict.loaded, verdict.problems
    lines = [f"{problem} [warning]" if problem.severity == "warning" else str(problem) for problem in problems]
    if len(problems) == MOST_PROBLEMS:
        lines.append(f"No more than {MOST_PROBLEMS} problems are shown at a time; there may be others.")
    warnings = sum(problem.severity == "warning" for problem in problems)
    said_warnings = f" and {_count(warnings, 'warning')}" if warnings else ""
    lines += _write_unjudged(verdict)
    if loaded.snapshot is None or not verdict.may_be_used:
        errors = len(problems) - warnings
        what_follows = (
            "a running server keeps its last good configuration"
            if loaded.snapshot is None
            else "a server would run this, and those rules would never do what they say"
        )
        lines.append(f"{_count(errors, 'problem')}{said_warnings}; {what_follows}.")
        lines.append("Next: correct the above and run `pointsman check` again.")
        return "\n".join(lines)
    models, agents = _count(len(loaded.snapshot.models), "model"), _count(len(loaded.snapshot.agents), "agent")
    environment = f"environment {loaded.environment}, revision {loaded.snapshot.revision}"
    lines += _write_pending(find_pending(loaded))
    lines.append(f"Good{said_warnings}: {models}, {agents} ({environment}).")
    agent = next(iter(loaded.snapshot.agents), None)
    lines.append(f"Next: pointsman explain --agent {agent}" if agent else "Next: pointsman serve")
    return "\n".join(lines)


def _write_unjudged(verdict: Verdict) -> list[str]:
    if not verdict.unjudged:
        return []
    named = ", ".join(verdict.unjudged[:MOST_NAMED])
    more = f" and {len(verdict.unjudged) - MOST_NAMED} more" if len(verdict.unjudged) > MOST_NAMED else ""
    if verdict.engine == "z3":
        hint = "shorter conditions are easier to prove things of"
    else:
        hint = "pip install 'pointsman[prove]' adds a prover that looks deeper"
    return [f"Not everything about {_count(len(verdict.unjudged), 'rule')} could be proved: {named}{more}; {hint}."]


def _write_pending(pending: tuple[PendingKey, ...]) -> list[str]:
    if not pending:
        return []
    named = ", ".join(map(str, pending[:MOST_NAMED]))
    more = f" and {len(pending) - MOST_NAMED} more, which --json lists" if len(pending) > MOST_NAMED else ""
    subject = "1 key is read but does" if len(pending) == 1 else f"{len(pending)} keys are read but do"
    return [f"{subject} not act yet: {named}{more}."]


def _describe_result(problem: Problem) -> SarifResult:
    hint = f'; did you mean "{problem.suggestion}"?' if problem.suggestion else ""
    subject = f"{problem.path}: " if problem.path else ""
    message = f"{subject}{problem.message}{hint}"
    return SarifResult(problem.code, problem.severity, message, quote_url(problem.file), problem.line, problem.column)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
