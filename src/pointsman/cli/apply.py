"""`pointsman apply`: changes the stored layer of a running gateway by a file in the form of the document."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pointsman.cli.config import BASE, report_change
from pointsman.cli.gateway import call_gateway
from pointsman.cli.local_configuration import name_author
from pointsman.core.config.nodes import to_plain
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import MOST_BYTES, Source, read_source


def apply(
    file: Annotated[Path, typer.Argument(help="YAML or JSON with the parts that change; null takes a value away.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")],
    base: Annotated[int | None, typer.Option(min=0, help="Refuse when the newest revision is another one.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Let the file be all that is stored.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Accept that more than half of it is gone.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Change the configuration of a running gateway, above its files, until it is changed back.

    Exit code 0: in force; 1: refused.

    Example: pointsman apply cheaper.yaml --reason "cheaper reviews until Friday"
    """
    body: dict[str, Any] = {"set": _read_file(file), "replace": replace, "reason": reason, "author": name_author()}
    if dry_run:
        report_change(call_gateway("POST", f"{BASE}/propose", body), as_json, "nothing was changed; it would be")
        return
    body |= {"base": base, "force": force}
    report_change(call_gateway("POST", f"{BASE}/changes", body), as_json, "in force")


def _read_file(file: Path) -> object:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from None
    findings = Findings()
    root = read_source(Source(str(file), content), findings)
    if root is None or findings.count_errors():
        for problem in findings.in_order():
            typer.echo(str(problem), err=True)
        typer.echo("Nothing was changed. Next: correct the above.", err=True)
        raise typer.Exit(1)
    return to_plain(root)
