"""Models for people and for scripts: as rows of a table, or one with every fact and where it is from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pointsman.control.configuration import Loaded
from pointsman.control.effective import NothingThere, explain_value, list_layers
from pointsman.control.known_models import ModelRow, PricesToday, Rates, name_aliases, show_prices
from pointsman.core.catalog.further_rates import FurtherRates
from pointsman.core.chat.money import format_usd
from pointsman.core.config.find_path import write_path
from pointsman.core.config.layers import Layer
from pointsman.core.config.write_prices import FEES, FURTHER

HEAD = ("model", "provider", "id", "context", "output", "$ in", "$ out", "can", "")
_RIGHT = (3, 4, 5, 6)
UNKNOWN = "?"
EXPLAINED = ("context_window", "max_output_tokens", "capabilities", "price_per_1m_tokens", "tier", "enabled")
"""Facts that a document may state, so that it may be the one that does."""


def write_rows(rows: Sequence[ModelRow]) -> Iterator[str]:
    """A table; dollars are per million tokens, today."""
    table = [HEAD, *(_write_cells(row) for row in rows)] if rows else []
    widths = [max(len(line[place]) for line in table) for place in range(len(HEAD))] if table else []
    for line in table:
        cells = (
            cell.rjust(width) if place in _RIGHT else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def view_row(row: ModelRow) -> dict[str, Any]:
    """A model as JSON; what is unknown is null."""
    return {
        "name": row.name,
        "provider": row.provider,
        "model_id": row.model_id,
        "dialect": row.dialect,
        "location": row.location,
        "configured": row.enabled is not None,
        "enabled": row.enabled,
        "tier": row.tier,
        "context_window": row.context_window,
        "max_output_tokens": row.max_output_tokens,
        "capabilities": row.capabilities,
        "lacks": row.lacks,
        "modalities": row.modalities,
        "price_per_1m_tokens": _view_prices(row.prices),
        "deprecated": row.deprecated,
        "retires_on": row.retires_on,
        "retired": row.has_retired,
    }


def view_model(
    row: ModelRow, loaded: Loaded | None, aliases: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, Any]:
    """The same with the origin of each fact, what it cost when, and its further names."""
    history = row.facts.model.prices if row.facts is not None else ()
    origins = dict(row.facts.origins) if row.facts is not None else {}
    source = row.facts.source if row.facts is not None else ""
    if "prices" in origins:
        origins["price_per_1m_tokens"] = origins.pop("prices")
    if row.enabled is not None and loaded is not None:
        origins |= _explain(row, list_layers(loaded, environ))
    shown = view_row(row)
    told = {name for name, value in shown.items() if value not in (None, ())} | {"abilities"}
    return shown | {
        "origins": {name: origin for name, origin in origins.items() if name in told},
        "price_history": [_view_prices(show_prices(price, source)) for price in history],
        **name_aliases(row, aliases),
    }


def write_model(view: Mapping[str, Any]) -> Iterator[str]:
    """One model, a fact on each line."""
    origins = view["origins"]
    state = "not configured" if view["enabled"] is None else "enabled" if view["enabled"] else "switched off"
    yield f"{view['name']}: {view['provider']}/{view['model_id']}, {view['dialect']}, {view['location']}, {state}"
    for name, words in (("context_window", "context window"), ("max_output_tokens", "longest answer")):
        yield _write_fact(words, f"{view[name]:,} tokens" if view[name] else UNKNOWN, origins.get(name))
    told = origins.get("capabilities") or origins.get("abilities")
    yield _write_fact("can", ", ".join(view["capabilities"]) or UNKNOWN, told)
    for name, words in (("lacks", "cannot"), ("modalities", "takes")):
        if view[name]:
            yield _write_fact(words, ", ".join(view[name]), origins.get(name))
    if view["tier"] is not None:
        yield _write_fact("tier", str(view["tier"]), origins.get("tier"))
    yield _write_fact("costs today", _describe_prices(view["price_per_1m_tokens"]), origins.get("price_per_1m_tokens"))
    yield from _list_further(view["price_per_1m_tokens"] or {})
    for rates in (view["price_per_1m_tokens"] or {}).get("tiers", ()):
        yield f"    above {rates['above_input_tokens']:,} tokens of prompt: {_describe_rates(rates)}"
    if len(view["price_history"]) > 1:
        for price in view["price_history"]:
            yield f"    from {price['valid_from'] or 'the beginning'}: {_describe_rates(price)}"
    if view["deprecated"] or view["retires_on"]:
        yield _write_fact("its end", _describe_end(view), origins.get("retires_on") or origins.get("deprecated"))
    yield from _write_names(view)


def _write_names(view: Mapping[str, Any]) -> Iterator[str]:
    if view["aliases"]:
        yield _write_fact("aliases", ", ".join(view["aliases"]), None)
    others = [id for id in view["ids"] if id != view["model_id"]]
    if others:
        yield _write_fact("other ids", ", ".join(others), None)
    if view["ids_begin_with"]:
        yield _write_fact("ids begin with", ", ".join(view["ids_begin_with"]), None)


def _write_fact(name: str, text: str, origin: str | None) -> str:
    return f"  {name + ':':<16}{text}" + (f"  [{origin}]" if origin else "")


def _describe_prices(prices: Mapping[str, Any] | None) -> str:
    if prices is None:
        return UNKNOWN
    since = f", since {prices['valid_from']}" if prices["valid_from"] else ""
    return f"{_describe_rates(prices)} per million tokens{since}"


def _describe_rates(rates: Mapping[str, Any]) -> str:
    written = f", ${rates['cache_write']} written to the cache" if rates["cache_write"] is not None else ""
    return f"${rates['input']} in, ${rates['cached_input']} cached{written}, ${rates['output']} out"


def _list_further(prices: Mapping[str, Any]) -> Iterator[str]:
    """Further prices, each on a line of its own."""
    for name in FURTHER:
        if name in prices:
            yield f"    {name.replace('_', ' ')}: ${prices[name]} per million tokens"
    for name in FEES:
        if name in prices:
            yield f"    {name.replace('_', ' ')}: ${prices[name]}"
    if "batch" in prices:
        yield f"    in a batch: {prices['batch']:.6g} of that"


def _describe_end(view: Mapping[str, Any]) -> str:
    if view["retired"]:
        return f"not served any more since {view['retires_on']}"
    return f"served until {view['retires_on']}" if view["retires_on"] else "announced by its provider"


def _explain(row: ModelRow, layers: tuple[Layer, ...]) -> dict[str, str]:
    """Where the facts come from that the document may state."""
    found: dict[str, str] = {}
    for name in EXPLAINED:
        try:
            origin = explain_value(layers, write_path(("models", row.name, name)))
        except NothingThere:
            continue
        if origin["layer"] in ("catalogue", "defaults"):
            continue
        place = f"{origin['file']}:{origin['line']}" if origin["line"] else str(origin["file"] or origin["layer"])
        found[name] = place
    return found


def _view_prices(prices: PricesToday | None) -> dict[str, Any] | None:
    if prices is None:
        return None
    first, *tiers = prices.rates
    longer = [_view_rates(rates) | {"above_input_tokens": rates.above_input_tokens} for rates in tiers]
    told: dict[str, Any] = {"source": prices.source, "valid_from": prices.valid_from, "tiers": longer}
    if prices.batch_millionths is not None:
        told["batch"] = prices.batch_millionths / 1_000_000
    return _view_rates(first) | told


def _view_rates(rates: Rates) -> dict[str, Any]:
    return {
        "input": format_usd(rates.input_nusd),
        "cached_input": format_usd(rates.cached_input_nusd),
        "cache_write": None if rates.cache_write_nusd is None else format_usd(rates.cache_write_nusd),
        "output": format_usd(rates.output_nusd),
    } | _view_further(rates.further)


def _view_further(further: FurtherRates | None) -> dict[str, str]:
    """What few models have a price for, by its name in a document; what has none is left out."""
    if further is None:
        return {}
    return {
        name: format_usd(price)
        for name, ours in (FURTHER | FEES).items()
        if (price := getattr(further, ours)) is not None
    }


def _write_cells(row: ModelRow) -> tuple[str, ...]:
    rates = row.prices.rates[0] if row.prices is not None else None
    return (
        row.name,
        row.provider,
        row.model_id if row.model_id != row.name else "",
        _write_tokens(row.context_window),
        _write_tokens(row.max_output_tokens),
        UNKNOWN if rates is None else format_usd(rates.input_nusd),
        UNKNOWN if rates is None else format_usd(rates.output_nusd),
        ",".join(row.capabilities) or UNKNOWN,
        _write_notes(row),
    )


def _write_notes(row: ModelRow) -> str:
    notes = [f"tier {row.tier}"] if row.tier is not None else []
    if row.enabled is False:
        notes.append("switched off")
    if row.has_retired:
        notes.append(f"retired {row.retires_on}")
    elif row.retires_on:
        notes.append(f"until {row.retires_on}")
    elif row.deprecated:
        notes.append("deprecated")
    if row.location == "local":
        notes.append("local")
    return ", ".join(notes)


def _write_tokens(tokens: int | None) -> str:
    return UNKNOWN if tokens is None else f"{tokens:,}"
