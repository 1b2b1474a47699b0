"""What a call consumed, in tokens; an unknown count is `None` at the place that holds the `Usage`, never 0."""

import re
from collections.abc import Callable, Mapping

import msgspec

MOST_TOKENS = 100_000_000
"""A reported count above this is absurd and not believed."""

_USAGE_OBJECT = re.compile(rb'"(?:usage|usageMetadata)"[ \t\r\n]*:[ \t\r\n]*\{')


class FurtherCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What few calls have and what may have a price of its own; a count that nobody reports is 0.

    Attributes:
        cache_write_1h_tokens: the part of `cache_write_tokens` that the provider keeps for an hour.
        audio_input_tokens: the part of `input_tokens` that was sound.
        audio_output_tokens: the part of `output_tokens` that was sound.
        image_input_tokens: the part of `input_tokens` that was images.
        image_output_tokens: the part of `output_tokens` that was images.
        searches: what is billed by the search: a reranking's search units, searches of a provider's own tools.
        images: what is billed by the image.
    """

    cache_write_1h_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    image_input_tokens: int = 0
    image_output_tokens: int = 0
    searches: int = 0
    images: int = 0


class Usage(msgspec.Struct, frozen=True):
    """Token counts of one attempt as the provider reported them, or as estimated.

    Attributes:
        input_tokens: all prompt tokens, cached ones included.
        output_tokens: all generated tokens, reasoning included.
        cached_input_tokens: the part of `input_tokens` served from the provider's prompt cache.
        reasoning_tokens: the part of `output_tokens` spent on reasoning.
        cache_write_tokens: the part of `input_tokens` that was written into the provider's prompt cache.
        further: what else there was, or `None` when there was nothing else.
    """

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0
    further: FurtherCounts | None = None


def read_count(value: object) -> int | None:
    """A reported count of tokens, or `None` when it is missing or cannot be true (negative, fractional, huge)."""
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def read_part(holder: object, name: str) -> int:
    """A count within an object of details; 0 when nobody reports it, or it cannot be true."""
    return (read_count(holder.get(name)) or 0) if type(holder) is dict else 0


def gather_further(counts: Mapping[str, int]) -> FurtherCounts | None:
    """Counts by their names in `FurtherCounts`, or `None` where all are 0, as nearly always."""
    return msgspec.convert(counts, FurtherCounts) if any(counts.values()) else None


def add_usage(one: Usage, other: Usage) -> Usage:
    """What two attempts consumed together."""
    return _combine(one, other, int.__add__)


def raise_usage(one: Usage, other: Usage) -> Usage:
    """The larger count of two reports, field by field."""
    return _combine(one, other, max)


def write_further(usage: Usage | None) -> str | None:
    """The further counts as text for a store, such as `{"searches":2}`; `None` where there are none."""
    return None if usage is None or usage.further is None else msgspec.json.encode(usage.further).decode()


def restore_further(text: str | None) -> FurtherCounts | None:
    """The counts that `write_further` wrote."""
    return None if text is None else msgspec.json.decode(text, type=FurtherCounts)


def reports_usage(body: bytes) -> bool:
    """Whether an answer holds a usage object at all: one that none was read from was not believed (F47)."""
    return _USAGE_OBJECT.search(body) is not None


class UsageTally:
    """What one streamed answer reports of its usage, report by report.

    A later report takes the place of an earlier one, because providers count up; two that contradict each other are not
    added up: the larger count of each kind stands, so that nothing is understated.

    Attributes:
        usage: what stands now, or `None`.
        has_conflict: whether two reports contradicted each other (F45).
        is_rejected: whether a report could not be true (F47).
    """

    __slots__ = ("_last", "has_conflict", "is_rejected", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.has_conflict = False
        self.is_rejected = False
        self._last: Usage | None = None

    def take(self, reported: Usage | None, raw: object = None) -> Usage | None:
        """Take a report; answer what stands now.

        Args:
            reported: as it was read, or `None` where it was missing or could not be believed.
            raw: the object that it was read from: one that says something, and nothing was read from it, is rejected.
        """
        if reported is None:
            self.is_rejected = self.is_rejected or bool(raw)
            return self.usage
        last, self._last = self._last, reported
        if last is None or last == reported:
            self.usage = reported
            return reported
        self.usage = raise_usage(last, reported)
        if self.usage != reported:
            self.has_conflict = True
        return self.usage


_FURTHER_COUNTS = FurtherCounts.__struct_fields__
_NOTHING_FURTHER = FurtherCounts()


def _combine(one: Usage, other: Usage, combine: Callable[[int, int], int]) -> Usage:
    further = None
    if one.further is not None or other.further is not None:
        left, right = one.further or _NOTHING_FURTHER, other.further or _NOTHING_FURTHER
        further = FurtherCounts(*[combine(getattr(left, name), getattr(right, name)) for name in _FURTHER_COUNTS])
    return Usage(
        combine(one.input_tokens, other.input_tokens),
        combine(one.output_tokens, other.output_tokens),
        combine(one.cached_input_tokens, other.cached_input_tokens),
        combine(one.reasoning_tokens, other.reasoning_tokens),
        combine(one.cache_write_tokens, other.cache_write_tokens),
        further,
    )
