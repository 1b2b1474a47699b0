"""Reads Bedrock's usage, which counts what was read from and written to the cache beside `inputTokens`, not within."""

from pointsman.core.chat.usage import MOST_TOKENS, Usage, read_count


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
    return Usage(input_tokens, output_tokens, cached, cache_write_tokens=written)
