"""A budget or limit names something that exists, once, and a time zone that there is."""

from pointsman.core.config.checks.subject import Subject
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.read_document import Written
from pointsman.core.config.sections.limits import Limit
from pointsman.core.config.sections.routing import Budget
from pointsman.core.limits.scopes import EACH, KINDS_FOR_EACH
from pointsman.core.limits.windows import has_time_zone

WHOLE_SCOPES = ("total", "cloud")
SCOPE_KINDS = ("provider", "model", "agent", "interaction", "team", "user", "key", "tag", "session")


def check_budgets(subject: Subject) -> None:
    """Note scopes of nothing, budgets that stand twice, and time zones that do not exist."""
    seen: dict[object, Place] = {}
    names: dict[str, Place] = {}
    for written in subject.document.budgets:
        _check_scope(written, subject)
        _check_time_zone(written, subject)
        budget = written.value
        _refuse_second(seen, (budget.scope, budget.window, budget.on_exceed, budget.time_zone), written, subject)
        if budget.name:
            if budget.name in names:
                message = f"another budget is called {quote(budget.name)} (line {names[budget.name].line}); rename one"
                subject.findings.add(written.place_of("name"), "duplicate_name", message)
            names.setdefault(budget.name, written.key)


def check_limits(subject: Subject) -> None:
    """Note limits of nothing, and those that are called the same."""
    names: dict[str, Place] = {}
    for written in subject.document.limits:
        _check_scope(written, subject)
        name = written.value.name or written.value.scope
        if name in names:
            message = f"another limit is called {quote(name)} (line {names[name].line}); join them, or rename one"
            place = written.place_of("name" if written.value.name else "scope")
            subject.findings.add(place, "duplicate_name", message)
        names.setdefault(name, written.key)


def _refuse_second(seen: dict[object, Place], what: object, written: Written[Budget], subject: Subject) -> None:
    first = seen.setdefault(what, written.key)
    if first is not written.key:
        budget = written.value
        message = (
            f"line {first.line} limits {quote(budget.scope)} per {budget.window} in the same way already; keep one of"
            " them"
        )
        subject.findings.add(written.place_of("scope"), "duplicate_name", message)


def _check_scope(written: Written[Budget] | Written[Limit], subject: Subject) -> None:
    scope, place, findings = written.value.scope, written.place_of("scope"), subject.findings
    kind, colon, name = scope.partition(":")
    if not colon and scope in WHOLE_SCOPES:
        return
    if kind not in SCOPE_KINDS or not name:
        message = f"{quote(scope)} is no scope; write total, cloud, or KIND:NAME with {', '.join(SCOPE_KINDS)}"
        suggestion = findings.guess_name(kind, (*WHOLE_SCOPES, *SCOPE_KINDS)) if kind not in SCOPE_KINDS else None
        if suggestion is not None and colon:
            suggestion = f"{suggestion}:{name}" if suggestion in SCOPE_KINDS else None
        findings.add(place, "unknown_reference", message, suggestion=suggestion)
        return
    if name == EACH:
        if kind not in KINDS_FOR_EACH:
            message = f"`*` stands for each {', '.join(KINDS_FOR_EACH)}; write every {kind} by its name"
            findings.add(place, "unknown_reference", message)
        return
    document = subject.document
    known = {
        "provider": document.provider_names,
        "agent": document.names["agents"],
        "interaction": document.names["interactions"],
    }
    if kind in known and name not in known[kind]:
        guess = findings.guess_name(name, sorted(known[kind]))
        message = f"there is no {kind} {quote(name)} that this could limit"
        findings.add(place, "unknown_reference", message, suggestion=f"{kind}:{guess}" if guess else None)


def _check_time_zone(written: Written[Budget], subject: Subject) -> None:
    zone = written.value.time_zone
    known = {"UTC"} if zone == "UTC" else subject.compilation.surroundings.list_time_zones()
    if has_time_zone(zone) and (not known or zone in known):
        return
    message = f"{quote(zone)} is no time zone; write it like UTC or Europe/London"
    if not has_time_zone("Europe/London"):
        message = f"this machine has no rules of time zones, {quote(zone)} neither; install tzdata, or write UTC"
    suggestion = subject.findings.guess_name(zone, sorted(known))
    subject.findings.add(written.place_of("time_zone"), "invalid_time_zone", message, suggestion=suggestion)
