"""Run the gateway: inference, admin API and metrics on one port.

Example: pointsman serve --config pointsman.yaml --port 4100
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

CONFIGURATION_REFUSED = 78


def serve(
    config: Annotated[Path | None, typer.Option(help="The document; found as ./pointsman.yaml if left out.")] = None,
    host: Annotated[
        str | None, typer.Option(envvar="POINTSMAN_HOST", help="Address to listen on; 127.0.0.1 if nothing says more.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            envvar="POINTSMAN_PORT",
            min=0,
            max=65535,
            help="Port to listen on, 4100 if nothing says more; 0: a free one.",
        ),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Start beside a simulated provider, ready to try.")] = False,
) -> None:
    """Run the gateway: inference, admin API and metrics on one port.

    Example: pointsman serve --config pointsman.yaml --port 4100

    Exit codes: 0 ended by a signal, 1 port taken, 2 wrong usage, 78 configuration or credential refused.
    """
    from pointsman.cli.demo import Demo
    from pointsman.control.configuration import find_config

    environ = dict(os.environ)
    with Demo(environ) if demo else _Nothing():
        _run(find_config(config, environ, Path.cwd()), host, port, environ, demo=demo)


class _Nothing:
    """What stands in for the demo where none is asked for."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def _run(path: Path, host: str | None, port: int | None, environ: Mapping[str, str], *, demo: bool) -> None:
    import uvloop

    from pointsman.assembly.gateway import run_gateway
    from pointsman.assembly.settings import Running, ServeSettings
    from pointsman.control.credentials import CredentialRefused
    from pointsman.control.home import HomeRefused
    from pointsman.control.keys import UnusablePepper
    from pointsman.control.startup import ConfigurationRefused
    from pointsman.core.ports import StorageUnavailable
    from pointsman.recognition.library import NamesUnavailable
    from pointsman.server.listener import CannotListen
    from pointsman.storage.schema import UnusableDatabase

    settings = ServeSettings(
        config=path,
        home=Path(environ.get("POINTSMAN_HOME", ".pointsman")),
        host=host,
        port=port,
        environ=environ,
        demo=demo,
    )

    def announce(running: Running) -> None:
        from pointsman.cli.banner import write_banner

        for problem in running.warnings:
            typer.echo(f"{problem.severity}: {problem}", err=True)
        if running.stands_in:
            typer.echo(f"{path} cannot be used, so the last good configuration is served until it can.", err=True)
        if running.pending:
            typer.echo(f"warning: read, and not acting yet: {', '.join(running.pending)}", err=True)
        typer.echo(write_banner(running, path, demo=demo), err=True)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_gateway(settings, announce))
    except ConfigurationRefused as refusal:
        for problem in refusal.problems:
            typer.echo(str(problem), err=True)
        if refusal.no_stand_in:
            typer.echo(f"What was in force last could not stand in: {refusal.no_stand_in}", err=True)
        _refuse(f"the start is refused; correct {path} and try again", CONFIGURATION_REFUSED)
    except (
        CredentialRefused,
        HomeRefused,
        NamesUnavailable,
        StorageUnavailable,
        UnusablePepper,
        UnusableDatabase,
    ) as refusal:
        _refuse(str(refusal), CONFIGURATION_REFUSED)
    except CannotListen as refusal:
        _refuse(str(refusal), 1)


def _refuse(message: str, exit_code: int) -> None:
    typer.echo(message, err=True)
    sys.exit(exit_code)
