"""An explanation for people: one line that answers, then why, in plain words and aligned columns."""

from collections.abc import Iterator, Mapping, Sequence

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.problems import quote
from pointsman.core.routing.describe import (
    AttemptView,
    CheckView,
    DropView,
    ExplanationView,
    FactValue,
    FlipView,
)
from pointsman.core.routing.describe_cost import CostView, PricesView
from pointsman.core.routing.order_candidates import CHEAPER, SAVING

DECIDERS = {
    "agent": "the agent's own order",
    "interaction": "the interaction's own order",
    "task": "the order of this type of task",
    "forced": "a word that nothing reorders",
    "override": "a runtime override",
    "global_rule": "a rule over all callers",
    "rule": "a rule of the caller",
    "budget_mode": "the mode for saving",
    "experiment": "an experiment",
    "strategy": "a strategy",
}
"""What may settle the first attempt, in words."""

ORDERED_BY_COST = {SAVING: "a saving", CHEAPER: "a budget that is used up"}
"""What settles by cost under the kind `strategy` without being one."""

TOTAL = "total"


def write_explanation(view: ExplanationView) -> str:
    """The explanation for people."""
    paragraphs = [
        [_write_answer(view)],
        _write_order(view),
        _write_scores((*view.attempts, *view.further)),
        _write_drops(view.dropped),
        _write_figures(view),
        _write_flips(view),
        _write_facts(view),
        [_write_next(view)],
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines)


def write_past(recorded: Mapping[str, object] | None, view: ExplanationView) -> str:
    """What was recorded of a past decision beside what its replay comes to."""
    if recorded is None:
        return ""
    model, outcome = recorded.get("model"), recorded.get("outcome")
    was = f"went to {model}" if model else "was refused"
    same = "a replay comes to the same" if model == view.model else "a replay comes to something else"
    happened = _write_outcome(outcome, model) if isinstance(outcome, Mapping) else ""
    return f"Recorded: it {was}; {same}.{happened}"


def _write_outcome(outcome: Mapping[object, object], decided: object) -> str:
    """Where a past request ended, how long it was and what it cost, as far as that is known."""
    said, ended_on = "", outcome.get("model")
    if decided and ended_on and ended_on != decided:
        said += f"\nIt ended on {ended_on}, after {outcome.get('attempts')} attempts."
    tokens, cost = (outcome.get("input_tokens"), outcome.get("output_tokens")), outcome.get("cost_usd")
    if isinstance(tokens[0], int) and isinstance(tokens[1], int):
        said += f"\nIt took {tokens[0]:,} tokens in and {tokens[1]:,} out"
        said += f" and cost ${cost} ({outcome.get('cost_status')})." if cost is not None else "; its cost is unknown."
    return said


def _write_answer(view: ExplanationView) -> str:
    if view.refused is not None:
        return f"Refused ({view.refused.code}): {view.refused.message}"
    assert view.decided_by is not None, "what is not refused was decided by something"
    kind = ORDERED_BY_COST.get(view.decided_by.name) if view.decided_by.kind == "strategy" else None
    kind = kind or DECIDERS.get(view.decided_by.kind, view.decided_by.kind)
    return f"{view.model}: {view.decided_by.text}\nSettled by {kind}, {view.decided_by.name}."


def _write_order(view: ExplanationView) -> list[str]:
    if not view.attempts:
        return []
    width = max(len(attempt.model) for attempt in view.attempts)
    which = "an assumed request" if view.size_assumed else "this request"
    lines = ["In this order:"]
    for place, attempt in enumerate(view.attempts, start=1):
        lines += _write_attempt(f"{place}.", attempt, width, which)
    return lines


def _write_attempt(place: str, attempt: AttemptView, width: int, which: str) -> Iterator[str]:
    indent = " " * (len(place) + 3)
    yield f"  {place} {attempt.model:<{width}}  {attempt.deployment} ({attempt.location})"
    degraded = f" ({attempt.degraded.replace('_', ' ')})" if attempt.degraded not in ("", "fallback") else ""
    yield f"{indent}{attempt.why}{degraded}"
    yield f"{indent}{_write_prices(attempt.price_per_1m_tokens)}{_write_expected(attempt.estimated_cost_usd, which)}"
    window = f"{attempt.context_window:,} tokens of context" if attempt.context_window else ""
    abilities = ", ".join(part for part in (window, *attempt.capabilities) if part)
    if abilities:
        yield f"{indent}{abilities}"


def _write_prices(prices: PricesView | None) -> str:
    if prices is None:
        return "price unknown"
    return f"${prices.input} in, ${prices.output} out per million tokens ({prices.source})"


def _write_expected(cost: CostView | None, which: str) -> str:
    if cost is None or cost.expected == "0":
        return ""
    return f"; {'' if _is_exact(cost) else 'about '}${cost.expected} for {which}"


def _is_exact(cost: CostView) -> bool:
    return cost.low == cost.high


def _write_scores(attempts: Sequence[AttemptView]) -> list[str]:
    """The parts of each score in columns, the total first."""
    scored = [attempt for attempt in attempts if attempt.score]
    if not scored:
        return []
    names = [TOTAL, *dict.fromkeys(name for attempt in scored for name in attempt.score if name != TOTAL)]
    width = max(len(attempt.model) for attempt in scored)
    lines = ["Scores:", f"  {'':<{width}}  " + "  ".join(names)]
    for attempt in scored:
        figures = (f"{attempt.score.get(name, 0.0):>{len(name)}.3f}" for name in names)
        lines.append(f"  {attempt.model:<{width}}  " + "  ".join(figures))
    return lines


def _write_drops(dropped: Sequence[DropView]) -> list[str]:
    """Why models are left out, those with the same reason together."""
    if not dropped:
        return []
    by_reason: dict[str, list[str]] = {}
    for drop in dropped:
        by_reason.setdefault(f"{drop.reason} ({drop.code})", []).append(drop.model)
    return ["Left out:", *(f"  {', '.join(models)}: {reason}" for reason, models in by_reason.items())]


def _write_figures(view: ExplanationView) -> list[str]:
    """What it costs, how sure the choice is, and what else people should know."""
    lines: list[str] = []
    cost, tokens = view.estimated_cost_usd, view.estimated_tokens
    if cost is not None:
        request = f"{tokens['input']:,} tokens in and {tokens['output']:,} out"
        which = "An assumed request" if view.size_assumed else "A request"
        costs = f"${cost.low}" if _is_exact(cost) else f"about ${cost.expected}, from ${cost.low} to ${cost.high}"
        lines.append(f"{which} of {request} costs {costs}.")
    if view.confidence is not None:
        lines.append(_write_confidence(view))
    if view.label != "low":
        lines.append(f"The request is labelled {view.label}.")
    if view.stays_local:
        lines.append(f"It stays local: {view.stays_local}.")
    if view.check is not None:
        lines.append(_write_check(view.check))
    if view.rules.fired:
        lines.append(f"Rules that apply: {', '.join(view.rules.fired)}.")
    if view.rules.failed:
        lines.append(f"Rules that could not be asked: {', '.join(view.rules.failed)}.")
    lines += (f"Note: {note}." for note in view.notes)
    return lines


def _write_confidence(view: ExplanationView) -> str:
    """What the figure is, since it is no probability."""
    stated = f"Confidence {round(view.confidence or 0.0, 2):g}"
    first, *others = [attempt.score.get(TOTAL) for attempt in (*view.attempts, *view.further)]
    scores = [score for score in others if score is not None]
    if view.decided_by is None or view.decided_by.kind != "strategy" or first is None:
        return f"{stated}: nothing was weighed."
    if not scores:
        return f"{stated}: there was nothing to weigh it against."
    if max(scores) > first:
        return f"{stated}: another scores more, but location, skills, quality and state count before scores."
    if max(scores) == first:
        return f"{stated}: another has the same score."
    return f"{stated}: how far its score leads the best of the others, as a share of its own."


def _write_check(check: CheckView) -> str:
    if check.model is None:
        return f"The answer is not checked as {check.rule} wants: {check.skipped}."
    when = "" if check.only_below is None else f" where its confidence is below {check.only_below:g}"
    return f"The answer is shown to {check.model}{when}, as {check.rule} wants."


def _write_flips(view: ExplanationView) -> list[str]:
    lines = ["It would be otherwise:", *map(_write_flip, view.flips)] if view.flips else []
    if not view.flips_complete:
        lines.append("Not every change was tried; there are too many rules for that.")
    return lines


def _write_flip(flip: FlipView) -> str:
    outcome = f"would take {flip.model}" if flip.model else "would be refused"
    if isinstance(flip.after, list) and isinstance(flip.before, list):
        tag = next(iter({*flip.after} ^ {*flip.before}))
        return f"  {'with' if tag in flip.after else 'without'} the tag {_write_text(tag)} it {outcome}"
    return f"  {flip.fact} {write_value(flip.after)} instead of {write_value(flip.before)} {outcome}"


def write_value(value: FactValue) -> str:
    """A fact's value as people read it; what callers wrote may hold anything, so nothing invisible gets through."""
    match value:
        case bool():
            return "true" if value else "false"
        case None | "":
            return "nothing"
        case list():
            return " + ".join(map(_write_text, value)) or "nothing"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.9f}".rstrip("0").rstrip(".")
        case _:
            return _write_text(value)


def _write_text(text: str) -> str:
    return text if text.isprintable() and not holds_secret(text) else quote(text)


def _write_facts(view: ExplanationView) -> list[str]:
    stated = {name: value for name, value in view.facts.items() if name != "target" and value not in (None, "", [])}
    told = ", ".join(
        f"{name} {write_value(value)}{' (estimated)' if name in view.estimated else ''}"
        for name, value in stated.items()
    )
    return [f"Facts: {told}."] if told else []


def _write_next(view: ExplanationView) -> str:
    place = f"Environment {view.environment}, revision {view.revision}."
    return f"{place} Next: pointsman {'check' if view.refused else 'usage'}"
