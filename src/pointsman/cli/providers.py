"""List the providers of the configuration, and ask one whether it answers and which models it has.

Example: pointsman providers validate anthropic
"""

import json
import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pointsman.cli.local_configuration import ConfigOption, EnvOption, load_or_exit
from pointsman.cli.providers_text import (
    Answer,
    describe_answer,
    find_next_step,
    view_answer,
    view_offered,
    view_provider,
    write_offered,
    write_providers,
)
from pointsman.control.configured_providers import ConfiguredProvider, list_offered, list_providers
from pointsman.core.config.problems import quote
from pointsman.core.config.suggest import suggest_name
from pointsman.diagnosis.credential import Credential, find_credential

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Name = Annotated[str, typer.Argument(help="The provider, by its name in the configuration.")]
WAIT_S = 10.0


@app.callback(invoke_without_command=True)
def list_all(
    context: typer.Context, config: ConfigOption = None, env: EnvOption = None, as_json: AsJson = False
) -> None:
    """List the providers of the configuration: where they are, and whether their keys are set; calls none of them.

    Exit code 0: here they are; 1: the configuration cannot be used.

    Example: pointsman providers
    """
    if context.invoked_subcommand is not None:
        return
    found = [(provider, _find_key(provider)) for provider in _load(config, env).values()]
    if as_json:
        typer.echo(json.dumps({"providers": [view_provider(*each) for each in found]}))
        return
    for line in write_providers(found):
        typer.echo(line)
    if not found:
        typer.echo("No provider is configured. Next: pointsman init", err=True)
    else:
        typer.echo(f"Next: pointsman providers validate {found[0][0].name}", err=True)


@app.command()
def validate(name: Name, config: ConfigOption = None, env: EnvOption = None, as_json: AsJson = False) -> None:
    """Ask a provider for its models, or where it has no list for a chat that it must refuse; both cost nothing.

    Exit code 0: it answers, and takes the key; 1: it does not.

    Example: pointsman providers validate anthropic
    """
    answer = _ask(_find(name, config, env))
    if as_json:
        typer.echo(json.dumps(view_answer(answer)))
    else:
        typer.echo(describe_answer(answer))
        typer.echo(f"Next: {find_next_step(answer)}", err=True)
    raise typer.Exit(0 if answer.reply.is_good else 1)


@app.command()
def models(name: Name, config: ConfigOption = None, env: EnvOption = None, as_json: AsJson = False) -> None:
    """Ask a provider which models it has, and show which of them are configured.

    Exit code 0: it answers; 1: it does not, and the configured ones are shown.

    Example: pointsman providers models ollama
    """
    answer = _ask(_find(name, config, env))
    offered = list_offered(answer.provider, answer.reply.models)
    if as_json:
        typer.echo(json.dumps(view_answer(answer) | {"models": [view_offered(model) for model in offered]}))
    else:
        for line in write_offered(offered):
            typer.echo(line)
        typer.echo(describe_answer(answer), err=True)
        typer.echo(f"Next: {find_next_step(answer)}", err=True)
    raise typer.Exit(0 if answer.reply.is_good else 1)


def _load(config: Path | None, env: str | None) -> dict[str, ConfiguredProvider]:
    return list_providers(load_or_exit(config, env), os.environ)


def _find(name: str, config: Path | None, env: str | None) -> ConfiguredProvider:
    providers = _load(config, env)
    return providers[name] if name in providers else _say_unknown(name, list(providers))


def _find_key(provider: ConfiguredProvider) -> Credential | None:
    reference = provider.deployment.credential
    return None if reference is None else find_credential(reference, os.environ, Path.cwd())


def _ask(provider: ConfiguredProvider) -> Answer:
    import asyncio

    from pointsman.upstream.discovery import Probe, ask_all

    key = _find_key(provider)
    (reply,) = asyncio.run(ask_all([Probe(provider.deployment, key.value if key is not None else None)], WAIT_S))
    return Answer(provider, key, reply)


def _say_unknown(name: str, known: list[str]) -> NoReturn:
    guess = suggest_name(name, known)
    hint = f"; did you mean {quote(guess)}?" if guess else ""
    typer.echo(f"No provider is called {quote(name)}{hint}. Next: pointsman providers", err=True)
    raise typer.Exit(1)
