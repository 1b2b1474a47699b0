"""List the gateways that share a database.

Example: pointsman nodes
"""

import json
from collections import Counter
from typing import Any

import typer

from pointsman.cli.gateway import call_gateway
from pointsman.cli.term_options import AsJson


def nodes(as_json: AsJson = False) -> None:
    """List the gateways on the same database: when each was last heard of, and which revision it runs.

    Exit code 0: all live ones run the same revision; 1: they do not.

    Example: pointsman nodes
    """
    answer = call_gateway("GET", "/api/v1/nodes")
    revisions = Counter(each["revision"] for each in answer["nodes"] if each["state"] == "live")
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for line in write_nodes(answer["nodes"]):
            typer.echo(line)
    if len(revisions) > 1:
        typer.echo("They run different configurations. Next: pointsman config drift, for each of them", err=True)
        raise typer.Exit(1)


def write_nodes(listed: list[dict[str, Any]]) -> list[str]:
    """One line for each, in columns."""
    width = max((len(each["name"]) for each in listed), default=0)
    return [_write(each, width) for each in listed]


def _write(node: dict[str, Any], width: int) -> str:
    lease = f"lease {node['lease_left_s']:.0f} s" if node["state"] == "live" else "lease over"
    me = "  (this one)" if node["self"] else ""
    return (
        f"{node['name']:<{width}}  {node['state']:<6}  revision {node['revision']}  "
        f"seen {node['last_seen']}  {lease}  id {node['id']}{me}"
    )
