"""What must stay local needs a local model to go to; a cloud model in its place would only ever be refused."""

from pointsman.core.config.checks.subject import Caller, Subject
from pointsman.core.config.locality import find_lasting_reason, find_reason_to_stay
from pointsman.core.config.problems import quote


def check_privacy(subject: Subject) -> None:
    """Note callers that must stay local and cannot, and cloud models where only a local one makes sense."""
    for caller in subject.callers:
        for candidate in caller.candidates:
            if candidate.role == "local_alternative" and not candidate.is_local:
                message = (
                    f"{quote(candidate.model.name)} is a cloud model, so it could never be taken where requests must"
                    " stay local; name a model whose provider has `location: local`"
                )
                subject.findings.add(candidate.place, "not_local", message)
        why = must_stay_local(caller, subject)
        if why is None or not caller.is_complete:
            continue
        reach = [candidate for candidate in subject.reach(caller) if candidate.model.enabled]
        if reach and not any(candidate.is_local for candidate in reach):
            _note_stranded(caller, why, subject)
        elif caller.privacy == "high":
            _warn_of_rules(caller, subject)


def _note_stranded(caller: Caller, why: str, subject: Subject) -> None:
    """Note a caller whose every request is refused: a mistake, unless an operator orders just that for a while."""
    made = subject.snapshot.routing.strategy_override
    advice = "name a local one as model, fallback or local_alternative"
    what = f"requests of {caller.title} must stay local ({why}), and every model it could use is in the cloud"
    if made is None or find_lasting_reason(caller.written.value.policy.privacy, subject.document) is not None:
        subject.findings.add(caller.key, "privacy_unsatisfiable", f"{what}; {advice}")
    else:
        message = f"{what}: they are refused until the override ends; {advice}"
        subject.findings.add(caller.key, "privacy_unsatisfiable", message, severity="warning")


def must_stay_local(caller: Caller, subject: Subject) -> str | None:
    """Why none of a caller's requests may leave, or `None` when they may."""
    return find_reason_to_stay(caller.written.value.policy.privacy, subject.document)


def _warn_of_rules(caller: Caller, subject: Subject) -> None:
    for candidate in caller.candidates:
        if candidate.role in ("rule", "variant") and not candidate.is_local:
            what = "this rule" if candidate.role == "rule" else "this variant"
            message = (
                f"{quote(candidate.model.name)} is a cloud model, and requests of {caller.title} have privacy high:"
                f" {what} could never have its model; name a local one"
            )
            subject.findings.add(candidate.place, "unreachable_rule", message, severity="warning")
