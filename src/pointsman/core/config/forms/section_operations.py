"""Seed 004's budgets, savings, security, measurements and alerts, as the sections that an installation is run by."""

from functools import partial

from pointsman.core.config.forms.adaptation import Adaptation, Carry, carry_keys
from pointsman.core.config.forms.amounts import read_grouped_money, read_spelt_period
from pointsman.core.config.forms.draft import Draft, build_text, put_entry
from pointsman.core.config.forms.providers import ALIASES
from pointsman.core.config.forms.registry_routing import build_budget
from pointsman.core.config.nodes import Entry, Node
from pointsman.core.config.sections.operations import Security

CACHING = {"temporary_local_only": "exact", "disabled": "off"}
"""Answers kept for a while in this process only are those of the exact cache."""

TEMPORARY = "1h"

_METRICS = ("latency_metrics", "quality_metrics", "reliability_metrics", "cost_metrics")
_PANELS = ("real_time_status", "performance_trends")


def carry_cost_controls(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    """Take over `cost_controls`: a budget for each limit, and ways of spending less."""
    keys: dict[str, Carry] = {
        "daily_budgets": partial(_carry_budgets, draft, adaptation, "day"),
        "monthly_limits": partial(_carry_monthly, draft, adaptation),
        "cost_optimization_strategies": partial(_carry_savings, draft),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation)


def carry_security(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    """Take over `security_configuration`."""
    security = draft.at("security", entry.key)
    keys: dict[str, Carry] = {
        "api_key_management": partial(_carry_key_management, security, adaptation),
        "data_protection": partial(_carry_data_protection, draft, adaptation),
        "compliance_requirements": partial(put_entry, security, "compliance"),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation, Security.model_fields)


def carry_tracking(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    """Take over `performance_tracking`: each metric is a series to keep."""
    keys = {name: partial(_append_all, draft, adaptation, "telemetry", "series") for name in _METRICS}
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation)


def carry_dashboard(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    """Take over `monitoring_dashboard`: panels to show, and what is worth telling."""
    keys: dict[str, Carry] = {
        **{name: partial(_append_all, draft, adaptation, "telemetry", "panels") for name in _PANELS},
        "alerts_and_notifications": partial(_append_all, draft, adaptation, "alerts", "on"),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation)


def _carry_monthly(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    keys: dict[str, Carry] = {
        "total_budget": partial(_carry_total, draft),
        "provider_caps": partial(_carry_budgets, draft, adaptation, "month"),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation)


def _carry_total(draft: Draft, entry: Entry) -> None:
    draft.append("budgets", entry.key, build_budget(read_grouped_money(entry.value), "total", "month"))


def _carry_budgets(draft: Draft, adaptation: Adaptation, window: str, entry: Entry) -> None:
    for name, limit in adaptation.read_mapping(entry.value).items():
        scope = f"provider:{ALIASES.get(name, name)}"
        draft.append("budgets", entry.key, build_budget(read_grouped_money(limit.value), scope, window))


def _carry_savings(draft: Draft, entry: Entry) -> None:
    put_entry(draft.at("routing", entry.key), "savings", entry)


def _carry_key_management(security: Draft, adaptation: Adaptation, entry: Entry) -> None:
    keys: dict[str, Carry] = {
        "rotation_frequency": partial(_put_period, security, "key_rotation"),
        "storage": partial(put_entry, security, "secret_store"),
        "access_control": partial(put_entry, security, "access_control"),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation)


def _carry_data_protection(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    telemetry = draft.at("telemetry", entry.key)
    keys: dict[str, Carry] = {
        "request_logging": partial(put_entry, telemetry, "request_logging"),
        "response_caching": partial(_carry_caching, draft, adaptation),
        "data_retention": partial(_carry_retention, draft),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation)


def _carry_caching(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    mode = adaptation.read_choice(entry.value, CACHING)
    if mode is None:
        return
    cache = draft.at("cache", entry.key)
    cache.put("mode", entry.key, mode)
    if mode.value != CACHING["disabled"]:
        cache.put("ttl", entry.key, build_text(entry.value.place, TEMPORARY))


def _carry_retention(draft: Draft, entry: Entry) -> None:
    """Everything about single requests: what was used, and why it was decided so."""
    retention = draft.at("retention", entry.key)
    period: Node = read_spelt_period(entry.value)
    retention.put("usage", entry.key, period)
    retention.put("decisions", entry.key, period)


def _put_period(security: Draft, name: str, entry: Entry) -> None:
    security.put(name, entry.key, read_spelt_period(entry.value))


def _append_all(draft: Draft, adaptation: Adaptation, section: str, name: str, entry: Entry) -> None:
    draft.at(section, entry.key).append(name, entry.key, *adaptation.read_list(entry.value))
