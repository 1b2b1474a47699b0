"""How newer data for the catalogue is taken, and what is said of it; a refusal leaves everything as it was."""

import json
import os
from datetime import UTC, datetime
from typing import NoReturn

import typer

from pointsman.cli.fetch_list import NotFetched, fetch_list
from pointsman.control.configuration import find_catalog
from pointsman.control.home import find_home
from pointsman.control.refreshed_lists import CannotStore, drop_lists, store_list
from pointsman.core.catalog.catalog import Catalog
from pointsman.core.catalog.known_model import ModelList
from pointsman.core.catalog.newer_data import UnreadableList, count_models, read_newer_data
from pointsman.core.config.problems import quote

RELOAD = "Next: pointsman config reload, for a gateway that runs; pointsman models --all shows it"


def take_list(source: str, written_on: str | None, *, as_json: bool) -> None:
    """Get, check and keep a list; ends the command with 1 when it is refused.

    Args:
        source: a file or an address.
        written_on: of when the list is, where it does not say that itself.
        as_json: whether the answer goes to stdout as JSON.
    """
    today = datetime.now(UTC).date().isoformat()
    before = find_catalog(os.environ)
    try:
        models = read_newer_data(fetch_list(source), today, written_on)
        place = store_list(find_home(os.environ), models)
    except NotFetched as error:
        _refuse("not_fetched", str(error), as_json)
    except UnreadableList as error:
        _refuse("unreadable_list", f"{quote(source)} is no list of models that can be used: {error}", as_json)
    except CannotStore as error:
        _refuse("cannot_store", str(error), as_json)
    new, changed = _compare(before, find_catalog(os.environ), today)
    is_older = any(each.date > models.date for each in before.lists)
    if as_json:
        typer.echo(json.dumps(_view(models) | {"new": new, "changed": changed, "file": str(place)}))
    else:
        typer.echo(_describe(models, new, changed))
    if is_older:
        typer.echo(f"It is of {models.date}, so it only adds what newer lists do not say.", err=True)
    typer.echo(RELOAD, err=True)


def drop_all(*, as_json: bool) -> None:
    """Forget every list that was taken; ends the command with 1 when that is not possible."""
    try:
        dropped = drop_lists(find_home(os.environ))
    except CannotStore as error:
        _refuse("cannot_store", str(error), as_json)
    if as_json:
        typer.echo(json.dumps({"ok": True, "dropped": dropped, "catalogue": find_catalog(os.environ).version}))
    else:
        typer.echo(f"Dropped {', '.join(dropped)}." if dropped else "There was nothing to drop.")
    typer.echo(RELOAD, err=True)


def _compare(before: Catalog, after: Catalog, today: str) -> tuple[int, int]:
    """How many models are new, and how many cost something else today."""
    new = changed = 0
    for provider in after.providers:
        known = {found.model.id: found.model for found in before.models_of(provider)}
        for found in after.models_of(provider):
            former = known.get(found.model.id)
            new += former is None
            changed += former is not None and former.price_on(today) != found.model.price_on(today)
    return new, changed


def _describe(models: ModelList, new: int, changed: int) -> str:
    total = f"{count_models(models):,} models of {len(models.providers)} providers"
    return f"Took {total} ({models.name}): {new:,} are new, {changed:,} cost something else today."


def _view(models: ModelList) -> dict[str, object]:
    return {
        "ok": True,
        "source": models.source,
        "date": models.date,
        "providers": sorted(models.providers),
        "models": count_models(models),
    }


def _refuse(code: str, message: str, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(json.dumps({"ok": False, "error": {"code": code, "message": message}}))
    typer.echo(f"{message}.", err=True)
    typer.echo("Nothing was changed. Next: pointsman models refresh SOURCE, with a file or an https address", err=True)
    raise typer.Exit(1)
