"""An experiment splits the requests of an agent that exists over variants that each have a model."""

from pointsman.core.config.checks.subject import Subject
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.read_document import Written
from pointsman.core.config.sections.callers import Experiment

CONTROL, CANDIDATE = "control", "candidate"


def check_experiments(subject: Subject) -> None:
    """Note experiments that nobody takes part in, or that would send requests nowhere."""
    running: dict[str, Place] = {}
    for name, written in subject.document.experiments.items():
        agent = written.value.agent
        if agent not in subject.document.names["agents"]:
            known = sorted(subject.document.names["agents"])
            message = f"there is no agent {quote(agent)} whose requests could be split"
            suggestion = subject.findings.guess_name(agent, known)
            subject.findings.add(written.place_of("agent"), "unknown_reference", message, suggestion=suggestion)
        elif written.value.enabled:
            first = running.setdefault(agent, written.key)
            if first is not written.key:
                message = (
                    f"the requests of agent {agent} are split by the experiment of line {first.line} already; end one"
                    " of them with `enabled: false`"
                )
                subject.findings.add(written.key, "conflict", message)
        _check_variants(name, written, subject)


def _check_variants(name: str, written: Written[Experiment], subject: Subject) -> None:
    experiment = written.value
    if not any(experiment.split.values()):
        message = "all shares are 0, so no request would be served; give one of them more"
        subject.findings.add(written.place_of("split"), "invalid_weights", message)
    for variant in experiment.split:
        if variant != CONTROL and variant not in experiment.variants and not _has_fallback(variant, written, subject):
            place = written.place_of("split", variant)
            message = f"nobody says which model {quote(variant)} runs on; write `variants: {{{variant}: MODEL}}`"
            subject.findings.add(place, "missing_key", message)
    for variant in experiment.variants:
        place = written.place_of("variants", variant)
        if variant == CONTROL:
            message = "control is the agent as it stands; change the agent's model, or name this variant otherwise"
            subject.findings.add(place, "conflict", message)
        elif variant not in experiment.split:
            message = f"{quote(variant)} has no share of the requests; give it one under split"
            suggestion = subject.findings.guess_name(variant, experiment.split)
            subject.findings.add(place, "unknown_reference", message, suggestion=suggestion)


def _has_fallback(variant: str, written: Written[Experiment], subject: Subject) -> bool:
    """Whether the variant is the candidate, which is the agent's first fallback unless written."""
    agent = subject.document.agents.get(written.value.agent)
    # An agent that could not be read has been noted; what it falls back to is not known.
    return variant == CANDIDATE and (agent is None or bool(agent.value.fallback))
