"""What is recorded of a decision in the form of an explanation, for one that cannot be made again."""

from pointsman.core.expressions.facts import Value
from pointsman.core.routing.decision import REFUSAL_STATUS
from pointsman.core.routing.describe import (
    AttemptView,
    DropView,
    ExplanationView,
    FactValue,
    ReasonView,
    RefusedView,
    RulesView,
    describe_value,
)
from pointsman.core.routing.record import Decided, DecisionRow

AS_RECORDED = "as recorded"
"""Stands for the sentences: only names and codes are kept."""


def describe_record(row: DecisionRow) -> ExplanationView:
    """What is known of a past decision without making it again: no costs, no scores, nothing that would flip it."""
    recorded = row.recorded
    decided = recorded.decided if recorded is not None else Decided(b"", (), (), "", "", "")
    facts = recorded.facts if recorded is not None else None
    used = row.spent.of_one_call if row.spent is not None else None
    given: dict[str, Value | None] = (facts.given or {}) if facts is not None else {}
    told: dict[str, FactValue] = {"target": facts.target, "agent": facts.agent} if facts is not None else {}
    return ExplanationView(
        model=decided.attempts[0] if decided.attempts else None,
        refused=_describe_refusal(decided),
        decided_by=ReasonView(decided.decided_by, decided.name, AS_RECORDED) if decided.attempts else None,
        attempts=tuple(AttemptView(model, "", "", AS_RECORDED, {}) for model in decided.attempts),
        further=(),
        dropped=tuple(DropView(model, code, AS_RECORDED) for model, code in decided.dropped),
        estimated_cost_usd=None,
        estimated_tokens={"input": used.input_tokens, "output": used.output_tokens} if used is not None else {},
        size_assumed=False,
        confidence=None,
        flips=(),
        flips_complete=False,
        facts=told | {name: describe_value(value) for name, value in given.items()},
        estimated=facts.estimated if facts is not None else (),
        rules=RulesView((), ()),
        label=facts.label if facts is not None else "",
        stays_local=None,
        strategy=None,
        check=None,
        variant=None,
        notes=("This is what was recorded; the decision could not be made again.",),
        environment="",
        revision=recorded.revision if recorded is not None else "",
    )


def _describe_refusal(decided: Decided) -> RefusedView | None:
    if decided.attempts:
        return None
    if not decided.refusal:
        return RefusedView("unreadable", "Nobody knows what was decided: the record cannot be read.")
    status = REFUSAL_STATUS.get(decided.refusal, 503)
    return RefusedView(decided.refusal, f"The client was refused with status {status}.")
