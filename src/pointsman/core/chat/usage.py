"""What a call consumed, in tokens; an unknown count is `None` at the place that holds the `Usage`, never 0."""

import msgspec

MOST_TOKENS = 100_000_000
"""A reported count above this is absurd and not believed."""


class Usage(msgspec.Struct, frozen=True):
    """Token counts of one attempt as the provider reported them, or as estimated.

    Attributes:
        input_tokens: all prompt tokens, cached ones included.
        output_tokens: all generated tokens, reasoning included.
        cached_input_tokens: the part of `input_tokens` served from the provider's prompt cache.
        reasoning_tokens: the part of `output_tokens` spent on reasoning.
        cache_write_tokens: the part of `input_tokens` that was written into the provider's prompt cache.
    """

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0


def read_count(value: object) -> int | None:
    """A reported count of tokens, or `None` when it is missing or cannot be true (negative, fractional, huge)."""
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None
