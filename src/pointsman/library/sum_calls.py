"""Sums over calls that were tracked, in whole nano-dollars until they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from pointsman.core.chat.money import format_usd

FORMULA_STARTS = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n", "\0")
"""What a spreadsheet takes a cell for a formula by; some read the wide forms of East Asian keyboards as well."""

_BLANKS = " \u00a0\u3000\ufeff\u200b"

MOST_GROUPS = 1_000
"""Providers, models or tags that are told apart; the rest is summed as `other`."""

OTHER = "other"


class Sums(TypedDict):
    """What some calls came to; dollars are an exact decimal."""

    total_calls: int
    total_cost_usd: Decimal
    total_tokens: int
    input_tokens: int
    output_tokens: int
    avg_latency_ms: float
    unknown_cost_calls: int


class Stats(Sums):
    """The same, and told apart; a call with several tags counts under each."""

    by_provider: dict[str, Sums]
    by_model: dict[str, Sums]
    by_tag: dict[str, Sums]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class TrackedCall:
    """One call."""

    at: datetime
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_nusd: int | None
    latency_ms: float
    tags: tuple[str, ...]
    request_id: str

    def fits(
        self, provider: str | None, model: str | None, tag: str | None, since: datetime | None, until: datetime | None
    ) -> bool:
        """Whether it is one of those that are asked for."""
        return (
            (provider is None or self.provider == provider)
            and (model is None or self.model == model)
            and (tag is None or tag in self.tags)
            and (since is None or self.at >= since)
            and (until is None or self.at < until)
        )

    def list_values(self) -> tuple[str | int | float, ...]:
        """Its cells in a table."""
        return (
            self.at.isoformat(),
            self.provider,
            self.model,
            self.input_tokens,
            self.output_tokens,
            self.input_tokens + self.output_tokens,
            "" if self.cost_nusd is None else format_usd(self.cost_nusd),
            round(self.latency_ms, 3),
            ",".join(self.tags),
            self.request_id,
        )


@dataclass(slots=True)
class Tally:
    """A sum that grows."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nusd: int = 0
    unknown_cost_calls: int = 0
    latency_ms: float = 0.0

    def add(self, call: TrackedCall) -> None:
        """Count one more."""
        self.calls += 1
        self.input_tokens += call.input_tokens
        self.output_tokens += call.output_tokens
        self.latency_ms += call.latency_ms
        if call.cost_nusd is None:
            self.unknown_cost_calls += 1
        else:
            self.cost_nusd += call.cost_nusd

    def copy(self) -> "Tally":
        """As it is now."""
        return replace(self)

    def describe(self) -> Sums:
        """As people read it."""
        return Sums(
            total_calls=self.calls,
            total_cost_usd=Decimal(format_usd(self.cost_nusd)),
            total_tokens=self.input_tokens + self.output_tokens,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            avg_latency_ms=self.latency_ms / self.calls if self.calls else 0.0,
            unknown_cost_calls=self.unknown_cost_calls,
        )


def describe_stats(calls: Sequence[TrackedCall], total: Tally | None, *, is_complete: bool) -> Stats:
    """Sums over calls.

    Args:
        calls: those that fit.
        total: what counts as the sum over all, where calls are no longer kept that are in it.
        is_complete: whether `calls` are all that there were.
    """
    whole = Tally()
    groups: tuple[dict[str, Tally], ...] = ({}, {}, {})
    for call in calls:
        whole.add(call)
        for group, names in zip(groups, ((call.provider,), (call.model,), call.tags), strict=True):
            for name in names:
                _find_tally(group, name).add(call)
    by_provider, by_model, by_tag = ({name: tally.describe() for name, tally in group.items()} for group in groups)
    sums = (total or whole).describe()
    return Stats(**sums, by_provider=by_provider, by_model=by_model, by_tag=by_tag, is_complete=is_complete)


def write_cell(value: str | int | float) -> str | int | float:
    """A cell that no spreadsheet takes for a formula, not even one that drops blanks before it."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.lstrip(_BLANKS).startswith(FORMULA_STARTS) else value


def _find_tally(group: dict[str, Tally], name: str) -> Tally:
    if name not in group and len(group) >= MOST_GROUPS:
        name = OTHER
    return group.setdefault(name, Tally())
