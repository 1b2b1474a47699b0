"""A caller needs a model: one that is switched on, and with `strict_capabilities` one that has every skill."""

from pointsman.core.config.checks.skills import HARD, list_lacking
from pointsman.core.config.checks.subject import Caller, Candidate, Subject


def check_routes(subject: Subject) -> None:
    """Note callers whose every request would be refused."""
    for caller in subject.callers:
        reach = subject.reach(caller)
        if not caller.is_complete or not reach:
            continue  # A model is missing, and that has been noted.
        enabled = [candidate for candidate in reach if candidate.model.enabled]
        if not enabled:
            # Switching a provider off in a hurry must not fail because somebody has no other.
            message = (
                f"every model of {caller.title} is switched off, so every request is refused; enable one, or name"
                " another as fallback"
            )
            subject.findings.add(caller.key, "empty_route", message, severity="warning")
        elif not any(_can_serve(candidate, caller) for candidate in enabled):
            skills = ", ".join(skill for skill, _ in caller.skills if caller.strict or skill in HARD)
            message = (
                f"no model of {caller.title} has all of {skills}, so every request would be refused; name one that"
                " has them, add them under models.NAME.capabilities, or ask for less"
            )
            subject.findings.add(caller.key, "empty_route", message)


def _can_serve(candidate: Candidate, caller: Caller) -> bool:
    lacking = list_lacking(candidate.model, caller)
    if caller.strict:
        return not lacking
    # What is not said of a model may be so: only a list without it tells that it lacks something hard.
    return not candidate.model.capabilities or HARD.isdisjoint(lacking)
