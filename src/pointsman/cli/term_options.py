"""Options that say what keys, teams and users may use up, and how these read on one line."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pointsman.cli.gateway import call_gateway, write_problem


def split_names(given: list[str]) -> list[str]:
    """Names that are separated by commas, in one or several options.

    An empty one is refused, because an empty list allows more than any other: `--models "$UNSET"` must not.
    """
    names = [name.strip() for text in given for name in text.split(",")]
    if not all(names):
        raise typer.BadParameter("a name is missing; write them as in agent:writer,gpt-4o or leave the option out")
    return names


def check_word(given: str | None) -> str | None:
    """A text that is there when its option is, for the same reason."""
    if given is not None and not given.strip():
        raise typer.BadParameter("it is empty; leave the option out to say nothing")
    return given


def check_words(given: list[str]) -> list[str]:
    """Texts of which none is empty, for the same reason."""
    if not all(text.strip() for text in given):
        raise typer.BadParameter("it is empty; leave the option out to say nothing")
    return given


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Models = Annotated[
    list[str] | None,
    typer.Option(
        help="What may be asked for: agent:writer,gpt-4o,task:*; all if left out.",
        callback=lambda given: split_names(given or []),
    ),
]
Budgets = Annotated[
    list[str] | None,
    typer.Option(
        "--budget",
        help="What may be spent, such as $5/day or '$100/month Europe/Berlin'; may be repeated.",
        callback=lambda given: check_words(given or []),
    ),
]
ConfirmZero = Annotated[bool, typer.Option("--confirm-zero", help="A budget of 0, which denies everything, is meant.")]
RequestsPerMinute = Annotated[int | None, typer.Option(min=1, help="How many requests may be made.")]
TokensPerMinute = Annotated[int | None, typer.Option(min=1, help="How many tokens may be used, answers included.")]
Concurrent = Annotated[int | None, typer.Option(min=1, help="How many requests may be under way at the same time.")]
Clear = Annotated[
    list[str] | None,
    typer.Option(
        help="Terms to take away, by their names in the JSON, such as budgets,concurrent.",
        callback=lambda given: split_names(given or []),
    ),
]

LISTS = frozenset({"tags", "models", "strategies", "budgets"})


def choose_said(said: Mapping[str, object]) -> dict[str, object]:
    """Of all options those that were given."""
    return {name: value for name, value in said.items() if value is not None and value != [] and value is not False}


def choose_changes(said: Mapping[str, object], clear: list[str] | None, clearable: frozenset[str]) -> dict[str, object]:
    """What a change sends: the options that were given, and nothing for what is to be taken away."""
    changes = {name: value for name, value in said.items() if value is not None and value != []}
    for name in clear or []:
        if name not in clearable:
            raise typer.BadParameter(f"{name!r} cannot be cleared; name some of {', '.join(sorted(clearable))}")
        if name in changes:
            raise typer.BadParameter(f"{name!r} is both given and cleared")
        changes[name] = [] if name in LISTS else None
    if not changes.keys() - {"confirm_zero"}:
        raise typer.BadParameter("nothing is said that should become different; see --help")
    return changes


def send_terms(method: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
    """Ask for a change and say what the gateway warns of; ends the command with 1 when it is refused."""
    answer = call_gateway(method, path, body)
    for warning in answer.get("warnings", ()):
        typer.echo(f"warning: {write_problem(warning)}", err=True)
    return answer


def print_json(answer: object) -> None:
    """The answer for scripts, alone on stdout."""
    typer.echo(json.dumps(answer, ensure_ascii=False))


def write_terms(shown: Mapping[str, Any]) -> list[str]:
    """What one may use up and ask for, each as a few words; a gateway of an earlier version says nothing of some."""
    lists = {"tags": "tags", "models": "may ask for", "strategies": "strategies", "budgets": "budgets"}
    words = {
        "privacy": "privacy {}",
        "detect": "detect {}",
        "requests_per_minute": "{} requests per minute",
        "tokens_per_minute": "{} tokens per minute",
        "concurrent": "{} at the same time",
        "max_cost_per_request": "${} per request",
        "expires_at": "expires {}",
        "former_until": "former text until {}",
    }
    switches = {"budget_mode": "budget mode", "strict": "strict", "clamp": "clamp"}
    parts = [f"{what} {shown[what]}" for what in ("team", "user") if shown.get(what)]
    parts += [f"{text} {', '.join(shown[what])}" for what, text in lists.items() if shown.get(what)]
    parts += [text.format(shown[what]) for what, text in words.items() if shown.get(what)]
    return [*parts, *(text for what, text in switches.items() if shown.get(what))]
