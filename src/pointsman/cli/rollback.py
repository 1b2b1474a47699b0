"""`pointsman rollback N`: restores the stored layer of an earlier revision."""

from typing import Annotated

import typer

from pointsman.cli.change import Reason, send_change
from pointsman.cli.local_configuration import name_author


def rollback(
    number: Annotated[int, typer.Argument(min=1, help="The revision, as `config history` shows it.")],
    reason: Reason = "",
    force: Annotated[bool, typer.Option("--force", help="Accept that more than half of it is gone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Restore what was stored in an earlier revision; files stay as they are.

    Exit code 0: in force; 1: refused.

    Example: pointsman rollback 12 --reason "answers got worse"
    """
    body: dict[str, object] = {"number": number, "reason": reason, "author": name_author(), "force": force}
    typer.echo("Files are not rolled back, and overrides stay; see: pointsman config drift", err=True)
    send_change("rollback", body, f"rolled back to what {number} stored", as_json=as_json)
