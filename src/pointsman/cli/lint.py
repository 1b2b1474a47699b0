"""`pointsman lint`: models named where an agent should be, for people, scripts and code scanners."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from pointsman.cli.lint_text import write_text
from pointsman.cli.sarif import SarifResult, write_sarif
from pointsman.control.configuration import find_config, load_catalog, load_configuration
from pointsman.core.config.snapshot import Snapshot
from pointsman.linting.baseline import BadBaseline, put_baseline, read_baseline
from pointsman.linting.choose_files import Choice
from pointsman.linting.findings import MEANINGS, Finding, Report
from pointsman.linting.lint import Search, lint_files, list_files
from pointsman.linting.names import collect_names
from pointsman.linting.repair import Agents, Repair, is_agent_name, repair_all

BASELINE_NAME = "pointsman-lint.json"


class Format(StrEnum):
    """How the findings are written."""

    text = "text"
    json = "json"
    sarif = "sarif"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the command has to tell: what was found, and what was done about it."""

    report: Report
    repairs: tuple[Repair, ...] = ()
    written: Path | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing is left to be done."""
        return self.written is not None or not (self.report.findings or self.report.left_off)


def lint(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders of the code base.")],
    format: Annotated[Format, typer.Option(help="How to write the findings.")] = Format.text,
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    baseline: Annotated[Path | None, typer.Option(help="A file of known findings, which do not fail.")] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Make what is found now the known findings.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Name agents instead of models where that is safe.")] = False,
    agent: Annotated[
        str | None, typer.Option(help="With --fix: the agent to name; else the one on that model.")
    ] = None,
    assume_gateway: Annotated[
        bool, typer.Option("--assume-gateway", help="With --fix: every client of this code leads to Pointsman.")
    ] = False,
    include_tests: Annotated[bool, typer.Option("--include-tests", help="Look into tests too.")] = False,
    include_prose: Annotated[
        bool, typer.Option("--include-prose", help="Look into documents, changelogs and comments too.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="With --fix: the configuration that has the agents.")] = None,
) -> None:
    """Find models that a code base names where it should name an agent, and clients that pass Pointsman by.

    A comment `pointsman: allow` in the line, or alone in the line above, allows what stands there.

    Exit code 0: nothing found, or only what the baseline knows; 1: something found.

    Example: pointsman lint src deploy --baseline pointsman-lint.json
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise typer.BadParameter(f"there is nothing at {missing[0]}")
    if not fix and (agent is not None or assume_gateway):
        raise typer.BadParameter("--agent and --assume-gateway say how to --fix; add that, or leave them out")
    if fix and write_baseline:
        raise typer.BadParameter("--fix and --write-baseline are two steps: run the command once with each")
    agents = choose_agents(config, agent, assume_gateway) if fix else None
    choice = Choice(include_tests, include_prose)
    known = Path(BASELINE_NAME) if write_baseline and baseline is None else baseline
    search = prepare_search(paths, choice, known, is_written=write_baseline)
    answer = run(search, agents, known if write_baseline else None)
    typer.echo(write_answer(answer, Format.json if json else format))
    raise typer.Exit(0 if answer.is_good else 1)


def choose_agents(config: Path | None, agent: str | None, assume_gateway: bool) -> Agents:
    """Which agent is named instead of a model.

    Raises:
        typer.BadParameter: when the configuration cannot be used, or has no such agent.
    """
    if agent is not None and not is_agent_name(agent):
        raise typer.BadParameter("--agent takes the name of an agent, such as code-review")
    path = find_config(config, os.environ, Path.cwd())
    if agent is not None and config is None and not path.exists():
        return Agents(agent, {}, assume_gateway)
    snapshot = load_configuration(path, os.environ).snapshot
    if snapshot is None:
        raise typer.BadParameter(f"{path} cannot be used, so its agents are not known; run `pointsman check {path}`")
    if agent is not None and agent not in snapshot.agents:
        raise typer.BadParameter(f"{path} has no agent {agent}; it has {', '.join(sorted(snapshot.agents)[:10])}")
    return Agents(agent, list_agents_by_model(snapshot), assume_gateway)


def list_agents_by_model(snapshot: Snapshot) -> dict[str, list[str]]:
    """The agents whose first model goes by a name: ours, the provider's, or both as `provider/name`."""
    found: dict[str, list[str]] = {}
    for name, agent in snapshot.agents.items():
        model = snapshot.models.get(agent.model)
        deployed = (model.deployment.upstream_model, model.deployment.id) if model else ()
        for known in {agent.model, *deployed}:
            found.setdefault(known, []).append(name)
    return found


def prepare_search(paths: Sequence[Path], choice: Choice, baseline: Path | None, *, is_written: bool) -> Search:
    """What is looked for.

    Raises:
        typer.BadParameter: when the baseline cannot be used.
    """
    try:
        known = frozenset() if baseline is None or is_written else read_baseline(baseline)
    except BadBaseline as error:
        raise typer.BadParameter(str(error)) from error
    cwd = Path.cwd().resolve()
    root = cwd if baseline is None else (cwd / baseline).resolve().parent
    return Search(tuple(paths), cwd, collect_names(load_catalog()), choice, known, root)


def run(search: Search, agents: Agents | None, baseline: Path | None) -> Answer:
    """Search; then repair and search again, or write the baseline, if that is asked for.

    Raises:
        typer.BadParameter: when the baseline cannot be written.
    """
    listing = list_files(search)
    report = lint_files(search, listing)
    if agents is not None:
        repairs = repair_all(listing.files, report.findings, agents)
        return Answer(lint_files(search, listing) if any(one.agent for one in repairs) else report, repairs)
    if baseline is None:
        return Answer(report)
    try:
        put_baseline(baseline, report.findings)
    except OSError as error:
        raise typer.BadParameter(f"{baseline} cannot be written: {error.strerror}") from error
    return Answer(report, written=baseline)


def write_answer(answer: Answer, format: Format) -> str:
    """The answer in the form that is asked for."""
    if format is Format.sarif:
        return write_sarif("pointsman lint", map(_describe_result, answer.report.findings), MEANINGS)
    if format is Format.json:
        return write_json(answer)
    return write_text(answer.report, answer.repairs, answer.written)


def write_json(answer: Answer) -> str:
    """The answer for scripts."""
    report = answer.report
    described = {
        "ok": answer.is_good,
        "findings": report.findings,
        "fixed": [_describe_repair(one) for one in answer.repairs if one.agent],
        "left": [_describe_repair(one) for one in answer.repairs if not one.agent],
        "files": {"read": report.read, "left_out": dict(sorted(report.left_out.items()))},
        "allowed": report.allowed,
        "in_baseline": report.in_baseline,
        "gone_from_baseline": report.gone,
        "left_off": report.left_off,
        "notes": report.notes,
    }
    return msgspec.json.format(msgspec.json.encode(described)).decode()


def _describe_repair(repair: Repair) -> dict[str, object]:
    finding = repair.finding
    place = {"file": finding.file, "line": finding.line, "column": finding.column, "model": finding.name}
    return {**place, "agent": repair.agent} if repair.agent else {**place, "reason": repair.reason}


def _describe_result(finding: Finding) -> SarifResult:
    uri = Path(finding.file).as_uri() if Path(finding.file).is_absolute() else quote(finding.file)
    return SarifResult(finding.code, "warning", finding.message, uri, finding.line, finding.column, finding.fingerprint)
