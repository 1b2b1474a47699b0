"""Gemini's `usageMetadata`, both ways: thoughts count beside the answer, results of its tools beside the prompt."""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.usage import MOST_TOKENS, Usage, read_count


def read_usage(reported: object) -> Usage | None:
    """The counts of one answer so far, or `None` when they are missing or cannot be true."""
    if type(reported) is not dict:
        return None
    prompt = read_count(reported.get("promptTokenCount"))
    tool_use = _count(reported, "toolUsePromptTokenCount")
    answer = _count(reported, "candidatesTokenCount")
    thoughts = _count(reported, "thoughtsTokenCount")
    if prompt is None or tool_use is None or answer is None or thoughts is None:
        return None
    if prompt + tool_use > MOST_TOKENS or answer + thoughts > MOST_TOKENS:
        return None
    cached = _count(reported, "cachedContentTokenCount") or 0
    return Usage(prompt + tool_use, answer + thoughts, min(cached, prompt), thoughts)


def write_usage(usage: Usage) -> JsonObject:
    """The same, as Gemini reports it."""
    written: JsonObject = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_input_tokens:
        written["cachedContentTokenCount"] = usage.cached_input_tokens
    if usage.reasoning_tokens:
        written["thoughtsTokenCount"] = usage.reasoning_tokens
    return written


def _count(reported: JsonObject, name: str) -> int | None:
    """A count that is left out where it is nothing."""
    value = reported.get(name)
    return 0 if value is None else read_count(value)
