"""Providers for people and for scripts, and what an answer of one means; never a key, and never what it answered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pointsman.control.configured_providers import ConfiguredProvider, OfferedModel
from pointsman.diagnosis.credential import Credential
from pointsman.diagnosis.finding import list_names
from pointsman.diagnosis.secrecy import name_url
from pointsman.upstream.discovery import REFUSALS, Reply

HEAD = ("provider", "dialect", "base URL", "", "key", "models")
OFFERED_HEAD = ("model", "configured as", "context", "output", "tools", "embeddings", "")
_WORDS = {True: "yes", False: "no", None: "?"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking a provider.

    Attributes:
        provider: who was asked.
        key: what its key's reference leads to, or `None` where it needs none.
        reply: what it answered.
    """

    provider: ConfiguredProvider
    key: Credential | None
    reply: Reply


def write_providers(found: Sequence[tuple[ConfiguredProvider, Credential | None]]) -> Iterator[str]:
    """A table."""
    rows = [
        (
            provider.name,
            provider.deployment.dialect,
            _name_address(provider),
            provider.deployment.location if provider.enabled else f"{provider.deployment.location}, switched off",
            _describe_key(key),
            list_names([model.name for model in provider.models]) or "none",
        )
        for provider, key in found
    ]
    yield from _draw([HEAD, *rows]) if rows else ()


def write_offered(models: Sequence[OfferedModel]) -> Iterator[str]:
    """A table."""
    rows = [
        (
            model.id,
            ", ".join(model.configured_as),
            "?" if model.context_window is None else f"{model.context_window:,}",
            "?" if model.max_output_tokens is None else f"{model.max_output_tokens:,}",
            _WORDS[model.supports_tools],
            _WORDS[model.supports_embeddings],
            "not listed" if model.is_listed is False else "",
        )
        for model in models
    ]
    yield from _draw([OFFERED_HEAD, *rows]) if rows else ()


def view_provider(provider: ConfiguredProvider, key: Credential | None) -> dict[str, Any]:
    """A provider as JSON, with the names of the admin API."""
    return {
        "id": provider.name,
        "name": provider.name,
        "provider_type": provider.kind,
        "api_base_url": provider.deployment.base_url,
        "dialect": provider.deployment.dialect,
        "location": provider.deployment.location,
        "enabled": provider.enabled,
        "key_set": None if key is None else key.value is not None,
        "models": [model.name for model in provider.models],
    }


def view_answer(answer: Answer) -> dict[str, Any]:
    """An answer as JSON; `status` is a class such as `2xx`."""
    reply = answer.reply
    return {
        "id": answer.provider.name,
        "name": answer.provider.name,
        "provider_type": answer.provider.kind,
        "valid": reply.is_good,
        "status": None if reply.status is None else f"{reply.status // 100}xx",
        "latency_ms": reply.latency_ms,
        "lists_models": reply.lists_models,
        "message": describe_answer(answer),
    }


def view_offered(model: OfferedModel) -> dict[str, Any]:
    """A model of a provider as JSON."""
    return {
        "model_name": model.id,
        "enabled": model.enabled,
        "configured_as": model.configured_as,
        "listed": model.is_listed,
        "supports_tools": model.supports_tools,
        "supports_embeddings": model.supports_embeddings,
        "context_window": model.context_window,
        "max_output_tokens": model.max_output_tokens,
    }


def describe_answer(answer: Answer) -> str:
    """What an answer means."""
    reply = answer.reply
    who = f"{answer.provider.name} ({_name_address(answer.provider)})"
    if reply.fault:
        return f"{who} cannot be reached: {reply.fault}."
    if reply.status is None:
        return f"{who} takes connections; without its key nothing was asked."
    if reply.status in REFUSALS:
        return f"{who} refuses {_name_key(answer.key)} (HTTP {reply.status})."
    if not reply.is_good:
        what = "what no provider of its dialect does" if reply.status == 200 else f"HTTP {reply.status}"
        return f"{who} answers with {what} after {reply.latency_ms:,} ms."
    took = f"answers after {reply.latency_ms:,} ms"
    if reply.models is not None:
        return f"{who} {took}, and lists {len(reply.models)} models."
    return f"{who} {took}, and takes the key; providers of its dialect list no models there."


def find_next_step(answer: Answer) -> str:
    """What to do after an answer."""
    reply, name = answer.reply, answer.provider.name
    if reply.fault:
        return "start its server or correct its base URL, then ask again"
    if reply.status is None or reply.status in REFUSALS:
        if answer.key is None:
            return f"write providers.{name}.api_key"
        return answer.key.advice or f"make a new key at the provider, and put it into {answer.key.place}"
    if reply.may_recover:
        return f"ask again later: pointsman providers validate {name}"
    if not reply.is_good:
        return f"look whether providers.{name}.base_url ends where its API begins"
    return f"pointsman models --provider {name}" if answer.provider.models else f"add a model: provider: {name}"


def _name_address(provider: ConfiguredProvider) -> str:
    url = provider.deployment.base_url
    return name_url(url) if url else "as LiteLLM has it"


def _describe_key(key: Credential | None) -> str:
    if key is None:
        return "none needed"
    return f"{key.place} is set" if key.value is not None else f"{key.place} {key.fault}"


def _name_key(key: Credential | None) -> str:
    return "to answer without a key" if key is None else f"the key in {key.place}"


def _draw(table: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(line[place]) for line in table) for place in range(len(table[0]))]
    for line in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
