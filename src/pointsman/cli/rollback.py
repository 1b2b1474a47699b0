"""`pointsman rollback N`: restores the stored layer of an earlier revision."""

from typing import Annotated

import typer

from pointsman.cli.config import BASE, report_change
from pointsman.cli.gateway import call_gateway
from pointsman.cli.local_configuration import name_author


def rollback(
    number: Annotated[int, typer.Argument(min=1, help="The revision, as `config history` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Accept that more than half of it is gone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Restore what was stored in an earlier revision; files stay as they are.

    Exit code 0: in force; 1: refused.

    Example: pointsman rollback 12 --reason "answers got worse"
    """
    body = {"number": number, "reason": reason, "author": name_author(), "force": force}
    report_change(call_gateway("POST", f"{BASE}/rollback", body), as_json, f"rolled back to what {number} stored")
    if not as_json:
        typer.echo("What the files say is not rolled back; see: pointsman config drift", err=True)
