"""`pointsman init`: writes a small configuration from the names of the provider keys found, never from their values."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pointsman.cli.schema import write_schema
from pointsman.control.configuration import FILE_NAME, load_catalog
from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.json_schema import TITLE

SIMULATED = "simulated"

AGENTS = {
    "orchestrator": "Splits a task and hands the parts to the other agents",
    "feature-dev": "Writes code from a description",
    "code-review": "Reads a change and says what is wrong with it",
    "documentation": "Explains code in plain words",
}
"""The agents that the file starts with, and what they are for."""

SCHEMA_NAME = "pointsman.schema.json"
"""Beside the document, so that editors complete it offline and it can be committed."""

HEAD = f"""\
# yaml-language-server: $schema={SCHEMA_NAME}
# Pointsman's configuration: which model each agent runs on. Callers name an agent (model: "agent:orchestrator").
# `pointsman check` reads it; `pointsman serve` follows it, so a saved change counts from the next request on.
version: 1

# Who serves models. Keys stay in the environment; any OpenAI-compatible server works by its base URL:
#   house: {{base_url: "https://llm.example.com/v1", api_key: {{env: POINTSMAN_HOUSE_KEY}}}}
providers:
"""

MODELS = """
# Names of ours for a provider's models; prices and context windows come from the catalogue.
models:
"""

NOTE = """
# `fallback` is tried, in order, when a model fails before its first word. `parameters: {temperature: 0.3}` fills in
# what a caller leaves out. An `environments:` section changes fields by environment (POINTSMAN_ENV).
agents:
"""


@dataclass(frozen=True, slots=True)
class FoundProvider:
    """A provider that can be used here: its default model, and the variable that says so (none for the simulator)."""

    name: str
    model: str
    variable: str | None


def init(
    config: Annotated[Path | None, typer.Option(help="Where to write; by default ./pointsman.yaml.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write what was done as JSON.")] = False,
) -> None:
    """Write a small configuration for the provider keys found in the environment, and beside it what editors need.

    Exit code 0: written; 1: there is a file already.

    Example: OPENAI_API_KEY=... pointsman init
    """
    path = config or Path(os.environ.get("POINTSMAN_CONFIG") or FILE_NAME)
    schema_path = path.with_name(SCHEMA_NAME)
    if path.exists() and not force:
        typer.echo(f"{path} is there already; --force replaces it. Next: pointsman check {path}", err=True)
        raise typer.Exit(1)
    if not (force or is_replaceable(schema_path)):
        typer.echo(f"{schema_path} is there already and not ours; --force replaces it, or move it away.", err=True)
        raise typer.Exit(1)
    found = find_providers(load_catalog(), os.environ)
    write_file(schema_path, write_schema())
    write_file(path, write_document(found))
    if json:
        providers = [{"name": provider.name, "variable": provider.variable} for provider in found]
        written = {"path": str(path), "schema": str(schema_path), "providers": providers, "agents": list(AGENTS)}
        typer.echo(msgspec.json.encode(written).decode())
        return
    for provider in found:
        typer.echo(
            f"  {provider.name}: {provider.model} ({provider.variable or 'no key was found, so a simulated one'})"
        )
    typer.echo(f"Wrote {path}, and {schema_path} for your editor. Next: pointsman check {path}")


def is_replaceable(path: Path) -> bool:
    """Whether nothing is lost by writing the schema here: there is none, or one that a version of ours has written."""
    if not path.exists():
        return True
    try:
        there = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return False
    return isinstance(there, dict) and there.get("title") == TITLE


def find_providers(catalog: Catalog, environ: Mapping[str, str]) -> list[FoundProvider]:
    """The providers whose variables are set and that have a default model, else the simulated one."""
    found: list[FoundProvider] = []
    for name, provider in catalog.providers.items():
        variables = (*provider.key_variables, *provider.base_url_variables)
        # A provider that needs a key is not usable because its address is known.
        telling = provider.key_variables or variables
        variable = next((variable for variable in telling if environ.get(variable)), None)
        # Where each customer has an address of their own, a key alone leads nowhere; nor is a default model known.
        if variable and provider.default_model and name != SIMULATED:
            found.append(FoundProvider(name, provider.default_model, variable))
    simulated = catalog.providers[SIMULATED]
    return found or [FoundProvider(SIMULATED, simulated.default_model or "", None)]


def write_document(found: list[FoundProvider]) -> str:
    """The file: each provider, its default model, and agents that fall back from one provider to the next."""
    providers = "".join(f"  {provider.name}: {{}}{_write_origin(provider)}\n" for provider in found)
    models = "".join(f"  {provider.model}: {{provider: {provider.name}}}\n" for provider in found)
    first, *others = (provider.model for provider in found)
    fallback = f"    fallback: [{', '.join(others)}]\n" if others else ""
    agents = "\n".join(
        f"  {name}:\n    description: {description}\n    model: {first}\n{fallback}"
        for name, description in AGENTS.items()
    )
    return HEAD + providers + MODELS + models + NOTE + agents


def write_file(path: Path, text: str) -> None:
    """Put the whole file in place at once; a server that follows it never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _write_origin(provider: FoundProvider) -> str:
    return (
        f"  # found by {provider.variable}"
        if provider.variable
        else "  # no provider's key was found: this one needs none"
    )
