"""LiteLLM's budgets: an amount and how long it lasts, as a budget of a calendar window."""

from collections.abc import Mapping, Sequence

from pointsman.core.config.forms.adaptation import Adaptation
from pointsman.core.config.forms.draft import Draft, DraftList
from pointsman.core.config.forms.litellm_providers import PREFIXES
from pointsman.core.config.forms.registry_routing import build_budget
from pointsman.core.config.nodes import Entry, ScalarNode, to_plain
from pointsman.core.config.problems import quote

WINDOWS = {
    "1h": "hour",
    "60m": "hour",
    "3600s": "hour",
    "1d": "day",
    "24h": "day",
    "7d": "week",
    "1w": "week",
    "30d": "month",
    "31d": "month",
    "1mo": "month",
}
"""How long LiteLLM's budgets last, as the calendar's windows."""


def carry_model_budget(
    draft: Draft, adaptation: Adaptation, model: str, params: dict[str, Entry], entry: Entry
) -> None:
    """The budget of one deployment."""
    carry_budget(draft, adaptation, f"model:{model}", entry, params.get("budget_duration"))


def carry_provider_budgets(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    """`provider_budget_config`: a budget for each provider."""
    for name, written in adaptation.read_mapping(entry.value).items():
        values = adaptation.read_mapping(written.value)
        limit = values.get("budget_limit") or values.get("max_budget")
        duration = values.get("time_period") or values.get("budget_duration")
        if limit is None:
            place = written.key.renamed(f"{written.key.path}.budget_limit")
            adaptation.findings.add(place, "missing_key", "`budget_limit` is missing")
            continue
        carry_budget(draft, adaptation, f"provider:{PREFIXES.get(name, name)}", limit, duration)


def carry_budget(draft: Draft, adaptation: Adaptation, scope: str, limit: Entry, duration: Entry | None) -> None:
    """A budget, where a window of the calendar is as long as it lasts.

    Args:
        draft: the document.
        adaptation: where problems go.
        scope: what it is over.
        limit: dollars.
        duration: how long it lasts, where that is written.
    """
    text = duration.value.text if duration is not None and isinstance(duration.value, ScalarNode) else "for ever"
    window = WINDOWS.get(text)
    if window is None:
        message = f"a budget lasts an hour, a day, a week or a month of the calendar, not {quote(text)}"
        adaptation.leave_out(limit.key, message)
        return
    draft.append("budgets", limit.key, build_budget(limit.value, scope, window))


def warn_of_narrow_budgets(draft: Draft, adaptation: Adaptation, families: Mapping[str, Sequence[str]]) -> None:
    """LiteLLM counts all deployments of a provider together; ours with keys or servers of their own count apart.

    Args:
        draft: the document, with its budgets.
        adaptation: where problems go.
        families: our providers for each of the catalogue's.
    """
    budgets = draft.parts.get("budgets")
    for budget in budgets.items if isinstance(budgets, DraftList) else ():
        plain = to_plain(budget)
        scope = str(plain["scope"]) if isinstance(plain, dict) else ""
        name = scope.removeprefix("provider:")
        others = [one for one in families.get(name, ()) if one != name]
        if scope.startswith("provider:") and others:
            message = f"this budget is for {name} alone; give {', '.join(others)} one of their own under budgets"
            adaptation.leave_out(budget.place, message)
