"""Show the effective configuration, where each value comes from, and how it came to be.

Example: pointsman config explain agents.orchestrator.model
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pointsman.cli.change import BASE, Reason, send_change, write_changes
from pointsman.cli.gateway import GatewayError, NoGateway, ask_gateway, call_gateway, say_refused
from pointsman.cli.local_configuration import (
    ConfigOption,
    EnvOption,
    explain_in_files,
    name_author,
    show_files,
)

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
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
    document = answer["document"] if answer else show_files(config, env, layer)
    if as_json:
        _print_json(document)
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

    Exit code 0: here it is; 1: nothing is said at this path.

    Example: pointsman config explain agents.orchestrator.model
    """
    if not path:
        raise typer.BadParameter("name a path, such as agents.orchestrator.model", param_hint="PATH")
    answer = None if _wants_files(file, env, config) else _ask("explain", {"path": path})
    found = answer or explain_in_files(path, config, env)
    if as_json:
        _print_json(found)
        return
    from pointsman.cli.origin_text import write_origin

    typer.echo(write_origin(found))


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
        _print_json(answer)
        return
    revisions = answer["revisions"]
    width = max((len(each["author"]) for each in revisions), default=0)
    for each in revisions:
        line = f"{each['number']:>6}  {each['at']}  {each['id']}  {each['origin']:<8}  {each['author']:<{width}}"
        typer.echo(f"{line}  {each['reason']}".rstrip())
    if answer["next_before"]:
        typer.echo(f"Older: pointsman config history --before {answer['next_before']}", err=True)
    typer.echo("Next: pointsman config diff A B, or pointsman rollback N", err=True)


@app.command()
def diff(
    old: Annotated[int, typer.Argument(min=1, help="The older revision.")],
    new: Annotated[int, typer.Argument(min=1, help="The newer one.")],
    as_json: AsJson = False,
) -> None:
    """Say what differs between two revisions. Example: pointsman config diff 3 7"""
    answer = call_gateway("GET", f"{BASE}/diff", query={"from": str(old), "to": str(new)})
    if as_json:
        _print_json(answer)
        return
    typer.echo("\n".join(write_changes(answer["changes"])) or "Both say the same.")
    typer.echo(f"Next: pointsman rollback {old}", err=True)


@app.command()
def drift(as_json: AsJson = False) -> None:
    """List the values that differ from what the files say, and replicas that differ. Example: pointsman config drift"""
    answer = call_gateway("GET", f"{BASE}/drift")
    if as_json:
        _print_json(answer)
        return
    for problem in answer.get("problems", ()):
        typer.echo(f"{problem['severity']}: {problem['message']} ({problem['code']})")
    for each in answer["drift"]:
        files, effective = (json.dumps(each[key], ensure_ascii=False) for key in ("file_value", "effective_value"))
        said = f", by {each['author']}" if each["author"] else ""
        typer.echo(f"{each['path']}: the files say {files}, in force is {effective} ({each['layer']}{said})")
    count = len(answer["drift"])
    if count:
        typer.echo(f"{_count(count)} from the files. Next: pointsman config export", err=True)
    else:
        typer.echo("What is in force is what the files say. Next: pointsman config show", err=True)


@app.command()
def export(
    write: Annotated[bool, typer.Option("--write", help="Write the files, keeping dated copies.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the stored layer back into the YAML, comments kept; by default as a patch on stdout.

    Exit code 0: here it is, or written; 1: it cannot be written back, or a file is not what the gateway read.

    Example: pointsman config export > change.patch
    """
    answer = call_gateway("GET", f"{BASE}/export")
    if write:
        _write(answer, as_json)
    elif as_json:
        _print_json(answer)
    elif not answer["patch"]:
        typer.echo("Nothing to export: the files say all that is stored. Next: pointsman config show", err=True)
    else:
        typer.echo(answer["patch"], nl=False)
        typer.echo(
            f"Names are seen from {answer['folder']}. Next: git apply, or pointsman config export --write", err=True
        )


@app.command()
def clear(reason: Reason = "", as_json: AsJson = False) -> None:
    """Drop the stored layer, so that the files alone count again. Example: pointsman config clear --reason exported"""
    body: dict[str, object] = {"set": {}, "replace": True, "reason": reason, "author": name_author()}
    send_change("changes", body, "dropped what was stored", as_json=as_json)


@app.command()
def reload(
    force: Annotated[bool, typer.Option("--force", help="Accept that more than half of it is gone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a running gateway read its files now. Example: pointsman config reload"""
    send_change("reload", {"force": force}, "read the files", as_json=as_json)


def _write(answer: dict[str, Any], as_json: bool) -> None:
    from pointsman.cli.export_files import NotWritten, write_exported

    try:
        written = write_exported(answer["folder"], answer["files"])
        refused = None
    except NotWritten as not_written:
        written, refused = not_written.written, not_written
    for each in written:
        typer.echo(f"wrote {each.file}, kept {each.backup}", err=True)
        if each.digest_file:
            typer.echo(f"{each.digest_file} does not fit any more: write it anew, else the file is refused", err=True)
    if as_json:
        listed = [{"file": str(each.file), "backup": str(each.backup)} for each in written]
        error = {"code": "not_written", "message": str(refused)} if refused else None
        _print_json({"ok": refused is None, "written": listed, "error": error})
    if refused:
        typer.echo(f"{refused}", err=True)
        raise typer.Exit(1)
    if written:
        typer.echo("The files now say it too. Next: pointsman config clear --reason exported", err=True)
    else:
        typer.echo("There is nothing to write: the files say all that is stored.", err=True)


def _count(differing: int) -> str:
    return "1 value differs" if differing == 1 else f"{differing} values differ"


def _print_json(answer: object) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False))


def _wants_files(file: bool, env: str | None, config: Path | None) -> bool:
    return file or env is not None or config is not None


def _ask(resource: str, query: dict[str, str] | None) -> dict[str, Any] | None:
    """The running gateway's answer, or `None` when none runs: then the files tell."""
    try:
        return ask_gateway("GET", f"{BASE}/{resource}", query=query)
    except NoGateway:
        typer.echo("No gateway runs here, so this is what the files say.", err=True)
        return None
    except GatewayError as error:
        say_refused(error)
        raise typer.Exit(1) from None
