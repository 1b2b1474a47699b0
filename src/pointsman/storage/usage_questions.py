"""What can be asked about usage, and what the answers are; unknown costs are counted apart, never as 0."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, get_args

from pointsman.core.chat.money import NUSD_PER_USD

Dimension = Literal[
    "agent",
    "model",
    "provider",
    "key",
    "team",
    "user",
    "tag",
    "interaction",
    "task",
    "experiment",
    "location",
    "operation",
]

USAGE_DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

MOST_GROUPS = 10_000
"""More groups than this are cut off, cheapest first; the totals still cover all."""


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """What to sum up.

    Attributes:
        by: what to group by, each once.
        filters: the name that each of some dimensions must have; `""` for those without one.
        since_ms: the first moment that counts, in milliseconds since the Unix epoch, by when requests arrived.
        until_ms: the first one that does not count any more, or `None`.
    """

    by: tuple[Dimension, ...] = ()
    filters: Mapping[Dimension, str] = field(default_factory=dict)
    since_ms: int = 0
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class UsageSum:
    """What some requests add up to. A call is a request for which at least one upstream call was started.

    Attributes:
        calls: failed ones included.
        failures: calls that ended in an error, or whose client left.
        cached_answers: requests that were given an answer of before; they are no calls.
        unknown_cost_calls: calls whose cost was unknown when they ended.
        latency_us: the calls' latencies added up, in microseconds.
        input_tokens: prompt tokens of all upstream calls, cached ones included.
        output_tokens: generated tokens, reasoning included.
        cached_input_tokens: the part of the prompt tokens that providers had kept.
        cache_write_tokens: the part of them that providers were to keep.
        reasoning_tokens: the part of the generated ones spent on reasoning.
        cost_nusd: known costs, corrected ones as corrected, in nano-dollars.
        estimated_nusd: the part of it that is estimated.
        possibly_billed_nusd: what providers may bill beside it.
    """

    calls: int = 0
    failures: int = 0
    cached_answers: int = 0
    unknown_cost_calls: int = 0
    latency_us: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nusd: int = 0
    estimated_nusd: int = 0
    possibly_billed_nusd: int = 0

    @property
    def successes(self) -> int:
        """Calls that ended well."""
        return self.calls - self.failures

    @property
    def avg_latency_ms(self) -> float | None:
        """The mean latency in milliseconds, or `None` without calls."""
        return self.latency_us / self.calls / 1_000 if self.calls else None

    @property
    def tokens_per_usd(self) -> int | None:
        """Tokens for a dollar, or `None` where nothing was paid."""
        tokens = self.input_tokens + self.output_tokens
        return tokens * NUSD_PER_USD // self.cost_nusd if self.cost_nusd > 0 else None

    @property
    def nusd_per_success(self) -> int | None:
        """What a call that ended well has cost, those that failed paid for with it; `None` when there was none."""
        return self.cost_nusd // self.successes if self.successes else None

    @property
    def estimated_share(self) -> float | None:
        """The part of the cost that is estimated, 0 to 1, or `None` where nothing was paid."""
        return self.estimated_nusd / self.cost_nusd if self.cost_nusd > 0 else None


SORTS = (*(each.name for each in fields(UsageSum)), "successes", "avg_latency_ms")
"""By what groups can be put in order; the largest come first."""


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """One group's sum; `names` has one name per dimension asked for, in that order."""

    names: tuple[str, ...]
    sum: UsageSum


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The groups, dearest first, and the sum over all of them; a request with several tags is in several groups."""

    groups: tuple[UsageGroup, ...]
    total: UsageSum


@dataclass(frozen=True, slots=True)
class UsageSeries:
    """Sums by window of time.

    Attributes:
        starts_ms: when each window begins.
        totals: the sum of each.
        lines: for each of the dearest names, its sum in each window.
        other: what the names that are not among `lines` add up to in each; `None` by tags, which a request has several
            of, and where nothing is grouped.
    """

    starts_ms: tuple[int, ...]
    totals: tuple[UsageSum, ...]
    lines: Mapping[str, tuple[UsageSum, ...]]
    other: tuple[UsageSum, ...] | None
