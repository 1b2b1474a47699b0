"""What waits for private data to be found waits in vain where nobody looks for it, or for nothing."""

from collections.abc import Sequence

from pointsman.core.config.checks.needs import needs_any
from pointsman.core.config.checks.rules import ReadRule
from pointsman.core.config.checks.subject import Subject
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.routing_plan import Detect

FIND = "data.contains_pii"


def check_searches(rules: Sequence[ReadRule], subject: Subject) -> None:
    """Note rules and switches that nothing can ever be found for.

    Args:
        rules: every rule that can be asked.
        subject: the document.
    """
    modes = _list_modes(subject)
    readers = [rule for rule in rules if FIND in rule.condition.reads]
    for rule in readers:
        mode = modes[None] if rule.agent is None else modes.get(rule.agent, "rules")
        if mode == "off" and needs_any(rule.condition.tree, (FIND,)):
            whose = f"requests of agent {rule.agent} are" if rule.agent else "no request is"
            _warn(rule.place, f"{whose} searched for private data", subject)
    routing = subject.document.routing
    stays_local = routing.value.require_local_for_pii
    if stays_local and modes[None] == "off":
        _warn(routing.place_of("require_local_for_pii"), "no request is searched for private data", subject)
    if readers or stays_local or "always" in modes.values():
        _check_entities(subject)


def _list_modes(subject: Subject) -> dict[str | None, Detect]:
    """When each agent's requests are searched; under `None` when those of anybody are, at most."""
    document = subject.document
    usual: Detect = document.policy.value.detect or document.privacy.value.detect
    agents: dict[str | None, Detect] = {
        name: agent.value.policy.detect or usual for name, agent in document.agents.items()
    }
    stated = [caller.written.value.policy.detect or usual for caller in subject.callers]
    # Models that are asked for by name, and `auto`, have no caller whose policy could say otherwise.
    everybody = (*stated, subject.snapshot.routing.detect)
    return {**agents, None: next((mode for mode in ("always", "rules") if mode in everybody), "off")}


def _warn(place: Place, what: str, subject: Subject) -> None:
    message = (
        f"{what}, so this could matter only for a key that asks for it; set `privacy.detect: rules`, or take"
        f" {quote('detect: off')} out of the policy"
    )
    subject.findings.add(place, "unreachable_rule", message, severity="warning")


def _check_entities(subject: Subject) -> None:
    privacy = subject.document.privacy
    if privacy.value.entities or privacy.value.names:
        return
    message = (
        "nothing counts as private data, so only images, audio and files, which cannot be searched, would be a find;"
        " name some, or leave the key out"
    )
    subject.findings.add(privacy.place_of("entities"), "unreachable_rule", message, severity="warning")
