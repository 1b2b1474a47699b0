"""A fallback must be able to stand in: the same skills, the same privacy, and a window not far smaller."""

from pointsman.core.config.checks.privacy import must_stay_local
from pointsman.core.config.checks.skills import HARD, list_lacking
from pointsman.core.config.checks.subject import Caller, Candidate, Subject
from pointsman.core.config.problems import quote

FAR_SMALLER = 4
"""How many times smaller a fallback's window must be to be worth a word."""

AMPLE_WINDOW = 32_000
"""Tokens that hold what nearly all requests need, however much larger the first model's window is."""


def check_fallbacks(subject: Subject) -> None:
    """Note fallbacks that could not take over what the model before them does."""
    known = frozenset(skill for model in subject.snapshot.models.values() for skill in model.capabilities)
    for caller in subject.callers:
        order = caller.in_order()
        for candidate in order:
            if candidate.role == "fallback":
                _check_skills(candidate, caller, known, subject)
                _check_privacy(candidate, caller, subject)
                _check_window(candidate, order[0], subject)


def _check_skills(candidate: Candidate, caller: Caller, known: frozenset[str], subject: Subject) -> None:
    if not candidate.model.capabilities:
        return  # What is not said of a model may be so.
    # A skill that nobody has is no fault of the fallback's.
    lacking = [skill for skill in list_lacking(candidate.model, caller) if skill in known]
    hard = [skill for skill in lacking if skill in HARD or caller.strict]
    name = quote(candidate.model.name)
    if hard:
        message = f"{name} lacks {', '.join(hard)}, so it could never stand in for {caller.title}; name another model"
        subject.findings.add(
            candidate.place, "incompatible_fallback", message, severity=subject.soften(candidate.place)
        )
    elif lacking:
        message = (
            f"{name} lacks {', '.join(lacking)}, which {caller.title} asks for; it is tried last, and marked so in"
            " decisions"
        )
        subject.findings.add(candidate.place, "incompatible_fallback", message, severity="warning")


def _check_privacy(candidate: Candidate, caller: Caller, subject: Subject) -> None:
    if candidate.is_local or caller.privacy != "high" or not must_have_local(caller, subject):
        return
    message = (
        f"{quote(candidate.model.name)} is a cloud model, and requests of {caller.title} have privacy high: they would"
        " never be sent to it; name a local model, or leave it out"
    )
    subject.findings.add(candidate.place, "incompatible_fallback", message)


def must_have_local(caller: Caller, subject: Subject) -> bool:
    """Whether there is a local model beside; without one the caller itself has been noted already."""
    return must_stay_local(caller, subject) is not None and any(one.is_local for one in subject.reach(caller))


def _check_window(candidate: Candidate, first: Candidate, subject: Subject) -> None:
    mine, usual = candidate.model.context_window, first.model.context_window
    if mine is None or usual is None or mine >= AMPLE_WINDOW or mine * FAR_SMALLER > usual:
        return
    message = (
        f"{quote(candidate.model.name)} holds {mine:,} tokens and {quote(first.model.name)} {usual:,}: longer requests"
        " cannot fall back to it; add a fallback with a larger window"
    )
    subject.findings.add(candidate.place, "incompatible_fallback", message, severity="warning")
