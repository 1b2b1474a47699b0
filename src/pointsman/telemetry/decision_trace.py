"""What `routing.verbose_logs` logs of a decision; facts that are free text, such as users and tags, stay out."""

import msgspec

from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import Facts
from pointsman.telemetry.log_lines import Event


class DecisionTrace(msgspec.Struct, frozen=True):
    """One decision.

    Attributes:
        request_id: of the request.
        decided_by: what settled the first attempt; `""` when the request was refused.
        name: of the rule, strategy, experiment, override or caller that did.
        attempts: the models in the order they are tried.
        dropped: the candidates left out, each with the code that says why.
        rules: those whose conditions held.
        failed_rules: those whose conditions could not be asked.
        label: how private the request is.
        strategy: what ordered the candidates, or `""`.
        refused: the code of the refusal, or `""`.
        facts: numbers and truth values that differ from their defaults.
    """

    request_id: str
    decided_by: str
    name: str
    attempts: tuple[str, ...]
    dropped: tuple[str, ...]
    rules: tuple[str, ...]
    failed_rules: tuple[str, ...]
    label: str
    strategy: str
    refused: str
    facts: dict[str, bool | int | float]


def trace_decision(request_id: str, revision: str, facts: Facts, answer: Decision | Refusal) -> Event:
    """The log's event of a decision."""
    decision = answer if isinstance(answer, Decision) else None
    trace = DecisionTrace(
        request_id=request_id,
        decided_by=decision.decided_by if decision else "",
        name=decision.name if decision else "",
        attempts=tuple(attempt.model.name for attempt in decision.attempts) if decision else (),
        dropped=tuple(f"{drop.model}: {drop.code}" for drop in answer.dropped),
        rules=answer.fired,
        failed_rules=answer.failed,
        label=answer.label,
        strategy=decision.strategy if decision else "",
        refused=answer.code if isinstance(answer, Refusal) else "",
        facts={name: value for name, value in (facts.given or {}).items() if isinstance(value, bool | int | float)},
    )
    text = decision.text if decision else f"refused: {trace.refused}"
    return Event("decision", "info", text, revision=revision, decision=msgspec.to_builtins(trace))
