"""How commands that need no gateway read the configuration."""

import getpass
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from pointsman.control.configuration import DEFAULT_ENVIRONMENT, Loaded, find_config, load_configuration
from pointsman.core.config.nodes import MappingNode, Plain
from pointsman.core.config.problems import quote

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
    if env is not None:
        say_without_overlay(loaded)
    return loaded


def show_files(config: Path | None, env: str | None, layer: str | None) -> dict[str, Plain]:
    """The effective document of the files alone, or one layer of it; ends the command with 1 when there is none."""
    from pointsman.control.effective import NothingThere, describe_layer

    try:
        return describe_layer(load_or_exit(config, env), os.environ, layer)
    except NothingThere as missing:
        typer.echo(str(missing), err=True)
        raise typer.Exit(1) from None


def explain_in_files(path: str, config: Path | None, env: str | None) -> dict[str, Any]:
    """Where a value of the files alone comes from; ends the command with 1 when nothing is said there."""
    from pointsman.control.effective import NothingThere, explain_value, list_layers

    try:
        return explain_value(list_layers(load_or_exit(config, env), os.environ), path)
    except NothingThere as missing:
        typer.echo(f"{missing}. Next: pointsman config show --file", err=True)
        raise typer.Exit(1) from None


def name_author() -> str:
    """Who runs the command, for the history."""
    try:
        name = "".join(character for character in getpass.getuser() if character.isprintable())
    except (KeyError, OSError):  # A container may run under a number that has no name.
        name = ""
    return name[:128] or "admin"


def say_without_overlay(loaded: Loaded) -> None:
    """An environment may do without an overlay; a misspelt one always does."""
    root = loaded.compiled.effective if loaded.compiled else None
    entry = root.entries.get("environments") if root else None
    known = tuple(entry.value.entries) if entry is not None and isinstance(entry.value, MappingNode) else ()
    if loaded.environment not in (*known, DEFAULT_ENVIRONMENT):
        there = f"there are {', '.join(known)}" if known else "there is none at all"
        typer.echo(f"No overlay is named {quote(loaded.environment)}; {there}.", err=True)
