"""A budget that stops requests holds only where every price is known: an unknown one would count as nothing."""

from pointsman.core.config.checks.subject import Subject
from pointsman.core.config.problems import quote
from pointsman.core.config.sections.routing import Budget
from pointsman.core.config.snapshot import Model


def check_prices(subject: Subject) -> None:
    """Note models without a price that a hard budget covers."""
    unpriced = {
        name: model for name, model in subject.snapshot.models.items() if model.prices is None and model.enabled
    }
    for written in subject.document.budgets:
        if not unpriced:
            return
        if written.value.on_exceed == "alert":
            continue
        for model in _list_covered(written.value, unpriced, subject):
            del unpriced[model.name]
            defined = subject.document.models.get(model.name)
            place = defined.key if defined else written.place_of("scope")
            message = (
                f"nobody knows what {quote(model.name)} costs, and the budget over {quote(written.value.scope)} must"
                " hold; write price_per_1m_tokens, or make it `on_exceed: alert`"
            )
            subject.findings.add(place, "price_required", message, severity=subject.soften(place))


def _list_covered(budget: Budget, unpriced: dict[str, Model], subject: Subject) -> list[Model]:
    """The models whose cost a budget always counts; what a team's or a user's counts depends on who asks."""
    kind, _, name = budget.scope.partition(":")
    match kind:
        case "total":
            return list(unpriced.values())
        case "cloud":
            return [model for model in unpriced.values() if model.deployment.location == "cloud"]
        case "provider":
            return [model for model in unpriced.values() if model.deployment.provider == name]
        case "model":
            return [unpriced[name]] if name in unpriced else []
        case "agent" | "interaction":
            caller = subject.find_caller(kind, name)
            named = {one.model.name for one in subject.reach(caller)} if caller else set()
            return [model for model in unpriced.values() if model.name in named]
        case _:
            return []
