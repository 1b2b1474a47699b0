"""Look models up: those of the configuration, or all that the catalogue knows; and take newer data for it.

Example: pointsman models --capability vision --max-price 5
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from datetime import date as day
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pointsman.cli.local_configuration import ConfigOption, EnvOption, load_or_exit
from pointsman.cli.models_text import view_model, view_row, write_model, write_rows
from pointsman.control.configuration import Loaded, find_catalog, find_config, load_catalog, load_configuration
from pointsman.control.known_models import ModelRow, Wanted, list_configured, list_known
from pointsman.core.catalog.catalog import Catalog
from pointsman.core.chat.money import InvalidMoney, parse_usd
from pointsman.core.config.problems import quote
from pointsman.core.config.sections.values import Location
from pointsman.core.config.suggest import suggest_name

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def check_price(given: str | None) -> str | None:
    """An amount in dollars; the option calls it."""
    try:
        return given if given is None or parse_usd(given) >= 0 else None
    except InvalidMoney as invalid:
        raise typer.BadParameter(str(invalid)) from None


def check_date(given: str | None) -> str | None:
    """A day up to today; the option calls it."""
    if given is None:
        return None
    today = datetime.now(UTC).date().isoformat()
    try:
        good = len(given) == len(today) and day.fromisoformat(given).isoformat() <= today
    except ValueError:
        good = False
    if not good:
        raise typer.BadParameter(f"write a day that has come, such as {today}")
    return given


@app.callback(invoke_without_command=True)
def list_models(
    context: typer.Context,
    provider: Annotated[str | None, typer.Option(help="Only models of this provider.")] = None,
    capability: Annotated[str | None, typer.Option(help="Only models that are said to have it, such as tools.")] = None,
    max_price: Annotated[
        str | None,
        typer.Option(
            metavar="USD", help="Dollars per million tokens, of prompt and of answer, at most.", callback=check_price
        ),
    ] = None,
    min_context: Annotated[int | None, typer.Option(min=1, help="Tokens of the context window, at least.")] = None,
    is_local: Annotated[bool | None, typer.Option("--local/--cloud", help="Only models here, or only others.")] = None,
    search: Annotated[str, typer.Option(metavar="TEXT", help="Only models with this in their name or id.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="The whole catalogue, also of providers that are not configured.")
    ] = False,
    config: ConfigOption = None,
    env: EnvOption = None,
    as_json: AsJson = False,
) -> None:
    """List models with their prices today; needs no network.

    Exit code 0: here they are; 1: the configuration cannot be used.

    Example: pointsman models --capability vision --max-price 5
    """
    if context.invoked_subcommand is not None:
        return
    location: Location | None = None if is_local is None else "local" if is_local else "cloud"
    most_nusd = None if max_price is None else parse_usd(max_price)
    wanted = Wanted(provider, capability, most_nusd, min_context, location, search)
    loaded, catalog = _load(config, env, everything)
    rows = [row for row in _list_rows(loaded, catalog, everything) if wanted.fits(row)]
    if as_json:
        typer.echo(json.dumps({"catalogue": catalog.version, "models": [view_row(row) for row in rows]}))
        return
    for line in write_rows(rows):
        typer.echo(line)
    if not rows:
        more = "loosen the options" if everything else "pointsman models --all"
        typer.echo(f"No model fits. Next: {more}", err=True)
    else:
        typer.echo(f"Next: pointsman models show {rows[0].name}", err=True)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Our name of it, an alias, the provider's id, or PROVIDER/ID.")],
    config: ConfigOption = None,
    env: EnvOption = None,
    as_json: AsJson = False,
) -> None:
    """Tell all that is known of a model, where each fact comes from, and what it cost when.

    Exit code 0: here it is; 1: there is no such model.

    Example: pointsman models show claude-sonnet-5-5
    """
    loaded, catalog = _load(config, env, everything=True)
    aliases = loaded.snapshot.aliases if loaded is not None and loaded.snapshot is not None else {}
    rows = list(_list_rows(loaded, catalog, everything=True))
    found = _find_rows(name, rows, aliases, catalog)
    if not found:
        _say_unknown(name, rows)
    views = [view_model(row, loaded, aliases, os.environ) for row in found]
    if as_json:
        typer.echo(json.dumps({"catalogue": catalog.version, "models": views}))
        return
    typer.echo("\n\n".join("\n".join(write_model(view)) for view in views))
    typer.echo(f"The catalogue is {catalog.version}. Next: pointsman models refresh SOURCE takes newer data", err=True)


@app.command()
def refresh(
    source: Annotated[str | None, typer.Argument(help="A file, or an address that begins with https://.")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Go back to what the package brings.")] = False,
    date: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="Of when data is that does not say it; today.", callback=check_date),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take newer data for the catalogue: genai-prices' data.json, a list of ours in JSON, or one in TOML.

    All of it is checked before anything is replaced. A running gateway takes it with its next reload.

    Exit code 0: taken; 1: refused, and what was there stays; 2: wrong usage.

    Example: pointsman models refresh data.json
    """
    from pointsman.cli.refresh_models import drop_all, take_list

    if drop == (source is not None) or (drop and date is not None):
        raise typer.BadParameter("name a file or an address, or say --drop alone")
    if source is None:
        drop_all(as_json=as_json)
    else:
        take_list(source, date, as_json=as_json)


def _load(config: Path | None, env: str | None, everything: bool) -> tuple[Loaded | None, Catalog]:
    """The configuration and the catalogue; where that alone will do, one that cannot be used is left out."""
    if not everything:
        loaded = load_or_exit(config, env)
        return loaded, loaded.catalog or load_catalog()
    path = find_config(config, os.environ, Path.cwd())
    found = load_configuration(path, os.environ, env)
    if found.snapshot is not None:
        return found, found.catalog or load_catalog()
    if found.files or config is not None:
        typer.echo(f"{path} cannot be used, so this is the catalogue alone. Next: pointsman check", err=True)
    return None, find_catalog(os.environ)


def _list_rows(loaded: Loaded | None, catalog: Catalog, everything: bool) -> list[ModelRow]:
    today = datetime.now(UTC).date().isoformat()
    snapshot = loaded.snapshot if loaded is not None else None
    configured = list(list_configured(snapshot, catalog, today)) if snapshot is not None else []
    return [*configured, *list_known(catalog, today, configured)] if everything else configured


def _find_rows(name: str, rows: list[ModelRow], aliases: Mapping[str, str], catalog: Catalog) -> list[ModelRow]:
    """Ours by that name, else all that providers serve under it, else the one that may be meant by it."""
    meant = aliases.get(name, name)
    ours = [row for row in rows if row.enabled is not None and row.name == meant]
    if ours:
        return ours
    wanted = name.lower()
    named = [row for row in rows if wanted in (row.model_id.lower(), f"{row.provider}/{row.model_id}".lower())]
    if named:
        return named
    provider, _, id = name.partition("/")
    places = [(provider, id)] if provider in catalog.providers else [(each, name) for each in catalog.providers]
    # A pattern may fit an id that nobody has: only what is served under exactly this name is meant by it.
    found = (catalog.find_model(each, one) for each, one in places if catalog.serves(each, one))
    known = {(each.model.id, each.source) for each in found if each is not None}
    return [row for row in rows if row.facts is not None and (row.facts.model.id, row.facts.source) in known]


def _say_unknown(name: str, rows: list[ModelRow]) -> NoReturn:
    guess = suggest_name(name, [row.name for row in rows if row.enabled is not None] + [row.model_id for row in rows])
    hint = f"; did you mean {quote(guess)}?" if guess else ""
    typer.echo(f"No model is called {quote(name)}{hint}. Next: pointsman models --all --search TEXT", err=True)
    raise typer.Exit(1)
