"""Reads OpenAI's `usage` object; what is missing or absurd is not believed and stays unknown."""

from pointsman.core.chat.usage import MOST_TOKENS, Usage


def read_usage(reported: object) -> Usage | None:
    """The counts of one usage object, or `None` when it is missing or cannot be true (negative, fractional, huge)."""
    if type(reported) is not dict:
        return None
    input_tokens = _count(reported.get("prompt_tokens"))
    output_tokens = _count(reported.get("completion_tokens", 0))
    if input_tokens is None or output_tokens is None:
        return None
    return Usage(
        input_tokens,
        output_tokens,
        min(_detail(reported.get("prompt_tokens_details"), "cached_tokens"), input_tokens),
        min(_detail(reported.get("completion_tokens_details"), "reasoning_tokens"), output_tokens),
    )


def _detail(details: object, name: str) -> int:
    return (_count(details.get(name)) or 0) if type(details) is dict else 0


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None
