"""Turns what is known of a call into its one outcome: what each attempt of it used and cost, and how sure both are."""

import msgspec

from pointsman.core.chat.failures import POLICIES, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Model
from pointsman.core.pricing.judge_usage import Judged, judge_usage
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.outcome import AttemptCharge, ChargeKind, Doubt, Outcome, Part
from pointsman.relay.call import Progress, Relay
from pointsman.relay.charges import (
    UNCHARGED,
    Charge,
    charge_model,
    charge_searches,
    estimate_usage,
    sum_charges,
)

_NOTHING_USED = Judged(None, is_reported=False, is_rejected=False)


class Called(msgspec.Struct, frozen=True):
    """One attempt as far as it got.

    Attributes:
        number: of the attempt, from 1.
        model: whom was asked.
        sent: whether a byte of it may have gone out.
        usage: as the provider reported it, or `None`.
        counted: what was reported before it broke off, or `None`.
        content_bytes: of what came of the answer.
        is_rejected: whether what its provider reported could not be read as usage.
        has_conflict: whether two of its reports contradicted each other.
    """

    number: int
    model: Model
    sent: bool
    usage: Usage | None = None
    counted: Usage | None = None
    content_bytes: int = 0
    is_rejected: bool = False
    has_conflict: bool = False


def close_books(relay: Relay, progress: Progress) -> Outcome:
    """Settle a call, once; comes before the last byte goes to its client, so that nothing that was given is lost."""
    outcome = progress.outcome
    if outcome is None:
        outcome = progress.outcome = _settle(relay, progress)
        relay.journal.settle(outcome)
    return outcome


def total(progress: Progress) -> Charge:
    """What the call came to so far, with all that its attempts did."""
    return sum_charges(list_charges(progress))


def close_attempt(relay: Relay, progress: Progress, failure: UpstreamFailure) -> None:
    """Note what the attempt under way came to, that has failed before any content; nothing is under way after it."""
    if progress.number and progress.model is not None:
        called = Called(progress.number, progress.model, failure.sent)
        set_aside(relay, progress, called, "failed", failure)
        progress.number = 0


def set_aside(
    relay: Relay, progress: Progress, called: Called, part: Part, failure: UpstreamFailure | None = None
) -> None:
    """Charge an attempt whose answer the client does not get."""
    relay.open_calls.end(progress.call.request_id, called.number)
    if failure is None:
        progress.charges += (_charge(progress, called, part, ""),)
        return
    code, kind = POLICIES[failure.kind].code, POLICIES[failure.kind]
    if failure.sent and kind.maybe_billed and progress.operation != "count_tokens":
        progress.charges += (_charge(progress, called, part, code, kind="possibly_billed"),)
    else:
        progress.charges += (_charge(progress, msgspec.structs.replace(called, sent=False), part, code),)


def _settle(relay: Relay, progress: Progress) -> Outcome:
    call, decision, model = progress.call, progress.decision, progress.model
    whose = progress.whose()
    answer = decision or progress.refusal
    charges = list_charges(progress, progress.failure)
    charge = sum_charges(charges)
    relay.open_calls.end(call.request_id, progress.number)
    return Outcome(
        request_id=call.request_id,
        at_ms=call.arrived_at_ms,
        agent=whose.agent,
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
        latency_ms=(relay.monotonic_s() - call.arrived_s) * 1000,
        first_content_ms=_since(call.arrived_s, progress.first_content_s),
        tags=whose.tags,
        location=model.deployment.location if model else "",
        degraded=progress.degraded,
        interaction=whose.interaction,
        team=whose.team,
        user=whose.user,
        decided_by=decision.decided_by if decision else "",
        decision_name=decision.name if decision else "",
        strategy=decision.strategy if decision else "",
        label=answer.label if answer else "low",
        kept_local_by=answer.kept_local_by if answer else "",
        rules_failed=len(answer.failed) if answer else 0,
        charges=charges,
        cached=progress.cache == "hit",
        operation=progress.operation,
        task=whose.task,
        experiment=whose.experiment,
        session=whose.session,
    )


def list_charges(progress: Progress, failure: str = "") -> tuple[AttemptCharge, ...]:
    """Those of attempts that are over, and that of the one under way as it stands."""
    if not progress.number or progress.model is None:
        return progress.charges
    called = Called(
        progress.number,
        progress.model,
        progress.sending.has_begun,
        progress.usage,
        progress.counted,
        progress.content_bytes,
        progress.is_usage_rejected,
        progress.has_usage_conflict,
    )
    answer = _charge(progress, called, "answer", failure)
    return (*progress.charges, answer) if progress.charges else (answer,)


def _charge(progress: Progress, called: Called, part: Part, failure: str, kind: ChargeKind = "charge") -> AttemptCharge:
    model = called.model
    prices = model.prices_at(progress.call.arrived_at_ms)
    judged = _judge(progress, called)
    doubt: Doubt = "rejected" if judged.is_rejected else "conflict" if called.has_conflict else ""
    charge = _price(progress, called, prices, judged)
    place = model.deployment
    return AttemptCharge(
        called.number,
        model.name,
        place.provider,
        place.upstream_model,
        place.location,
        part,
        charge.usage,
        charge.cost_nusd,
        charge.status,
        prices.source if prices is not None else "",
        failure,
        kind,
        doubt,
    )


def _judge(progress: Progress, called: Called) -> Judged:
    """What counts as used: the provider's word where it can be true, else an estimate where it can have worked."""
    if called.usage is None and not called.sent and not called.content_bytes:
        return _NOTHING_USED
    operation, window = progress.operation, called.model.context_window
    if called.usage is not None and not called.is_rejected:
        judged = judge_usage(called.usage, None, window, operation=operation)
        if judged.is_reported:
            return judged
    # Nothing but a chat has an answer of tokens.
    content_bytes = called.content_bytes if operation == "chat" else 0
    estimate = estimate_usage(len(progress.call.body), content_bytes, called.counted)
    is_rejected = called.is_rejected or called.usage is not None
    return judge_usage(None, estimate, window, operation=operation, is_rejected=is_rejected)


def _price(progress: Progress, called: Called, prices: PriceTable | None, judged: Judged) -> Charge:
    if progress.operation == "count_tokens" or judged.usage is None:
        return UNCHARGED
    if judged.is_reported:
        return charge_model(prices, judged.usage, None)
    if progress.operation == "rerank":
        return charge_searches(prices)
    return charge_model(prices, None, judged.usage)


def _since(start_s: float, then_s: float | None) -> float | None:
    return None if then_s is None else (then_s - start_s) * 1000
