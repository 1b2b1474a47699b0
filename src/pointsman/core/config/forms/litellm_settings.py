"""What LiteLLM's settings say of fallbacks, repetitions, limits of time, caching and budgets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from pointsman.core.config.forms.adaptation import Adaptation, Carry, carry_keys
from pointsman.core.config.forms.amounts import read_seconds
from pointsman.core.config.forms.draft import Draft, build_text, put_entry
from pointsman.core.config.forms.litellm_budgets import carry_budget, carry_provider_budgets
from pointsman.core.config.forms.litellm_keys import (
    CACHE_NOTED,
    LOST_GENERAL,
    LOST_SETTINGS,
    NOTED_GENERAL,
    NOTED_SETTINGS,
)
from pointsman.core.config.forms.litellm_losses import build_losses
from pointsman.core.config.nodes import Entry, MappingNode, Node, ScalarNode
from pointsman.core.config.problems import quote

IN_ORDER = "simple-shuffle"
CACHE_TYPES = {
    "local": "exact",
    "redis": "exact",
    "s3": "exact",
    "gcs": "exact",
    "disk": "exact",
    "azure-blob": "exact",
    "redis-semantic": "similar",
    "qdrant-semantic": "similar",
    "valkey-semantic": "similar",
}
_CONTEXT_NOTE = (
    "these models are tried after the other fallbacks; a request that does not fit a model's window skips that model"
    " anyway"
)


@dataclass(slots=True)
class Settings:
    """What the settings say of all deployments.

    Attributes:
        fallbacks: by `model_name`, `*` for all others; names as written.
        aliases: further names and what each stands for.
        retries: how often a call is repeated, where that is written.
        timeouts: limits of time for deployments that state none.
    """

    fallbacks: dict[str, list[ScalarNode]] = field(default_factory=dict)
    aliases: dict[str, Entry] = field(default_factory=dict)
    retries: Entry | None = None
    timeouts: dict[str, Entry] = field(default_factory=dict)


def carry_settings(
    draft: Draft, adaptation: Adaptation, module: Mapping[str, Entry], router: Mapping[str, Entry]
) -> Settings:
    """Take over `litellm_settings` and `router_settings`; what both say counts as the router has it.

    Args:
        draft: the document.
        adaptation: where problems go.
        module: the entries of `litellm_settings`.
        router: the entries of `router_settings`.
    """
    settings = Settings()
    written = {**module, **router}
    keys: dict[str, Carry] = {
        **build_losses(adaptation, NOTED_SETTINGS, LOST_SETTINGS, written),
        "fallbacks": partial(_read_fallbacks, settings, adaptation),
        "context_window_fallbacks": partial(_read_context_fallbacks, settings, adaptation),
        "default_fallbacks": partial(_read_default_fallbacks, settings, adaptation),
        "model_group_alias": partial(_read_aliases, settings, adaptation),
        "num_retries": partial(_keep_retries, settings),
        "request_timeout": partial(_keep_timeout, settings, "timeout"),
        "timeout": partial(_keep_timeout, settings, "timeout"),
        "stream_timeout": partial(_keep_timeout, settings, "stream_timeout"),
        "retry_after": partial(_carry_wait, draft),
        "routing_strategy": partial(_carry_strategy, adaptation),
        "drop_params": partial(_carry_drop, draft),
        "cache": partial(_carry_cache, draft, adaptation, written),
        "cache_params": partial(_carry_cache_params, draft, adaptation, written),
        "provider_budget_config": partial(carry_provider_budgets, draft, adaptation),
        "max_budget": partial(_carry_total_budget, draft, adaptation, written),
        "budget_duration": _read_with_the_budget,
    }
    # `timeout` is the router's word for `request_timeout`, and the router's counts.
    ordered = {name: written[name] for name in sorted(written, key=lambda name: name == "timeout")}
    carry_keys(ordered, keys, adaptation)
    return settings


def carry_general(adaptation: Adaptation, entry: Entry) -> None:
    """Say what becomes of `general_settings`: nothing here is configured by them."""
    written = adaptation.read_mapping(entry.value)
    keys: dict[str, Carry] = {
        **build_losses(adaptation, NOTED_GENERAL, LOST_GENERAL, written),
        "master_key": partial(_lose_master_key, adaptation),
    }
    carry_keys(written, keys, adaptation)


def _lose_master_key(adaptation: Adaptation, entry: Entry) -> None:
    message = "the master key is left out: set POINTSMAN_ADMIN_KEY, and give callers keys with `pointsman keys create`"
    adaptation.leave_out(entry.key, message)


def _read_fallbacks(settings: Settings, adaptation: Adaptation, entry: Entry) -> None:
    """A list of mappings from a `model_name` to the names that stand in for it."""
    pairs = [entry.value] if isinstance(entry.value, MappingNode) else adaptation.read_list(entry.value)
    for pair in pairs:
        for name, named in adaptation.read_mapping(pair).items():
            settings.fallbacks.setdefault(name, []).extend(_read_names(adaptation, named.value))


def _read_context_fallbacks(settings: Settings, adaptation: Adaptation, entry: Entry) -> None:
    adaptation.note(entry.key, f"context_window_fallbacks: {_CONTEXT_NOTE}")
    _read_fallbacks(settings, adaptation, entry)


def _read_default_fallbacks(settings: Settings, adaptation: Adaptation, entry: Entry) -> None:
    settings.fallbacks.setdefault("*", []).extend(_read_names(adaptation, entry.value))


def _read_names(adaptation: Adaptation, node: Node) -> list[ScalarNode]:
    items = (node,) if isinstance(node, ScalarNode) else adaptation.read_list(node)
    found: list[ScalarNode] = []
    for item in items:
        if isinstance(item, MappingNode):
            adaptation.leave_out(
                item.place, "a fallback is the name of a model; parameters of its own cannot follow it"
            )
            item = item.entries["model"].value if "model" in item.entries else item
        if isinstance(item, ScalarNode) and adaptation.read_text(item) is not None:
            found.append(item)
    return found


def _read_aliases(settings: Settings, adaptation: Adaptation, entry: Entry) -> None:
    for name, written in adaptation.read_mapping(entry.value).items():
        value = written.value
        if isinstance(value, MappingNode) and "model" in value.entries:
            if "hidden" in value.entries:
                adaptation.note(value.entries["hidden"].key, f"{quote(name)} is listed like every other name")
            value = value.entries["model"].value
        if adaptation.read_text(value) is not None:
            settings.aliases[name] = Entry(written.key, value)


def _keep_retries(settings: Settings, entry: Entry) -> None:
    settings.retries = entry


def _keep_timeout(settings: Settings, name: str, entry: Entry) -> None:
    settings.timeouts[name] = entry


def _carry_wait(draft: Draft, entry: Entry) -> None:
    """Seconds before a repetition; none is what is waited unless something is written."""
    if isinstance(entry.value, ScalarNode) and entry.value.value != 0:
        back_off = draft.at("routing", entry.key).at("back_off", entry.key)
        back_off.put("initial", entry.key, read_seconds(entry.value))


def _carry_strategy(adaptation: Adaptation, entry: Entry) -> None:
    text = adaptation.read_text(entry.value)
    if text == IN_ORDER:
        adaptation.note(entry.key, "deployments of one name are taken in their order, each when those before it fail")
    elif text is not None:
        message = f"{quote(text)} is left out: deployments of one name are taken in their order; see routing.strategy"
        adaptation.leave_out(entry.value.place, message)


def _carry_drop(draft: Draft, entry: Entry) -> None:
    """Whether parameters that a provider cannot take are dropped or refused."""
    value = entry.value
    if isinstance(value, ScalarNode) and isinstance(value.value, bool):
        word = build_text(value.place, "allow" if value.value else "refuse")
        draft.at("policy", entry.key).put("on_loss", entry.key, word)
    else:
        put_entry(draft.at("policy", entry.key), "on_loss", entry)


def _carry_cache(draft: Draft, adaptation: Adaptation, written: Mapping[str, Entry], entry: Entry) -> None:
    if not (isinstance(entry.value, ScalarNode) and isinstance(entry.value.value, bool)):
        adaptation.findings.add(entry.value.place, "invalid_type", "expected true or false")
    elif "cache_params" not in written or entry.value.value is False:
        mode = "exact" if entry.value.value else "off"
        draft.at("cache", entry.key).put("mode", entry.key, build_text(entry.value.place, mode))


def _carry_cache_params(draft: Draft, adaptation: Adaptation, written: Mapping[str, Entry], entry: Entry) -> None:
    params = adaptation.read_mapping(entry.value)
    cache = draft.at("cache", entry.key)
    keys: dict[str, Carry] = {
        **build_losses(adaptation, CACHE_NOTED, {}, params),
        "type": partial(_carry_cache_type, cache, adaptation, _is_on(written)),
        "ttl": partial(_put_seconds, cache, "ttl"),
        "default_in_memory_ttl": partial(_put_seconds, cache, "ttl"),
        "similarity_threshold": partial(put_entry, cache, "similarity"),
        "mode": partial(_lose_cache_mode, adaptation),
    }
    carry_keys(params, keys, adaptation)
    if "type" not in params and _is_on(written):
        cache.put("mode", entry.key, build_text(entry.key, "exact"))


def _is_on(written: Mapping[str, Entry]) -> bool:
    entry = written.get("cache")
    return entry is not None and isinstance(entry.value, ScalarNode) and entry.value.value is True


def _carry_cache_type(cache: Draft, adaptation: Adaptation, is_on: bool, entry: Entry) -> None:
    mode = adaptation.read_choice(entry.value, CACHE_TYPES)
    if mode is not None and is_on:
        cache.put("mode", entry.key, mode)
        adaptation.note(entry.key, "answers are kept by Pointsman itself, whatever the type")


def _lose_cache_mode(adaptation: Adaptation, entry: Entry) -> None:
    if isinstance(entry.value, ScalarNode) and entry.value.value == "default_off":
        adaptation.leave_out(entry.key, "default_off is left out: agents say so by policy.cache, requests cannot")
    else:
        adaptation.note(entry.key, "every request may be answered from the cache, as default_on says")


def _put_seconds(cache: Draft, name: str, entry: Entry) -> None:
    cache.put(name, entry.key, read_seconds(entry.value))


def _carry_total_budget(draft: Draft, adaptation: Adaptation, written: Mapping[str, Entry], entry: Entry) -> None:
    carry_budget(draft, adaptation, "total", entry, written.get("budget_duration"))


def _read_with_the_budget(entry: Entry) -> None:
    """How long the budget lasts has been read with it."""
