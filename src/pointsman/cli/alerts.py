"""Show what a running gateway has warned of, such as budgets near their end, and say that it was seen.

Example: pointsman alerts
"""

from typing import Annotated

import typer

from pointsman.cli.change import Reason
from pointsman.cli.gateway import call_gateway
from pointsman.cli.local_configuration import name_author
from pointsman.cli.term_options import print_json
from pointsman.cli.usage_table import show_name

ABOUT = "Show what a running gateway has warned of, and say that it was seen."

app = typer.Typer(help=ABOUT, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


@app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    budget: Annotated[str, typer.Option(help="Only those about the budget of this name.")] = "",
    show_all: Annotated[bool, typer.Option("--all", help="Acknowledged ones, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what a running gateway has warned of, the newest first.

    Example: pointsman alerts --all
    """
    if context.invoked_subcommand is not None:
        return
    query = {"limit": str(limit)} | ({"budget": budget} if budget else {}) | ({} if show_all else {"state": "open"})
    answer = call_gateway("GET", "/api/v1/alerts", query=query)
    if as_json:
        print_json(answer)
        return
    for each in answer["alerts"]:
        by = each["acknowledged_by"]
        seen = f" (seen by {show_name(by)})" if by else ""
        typer.echo(f"{each['id']}  {each['raised_at']}  {show_name(each['message'])}{seen}")
    if answer["alerts"]:
        typer.echo(f"next: pointsman alerts acknowledge {answer['alerts'][0]['id']}", err=True)
    else:
        typer.echo("There is nothing to see. Next: pointsman budgets", err=True)


@app.command()
def acknowledge(
    alert_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="Its number, as `pointsman alerts` shows it.")],
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Say that an alert was seen; it is on record who did.

    Exit code 0: noted; 1: there is no such alert.

    Example: pointsman alerts acknowledge 12 --reason "raised the limit"
    """
    body: dict[str, object] = {"author": name_author(), "reason": reason}
    answer = call_gateway("POST", f"/api/v1/alerts/{alert_id}/acknowledge", body)
    if as_json:
        print_json(answer)
    typer.echo(f"alert {alert_id} was seen by {show_name(answer['acknowledged_by'])}. Next: pointsman alerts", err=True)
