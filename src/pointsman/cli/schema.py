"""`pointsman schema`: the JSON Schema of the configuration, for editors and for checks that are not ours."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pointsman.core.config.json_schema import build_json_schema


def schema(
    output: Annotated[Path | None, typer.Option(help="Write it to this file instead of printing it.")] = None,
) -> None:
    """Print the JSON Schema (draft 7, which editors read) of pointsman.yaml.

    `pointsman init` writes the same beside the document, and names it in the document's first line.

    Example: pointsman schema --output pointsman.schema.json
    """
    if output is None:
        typer.echo(write_schema(), nl=False)
        return
    if output.is_dir() or not output.parent.is_dir():
        raise typer.BadParameter(f"{output} is no place for a file", param_hint="--output")
    output.write_text(write_schema(), encoding="utf-8")
    line = f"# yaml-language-server: $schema={output.name}"
    typer.echo(f"Wrote {output}. Next: put `{line}` into the first line of the document beside it.", err=True)


def write_schema() -> str:
    """The schema as a file."""
    return msgspec.json.format(msgspec.json.encode(build_json_schema()), indent=2).decode() + "\n"
