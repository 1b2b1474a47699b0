"""Turns what is known of a call into its one outcome: usage, cost and how sure both are."""

from collections.abc import Mapping
from types import MappingProxyType

from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.expressions.facts import Value
from pointsman.core.routing.conceal import conceal_text
from pointsman.core.routing.outcome import FurtherCost, Outcome
from pointsman.relay.call import Progress
from pointsman.relay.charges import Charge, add_charges, charge_model, charge_searches, estimate_usage

_NOTHING_GIVEN: Mapping[str, Value | None] = MappingProxyType({})


UNCHARGED = Charge(None, 0, "none")
"""What providers ask for a count of tokens."""


def settle(progress: Progress, now_s: float) -> Outcome:
    """Close the books on a call. `now_s` is the monotonic clock."""
    call, decision, model = progress.call, progress.decision, progress.model
    agent = decision.agent if decision else None
    answer, facts = decision or progress.refusal, progress.facts
    given = facts.given if facts and facts.given else _NOTHING_GIVEN
    charge = progress.charge or price(progress)
    return Outcome(
        request_id=call.request_id,
        at_ms=call.arrived_at_ms,
        agent=agent.name if agent else "",
        model=model.name if model else "",
        provider=model.deployment.provider if model else "",
        upstream_model=model.deployment.upstream_model if model else "",
        key_id=call.key_id,
        revision=progress.snapshot.revision,
        status=progress.status,
        failure=progress.failure,
        stream=progress.stream,
        attempts=progress.attempts,
        usage=charge.usage,
        cost_nusd=charge.cost_nusd,
        cost_status=charge.status,
        latency_ms=(now_s - call.arrived_s) * 1000,
        first_content_ms=_since(call.arrived_s, progress.first_content_s),
        tags=_list_tags(agent, given),
        location=model.deployment.location if model else "",
        degraded=progress.degraded,
        interaction=_name_interaction(agent),
        team=str(given.get("team", "")) if given else "",
        user=conceal_text(str(given.get("user", ""))) if given else "",
        decided_by=decision.decided_by if decision else "",
        decision_name=decision.name if decision else "",
        strategy=decision.strategy if decision else "",
        label=answer.label if answer else "low",
        kept_local_by=answer.kept_local_by if answer else "",
        rules_failed=len(answer.failed) if answer else 0,
        further=progress.further if charge.cost_nusd is not None else (),
        cached=progress.cache == "hit",
    )


def _name_interaction(agent: Agent | None) -> str:
    kind, _, name = agent.name.partition(":") if agent else ("", "", "")
    return name if kind == "interaction" else ""


def _list_tags(agent: Agent | None, given: Mapping[str, Value | None]) -> tuple[str, ...]:
    """The tags of agent, key and request."""
    tags = given.get("tags")
    return tuple(sorted(map(conceal_text, tags))) if isinstance(tags, frozenset) else agent.tags if agent else ()


def price(progress: Progress) -> Charge:
    """What the call came to so far, with all that its further upstream calls did."""
    usage = progress.usage
    if progress.operation == "count_tokens":
        return UNCHARGED
    if usage is None and progress.operation == "rerank" and progress.sending.has_begun:
        charge = charge_searches(progress.model)
    else:
        estimate = None if usage else _estimate(progress)
        charge = charge_model(progress.model, usage, estimate, maybe_billed=progress.maybe_billed)
    return charge if progress.aside is None else add_charges(progress.aside, charge)


def set_aside(
    progress: Progress, model: Model, usage: Usage | None, content_bytes: int = 0, counted: Usage | None = None
) -> None:
    """Charge an upstream call whose answer the client does not get: a check, or one that another answer replaced.

    Args:
        progress: of the call that it was made for.
        model: what was called.
        usage: as the provider reported it; `None`: estimated from the bytes, as it has worked.
        content_bytes: of what came of the answer.
        counted: what was reported before it was given up.
    """
    if progress.operation == "count_tokens":
        return
    estimate = estimate_usage(len(progress.call.body), content_bytes if progress.operation == "chat" else 0, counted)
    if usage is None and progress.operation == "rerank":
        charge = charge_searches(model)
    else:
        charge = charge_model(model, usage, estimate, maybe_billed=True)
    progress.aside = charge if progress.aside is None else add_charges(progress.aside, charge)
    if charge.cost_nusd:
        place = model.deployment
        progress.further += (FurtherCost(model.name, place.provider, place.location, charge.cost_nusd),)


def _estimate(progress: Progress) -> Usage | None:
    """Tokens from bytes, for a call that a provider worked on without saying how much; `None` where none did."""
    if progress.content_bytes == 0 and not progress.sending.has_begun:
        return None
    # Nothing but a chat has an answer of tokens.
    content_bytes = progress.content_bytes if progress.operation == "chat" else 0
    return estimate_usage(len(progress.call.body), content_bytes, progress.counted)


def _since(start_s: float, then_s: float | None) -> float | None:
    return None if then_s is None else (then_s - start_s) * 1000
