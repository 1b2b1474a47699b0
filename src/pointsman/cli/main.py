"""The command line: names every command here, and imports a command's own module only when it runs."""

import importlib
import keyword
import sys
import traceback
from pathlib import Path

import typer

OUR_FAULT = 70

_ABOUT = "Decides which model every LLM call of every agent runs on, carries the call there, and proves why."

COMMANDS = {
    "serve": "Run the gateway, the admin API and the metrics.",
    "init": "Write a pointsman.yaml from the provider keys in the environment.",
    "check": "Say everything that is wrong with a configuration, with line and column.",
    "schema": "Print the JSON Schema of the configuration, for editors.",
    "config": "Show the effective configuration, where each value comes from, and its history.",
    "apply": "Change the configuration of a running gateway, above its files.",
    "rollback": "Restore what an earlier revision stored.",
    "override": "Change an agent's model, the strategy or a task's model for a while.",
    "import": "Turn a configuration in another form into pointsman.yaml.",
    "explain": "Say which model a request would get, and why.",
    "lint": "Find models that a code base names where it should name an agent.",
    "doctor": "Say what is wrong with this installation, and the next step.",
    "models": "List models with prices and limits, and take newer data for the catalogue.",
    "providers": "List providers, and ask one whether it answers and which models it has.",
    "nodes": "List the gateways that share a database, and the revision that each runs.",
    "usage": "Show tokens, cost and latency of a running gateway.",
    "budgets": "Show how much of each budget is spent, held and left.",
    "alerts": "Show what a running gateway has warned of, and say that it was seen.",
    "keys": "Create, change, rotate and revoke the keys that callers present.",
    "teams": "Register teams, with budgets, limits and models that hold for all of their keys.",
    "users": "Register users, in the same way.",
    "simulate": "Run a simulated provider to try things against.",
}
"""Each command and what it does; `pointsman.cli.NAME` holds it, as a function or as a `typer.Typer` called `app`."""


def build_app(wanted: str | None) -> typer.Typer:
    """The command line with the one command that is wanted; the others are only listed."""
    app = typer.Typer(
        add_completion=False, no_args_is_help=True, rich_markup_mode=None, help=_ABOUT, pretty_exceptions_enable=False
    )
    app.callback()(_accept_no_options)
    for name, what in COMMANDS.items():
        if name != wanted:
            app.command(name, help=what)(_stand_in)
            continue
        module = importlib.import_module(f"pointsman.cli.{name_module(name)}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, help=what)
        else:
            app.command(name)(getattr(module, name_module(name)))
    return app


def name_module(command: str) -> str:
    """The module of a command, and the function in it: a word of Python's own cannot be either."""
    return f"{command}_" if keyword.iskeyword(command) else command


def main() -> None:
    """Run the command line."""
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        build_app(wanted)(prog_name="pointsman")
    except Exception as error:
        # Where, but neither the values at hand nor the message's: they may hold what nobody should see.
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        print(f"pointsman failed: {type(error).__name__} at {place}; this is a fault of Pointsman", file=sys.stderr)  # noqa: T201
        sys.exit(OUR_FAULT)


def _accept_no_options() -> None:
    """Options belong to the commands."""


def _stand_in() -> None:
    """Stands for a command that was not asked for."""


if __name__ == "__main__":
    main()
