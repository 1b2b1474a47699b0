"""The `usage` object of the Responses format, both ways; what is missing or absurd stays unknown."""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.usage import Usage, read_count


def read_usage(reported: object) -> Usage | None:
    """The counts of one usage object, or `None` when it is missing or cannot be true (negative, fractional, huge)."""
    if type(reported) is not dict:
        return None
    input_tokens = read_count(reported.get("input_tokens"))
    output_tokens = read_count(reported.get("output_tokens", 0))
    if input_tokens is None or output_tokens is None:
        return None
    details = reported.get("input_tokens_details")
    return Usage(
        input_tokens,
        output_tokens,
        min(_detail(details, "cached_tokens"), input_tokens),
        min(_detail(reported.get("output_tokens_details"), "reasoning_tokens"), output_tokens),
        min(_detail(details, "cache_write_tokens"), input_tokens),
    )


def write_usage(usage: Usage | None) -> JsonObject | None:
    """The usage object of an answer."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }


def _detail(details: object, name: str) -> int:
    return (read_count(details.get(name)) or 0) if type(details) is dict else 0
