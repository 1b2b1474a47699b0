"""How commands that need no gateway read the configuration."""

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer

from pointsman.control.configuration import Loaded, find_config, load_configuration

ConfigOption = Annotated[Path | None, typer.Option("--config", help="The file or folder.")]
EnvOption = Annotated[str | None, typer.Option("--env", help="Whose overlay applies, else as POINTSMAN_ENV says.")]


def load_or_exit(config: Path | None, env: str | None) -> Loaded:
    """Read the configuration; when it cannot be used, say why and end the command with 1."""
    loaded = load_configuration(find_config(config, os.environ, Path.cwd()), os.environ, env)
    if loaded.snapshot is None:
        for problem in loaded.problems:
            typer.echo(str(problem), err=True)
        typer.echo("The configuration cannot be used. Next: pointsman check", err=True)
        raise typer.Exit(1)
    return loaded


def name_author() -> str:
    """Who runs the command, for the history."""
    try:
        return getpass.getuser()[:128] or "admin"
    except (KeyError, OSError):  # A container may run under a number that has no name.
        return "admin"
