"""Skills that are asked for should be had: by some model of the document, and first of all by the caller's own."""

from pointsman.core.config.checks.subject import Caller, Subject
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Model

HARD = frozenset(("tools", "vision", "structured_output", "embeddings"))
"""Capabilities without which a request fails; all others are skills, which only order the candidates."""


def check_skills(subject: Subject) -> None:
    """Note skills that no model has, and callers whose own model lacks one that another has."""
    models = subject.snapshot.models.values()
    known = frozenset(skill for model in models if model.enabled for skill in model.capabilities)
    for caller in subject.callers:
        for skill, place in caller.skills:
            if known and skill not in known:  # Where nothing is said of any model, each may have it.
                message = (
                    f"no model of this document is said to have {quote(skill)}; add it under models.NAME.capabilities"
                    " of one that has it, or leave it out"
                )
                suggestion = subject.findings.guess_name(skill, sorted(known))
                subject.findings.add(place, "capability_unknown", message, suggestion=suggestion, severity="warning")
        _check_own_model(caller, known, subject)


def list_lacking(model: Model, caller: Caller) -> list[str]:
    """The skills that a caller asks for and a model is not said to have."""
    return [skill for skill, _ in caller.skills if skill not in model.capabilities]


def _check_own_model(caller: Caller, known: frozenset[str], subject: Subject) -> None:
    own = next((candidate for candidate in caller.candidates if candidate.role == "model"), None)
    if own is None or not own.model.capabilities:
        return  # What is not said of a model may be so.
    lacking = [skill for skill in list_lacking(own.model, caller) if skill in known]
    if not lacking:
        return
    what = ", ".join(lacking)
    if caller.strict or not HARD.isdisjoint(lacking):
        message = f"{quote(own.model.name)} lacks {what}, so {caller.title} would never run on it; name another model"
    else:
        message = f"{quote(own.model.name)} lacks {what}, so models that have everything asked for are tried before it"
    subject.findings.add(own.place, "capability_missing", message, severity="warning")
