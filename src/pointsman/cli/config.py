"""Show the effective configuration, where each value comes from, and how it came to be.

Example: pointsman config explain agents.orchestrator.model
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pointsman.cli.gateway import GatewayError, GatewayRefused, ask_gateway, call_gateway, write_problem
from pointsman.cli.local_configuration import ConfigOption, EnvOption, load_or_exit, name_author

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
BASE = "/api/v1/configuration"
FileOnly = Annotated[bool, typer.Option("--file", help="From the files alone, without asking a running gateway.")]


@app.command()
def show(
    env: EnvOption = None,
    config: ConfigOption = None,
    layer: Annotated[str | None, typer.Option(help="Only one layer, such as stored.")] = None,
    as_json: AsJson = False,
    file: FileOnly = False,
) -> None:
    """Show the effective document: the running gateway's, or with --file (or --env, --config) what the files make.

    Example: pointsman config show --env development
    """
    answer = None if _wants_files(file, env, config) else _ask("effective", {"layer": layer} if layer else None)
    document = answer["document"] if answer else _show_files(config, env, layer)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    from pointsman.core.config.write_document import write_document

    typer.echo(write_document(document), nl=False)
    typer.echo("Next: pointsman config explain PATH", err=True)


@app.command()
def explain(
    path: Annotated[str, typer.Argument(help="Such as agents.orchestrator.model.")],
    env: EnvOption = None,
    config: ConfigOption = None,
    as_json: AsJson = False,
    file: FileOnly = False,
) -> None:
    """Say where a value comes from: the layer, file and line or author and reason, and what it shadows.

    Example: pointsman config explain agents.orchestrator.model
    """
    answer = None if _wants_files(file, env, config) else _ask("explain", {"path": path})
    found = answer or _explain_files(path, config, env)
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else write_origin(found))


@app.command()
def history(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(min=1, help="Older than this revision.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the revisions of a running gateway, the newest first. Example: pointsman config history --limit 5"""
    query = {"limit": str(limit)} | ({"before": str(before)} if before else {})
    answer = call_gateway("GET", f"{BASE}/revisions", query=query)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for each in answer["revisions"]:
        said = f"  {each['reason']}" if each["reason"] else ""
        typer.echo(f"{each['number']:>6}  {each['at']}  {each['id']}  {each['origin']:<9} {each['author']}{said}")
    if answer["next_before"]:
        typer.echo(f"Older: pointsman config history --before {answer['next_before']}", err=True)
    typer.echo("Next: pointsman config diff A B, pointsman rollback N", err=True)


@app.command()
def diff(
    old: Annotated[int, typer.Argument(min=1, help="The older revision.")],
    new: Annotated[int, typer.Argument(min=1, help="The newer one.")],
    as_json: AsJson = False,
) -> None:
    """Say what differs between two revisions. Example: pointsman config diff 3 7"""
    answer = call_gateway("GET", f"{BASE}/diff", query={"from": str(old), "to": str(new)})
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    typer.echo("\n".join(write_changes(answer["changes"])) or "Both say the same.")
    typer.echo(f"Next: pointsman rollback {old}", err=True)


@app.command()
def drift(as_json: AsJson = False) -> None:
    """List the values that differ from what the files say. Example: pointsman config drift"""
    answer = call_gateway("GET", f"{BASE}/drift")
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for each in answer["drift"]:
        files, effective = json.dumps(each["file_value"]), json.dumps(each["effective_value"])
        typer.echo(f"{each['path']}: the files say {files}, in force is {effective} ({each['layer']})")
    typer.echo(f"{len(answer['drift'])} values differ from the files. Next: pointsman config export", err=True)


@app.command()
def export(
    write: Annotated[bool, typer.Option("--write", help="Write the files, keeping dated copies.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the stored layer back into the YAML, comments kept; by default as a patch on stdout.

    Example: pointsman config export > change.patch
    """
    answer = call_gateway("GET", f"{BASE}/export")
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    if not write:
        typer.echo(answer["patch"], nl=False)
        typer.echo("Next: git apply, or pointsman config export --write", err=True)
        return
    from pointsman.cli.replace_file import replace_with_backup

    for each in answer["files"]:
        backup = replace_with_backup(Path(each["file"]), each["content"])
        typer.echo(f"wrote {each['file']}" + (f", kept {backup}" if backup else ""), err=True)
    typer.echo("The files now say it too. Next: pointsman config clear --reason exported", err=True)


@app.command()
def clear(
    reason: Annotated[str, typer.Option(help="Why; kept in the history.")] = "",
    as_json: AsJson = False,
) -> None:
    """Drop the stored layer, so that the files alone count again. Example: pointsman config clear --reason exported"""
    body = {"set": {}, "replace": True, "reason": reason, "author": name_author()}
    report_change(call_gateway("POST", f"{BASE}/changes", body), as_json, "dropped what was stored")


@app.command()
def reload(
    force: Annotated[bool, typer.Option("--force", help="Accept that more than half of it is gone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a running gateway read its files now. Example: pointsman config reload"""
    answer = call_gateway("POST", f"{BASE}/reload", {"force": force})
    report_change(answer, as_json, "read the files")


def report_change(answer: dict[str, Any], as_json: bool, done: str) -> None:
    """Say what a change led to; exit code 1 when it was refused."""
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    for problem in answer["problems"]:
        typer.echo(write_problem(problem), err=True)
    if not answer["ok"]:
        typer.echo("Refused; what was in force stays. Next: correct the above.", err=True)
        raise typer.Exit(1)
    if not as_json:
        for line in write_changes(answer["changes"]):
            typer.echo(line)
    number = f"revision {answer['number']} ({answer['revision']})" if answer["number"] else answer["revision"]
    typer.echo(f"{done}: {number}. Next: pointsman config history", err=True)


def write_origin(found: dict[str, Any]) -> str:
    """A value and its origin for people."""
    lines = [f"{found['path']}: {json.dumps(found['value'], ensure_ascii=False)}"]
    where = f"{found['file']}:{found['line']}" if found["line"] else found["file"]
    lines.append(f"  from {found['layer']} ({where})" if where else f"  from {found['layer']}")
    if found["author"]:
        said = f": {found['reason']}" if found["reason"] else ""
        lines.append(f"  by {found['author']}, since {found['since']}{said}")
    if found["expires_at"]:
        lines.append(f"  ends by itself at {found['expires_at']}")
    for below in found["shadows"]:
        place = f" ({below['file']}:{below['line']})" if below["file"] and below["line"] else ""
        lines.append(f"  instead of {json.dumps(below['value'], ensure_ascii=False)} from {below['layer']}{place}")
    lines.append("Next: pointsman config show")
    return "\n".join(lines)


def write_changes(changes: list[dict[str, Any]]) -> list[str]:
    """Differences for people, a line for each side."""
    lines: list[str] = []
    for each in changes:
        if each["kind"] != "added":
            lines.append(f"- {each['path']}: {json.dumps(each['old'], ensure_ascii=False)}")
        if each["kind"] != "removed":
            lines.append(f"+ {each['path']}: {json.dumps(each['new'], ensure_ascii=False)}")
    return lines


def _wants_files(file: bool, env: str | None, config: Path | None) -> bool:
    return file or env is not None or config is not None


def _ask(resource: str, query: dict[str, str] | None) -> dict[str, Any] | None:
    """The running gateway's answer, or `None` when none runs: then the files tell."""
    try:
        return ask_gateway("GET", f"{BASE}/{resource}", query=query)
    except GatewayRefused as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from None
    except GatewayError:
        typer.echo("No gateway runs here, so this is what the files say.", err=True)
        return None


def _show_files(config: Path | None, env: str | None, layer: str | None) -> dict[str, Any]:
    import os

    from pointsman.control.effective import NothingThere, describe_layer

    try:
        return dict(describe_layer(load_or_exit(config, env), os.environ, layer))
    except NothingThere as missing:
        typer.echo(str(missing), err=True)
        raise typer.Exit(1) from None


def _explain_files(path: str, config: Path | None, env: str | None) -> dict[str, Any]:
    import os

    from pointsman.control.effective import NothingThere, explain_value, list_layers

    try:
        return explain_value(list_layers(load_or_exit(config, env), os.environ), path)
    except NothingThere as missing:
        typer.echo(f"{missing} Next: pointsman config show --file", err=True)
        raise typer.Exit(1) from None
