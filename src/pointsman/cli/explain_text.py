"""An explanation for people: one line that answers, then why, in plain words and aligned columns."""

from collections.abc import Iterator, Mapping, Sequence

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.problems import quote
from pointsman.core.routing.describe import (
    AttemptView,
    CheckView,
    CostView,
    DropView,
    ExplanationView,
    FactValue,
    FlipView,
    PricesView,
)

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

TOTAL = "total"


def write_explanation(view: ExplanationView) -> str:
    """The explanation for people."""
    paragraphs = [
        [_write_answer(view)],
        _write_order(view.attempts),
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
    model = recorded.get("model")
    was = f"went to {model}" if model else "was refused"
    same = "a replay comes to the same" if model == view.model else "a replay comes to something else"
    return f"Recorded: it {was}; {same}."


def _write_answer(view: ExplanationView) -> str:
    if view.refused is not None:
        return f"Refused ({view.refused.code}): {view.refused.message}"
    assert view.decided_by is not None, "what is not refused was decided by something"
    kind = DECIDERS.get(view.decided_by.kind, view.decided_by.kind)
    return f"{view.model}: {view.decided_by.text}\nSettled by {kind}, {view.decided_by.name}."


def _write_order(attempts: Sequence[AttemptView]) -> list[str]:
    if not attempts:
        return []
    width = max(len(attempt.model) for attempt in attempts)
    lines = ["In this order:"]
    for place, attempt in enumerate(attempts, start=1):
        lines += _write_attempt(f"{place}.", attempt, width)
    return lines


def _write_attempt(place: str, attempt: AttemptView, width: int) -> Iterator[str]:
    indent = " " * (len(place) + 3)
    yield f"  {place} {attempt.model:<{width}}  {attempt.deployment} ({attempt.location})"
    degraded = f" ({attempt.degraded.replace('_', ' ')})" if attempt.degraded not in ("", "fallback") else ""
    yield f"{indent}{attempt.why}{degraded}"
    yield f"{indent}{_write_prices(attempt.price_per_1m_tokens)}{_write_expected(attempt.estimated_cost_usd)}"
    window = f"{attempt.context_window:,} tokens of context" if attempt.context_window else ""
    abilities = ", ".join(part for part in (window, *attempt.capabilities) if part)
    if abilities:
        yield f"{indent}{abilities}"


def _write_prices(prices: PricesView | None) -> str:
    if prices is None:
        return "price unknown"
    return f"${prices.input} in, ${prices.output} out per million tokens ({prices.source})"


def _write_expected(cost: CostView | None) -> str:
    return f"; about ${cost.expected} for this request" if cost and cost.expected != "0" else ""


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
        lines.append(f"A request of {request} costs about ${cost.expected}, from ${cost.low} to ${cost.high}.")
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
    if view.decided_by is None or view.decided_by.kind != "strategy" or not view.attempts[0].score:
        return f"{stated}: nothing was weighed."
    if sum(bool(attempt.score) for attempt in (*view.attempts, *view.further)) == 1:
        return f"{stated}: there was nothing to weigh it against."
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
            return str(value) if abs(value) < 10_000 else f"{value:,}"
        case float():
            return f"{value:.9f}".rstrip("0").rstrip(".")
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
