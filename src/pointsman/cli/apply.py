"""`pointsman apply`: changes the stored layer of a running gateway by a file in the form of the document.

Whatever is wrong with the file is said at its own lines, whoever found it.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pointsman.cli.change import GivenReason, end_refused, send_change
from pointsman.cli.change_file import ChangeFile, read_change_file
from pointsman.cli.local_configuration import name_author
from pointsman.control.found_file import Unusable


def apply(
    file: Annotated[Path, typer.Argument(help="YAML or JSON with the parts that change; null takes a value away.")],
    reason: GivenReason,
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
    change = _read_or_exit(file, as_json)
    body: dict[str, object] = {"set": change.values, "replace": replace, "reason": reason, "author": name_author()}
    if dry_run:
        done = "nothing was changed; it would be"
        send_change("propose", body, done, as_json=as_json, locate=change.locate)
        return
    body |= {"base": base, "force": force}
    send_change("changes", body, "in force", as_json=as_json, locate=change.locate)


def _read_or_exit(file: Path, as_json: bool) -> ChangeFile:
    change = read_change_file(file)
    if isinstance(change, Unusable):
        raise typer.BadParameter(f"{file}: this {change.reason}", param_hint="FILE")
    if change.problems:
        for problem in change.problems:
            typer.echo(str(problem), err=True)
        message = "Nothing was changed. Next: correct the above, then try again."
        typer.echo(message, err=True)
        problems = [asdict(problem) for problem in change.problems]
        end_refused(problems, "configuration_refused", message, as_json=as_json)
    return change
