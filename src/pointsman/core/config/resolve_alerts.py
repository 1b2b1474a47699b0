"""Completes who is told of what: where the URL of the webhook stands, and which kinds of alerts go there."""

from pointsman.core.config.compilation import Compilation
from pointsman.core.config.resolve_secret_place import resolve_secret_place
from pointsman.core.config.sections.operations import Alerts

BUDGET_WARNINGS = "budget_threshold_warnings"


def tells_budgets(alerts: Alerts) -> bool:
    """Whether the webhook is told of budgets; who lists no kinds wants to be told of all that there are."""
    return not alerts.on or BUDGET_WARNINGS in alerts.on


def resolve_webhook(compilation: Compilation) -> str | None:
    """The reference that the URL is revealed by; a missing value is worth a warning, no more."""
    written = compilation.document.alerts
    missing = "nobody is told of alerts until {name} holds the URL; set it, or leave the webhook out"
    return resolve_secret_place(written.value.webhook, written, "webhook", missing, compilation)
