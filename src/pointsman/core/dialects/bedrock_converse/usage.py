"""Reads Bedrock's usage, which counts what was read from and written to the cache beside `inputTokens`, not within."""

from pointsman.core.chat.usage import MOST_TOKENS, FurtherCounts, Usage, read_count, read_part

_MOST_DETAILS = 16


def read_usage(reported: object) -> Usage | None:
    """The counts of one usage object, or `None` when it is missing or cannot be true."""
    if type(reported) is not dict:
        return None
    fresh, output_tokens = read_count(reported.get("inputTokens")), read_count(reported.get("outputTokens", 0))
    if fresh is None or output_tokens is None:
        return None
    cached = read_count(reported.get("cacheReadInputTokens")) or 0
    written = read_count(reported.get("cacheWriteInputTokens")) or 0
    input_tokens = fresh + cached + written
    if input_tokens > MOST_TOKENS:
        return None
    kept_longer = min(_count_kept_longer(reported.get("cacheDetails")), written)
    further = FurtherCounts(cache_write_1h_tokens=kept_longer) if kept_longer else None
    return Usage(input_tokens, output_tokens, cached, cache_write_tokens=written, further=further)


def _count_kept_longer(details: object) -> int:
    """What was written to be kept for an hour: the details say of each time how much that was."""
    listed = details[:_MOST_DETAILS] if type(details) is list else ()
    return sum(read_part(each, "inputTokens") for each in listed if type(each) is dict and each.get("ttl") == "1h")
