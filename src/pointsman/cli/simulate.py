"""Run a simulated provider that speaks every provider format: something to try against, without a key or a bill.

Example: `pointsman simulate --port 4101 --latency 20ms`, then use http://127.0.0.1:4101/v1 as base URL.
"""

import os
import re
from typing import Annotated

import typer

_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s)?")


def parse_duration_ms(text: str) -> float:
    """Read `150ms`, `0.5s` or `0`; a bare number is milliseconds.

    Raises:
        typer.BadParameter: when it is none of these.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f'"{text}" is not a duration; write it like 150ms or 2s')
    amount, unit = match.groups()
    return float(amount) * (1000 if unit == "s" else 1)


def simulate(
    host: Annotated[
        str, typer.Option(help="Address to listen on; whoever reaches it can read the recorded calls.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 4101,
    latency: Annotated[str, typer.Option(help="Time to the first byte, such as 150ms or 2s.")] = "150ms",
    tokens_per_second: Annotated[
        float, typer.Option(min=0, help="Rate of each answer; 0 is as fast as possible.")
    ] = 80,
    seed: Annotated[int, typer.Option(help="Another seed gives other answers.")] = 0,
    api_key: Annotated[str | None, typer.Option(help="Bearer token to demand; none by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the URL as a JSON object.")] = False,
    die_with_parent: Annotated[
        bool, typer.Option("--die-with-parent", help="End when the calling process ends.")
    ] = False,
) -> None:
    """Run a simulated provider that speaks every provider format, without a key and without a bill.

    Example: pointsman simulate --port 4101 --latency 20ms
    """
    from pointsman.simulator.server import run_simulator
    from pointsman.simulator.settings import SimulatorSettings

    settings = SimulatorSettings(
        host=host,
        port=port,
        latency_ms=parse_duration_ms(latency),
        tokens_per_second=tokens_per_second,
        seed=seed,
        api_key=api_key,
        announce_json=json,
        parent_pid=os.getppid() if die_with_parent else None,
    )
    try:
        run_simulator(settings)
    except OSError as error:
        typer.echo(f"cannot listen on {host}:{port}: {error.strerror}; try another --port", err=True)
        raise typer.Exit(1) from None
