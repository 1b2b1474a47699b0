"""How many tokens share an event of a stream."""

from collections.abc import Iterator, Sequence

SMOOTH_CHUNKS_PER_S = 200
"""Above this rate several tokens share a chunk, as they do at real providers."""


def chunk_size(tokens_per_second: float) -> int:
    """How many tokens share a chunk at this rate; 0 is as fast as possible, and one token a chunk."""
    return max(1, round(tokens_per_second / SMOOTH_CHUNKS_PER_S))


def group_tokens(tokens: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The tokens in groups of `size`; the last may be smaller."""
    return (tokens[start : start + size] for start in range(0, len(tokens), size))
