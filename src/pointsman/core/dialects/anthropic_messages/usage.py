"""Reads and writes Anthropic's `usage`, whose `input_tokens` leave out what the cache had or took; the hub's do not."""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.usage import MOST_TOKENS, FurtherCounts, Usage, gather_further, read_count, read_part

_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")


class UsageCounter:
    """The counts of one answer so far; those that a later report leaves out stay as they were."""

    __slots__ = ("_counts", "_kept_longer", "_reasoning", "_searches")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._reasoning = 0
        self._kept_longer = 0
        self._searches = 0

    def take(self, reported: object) -> Usage | None:
        """Take one usage object; the counts now, or `None` while nobody has said enough or what was said cannot be."""
        if type(reported) is not dict:
            return None
        for name in _COUNTS:
            value = reported.get(name)
            if value is not None:
                count = read_count(value)
                if count is None:
                    return None
                self._counts[name] = count
        details = reported.get("output_tokens_details")
        if type(details) is dict:
            self._reasoning = read_part(details, "thinking_tokens")
        self._kept_longer = max(
            self._kept_longer, read_part(reported.get("cache_creation"), "ephemeral_1h_input_tokens")
        )
        self._searches = max(self._searches, read_part(reported.get("server_tool_use"), "web_search_requests"))
        return self._sum_up()

    def _sum_up(self) -> Usage | None:
        counts = self._counts
        if "input_tokens" not in counts:
            return None
        cached = counts.get("cache_read_input_tokens", 0)
        written = counts.get("cache_creation_input_tokens", 0)
        output = counts.get("output_tokens", 0)
        input_tokens = counts["input_tokens"] + cached + written
        if input_tokens > MOST_TOKENS:
            return None
        return Usage(
            input_tokens,
            output,
            cached_input_tokens=cached,
            reasoning_tokens=min(self._reasoning, output),
            cache_write_tokens=written,
            further=self._gather_further(written) if self._kept_longer or self._searches else None,
        )

    def _gather_further(self, written: int) -> FurtherCounts | None:
        counts = {"cache_write_1h_tokens": min(self._kept_longer, written), "searches": self._searches}
        return gather_further(counts)


def read_usage(reported: object) -> Usage | None:
    """The counts of one whole usage object, or `None` when it is missing or cannot be true."""
    return UsageCounter().take(reported)


def write_usage(usage: Usage | None) -> JsonObject:
    """The counts as Anthropic tells them; the format has no way to leave them out, so what is unknown is 0."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    cached, written = usage.cached_input_tokens, usage.cache_write_tokens
    reported: JsonObject = {
        "input_tokens": max(usage.input_tokens - cached - written, 0),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": usage.output_tokens,
    }
    if usage.reasoning_tokens:
        reported["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return reported


def write_stream_usage(usage: Usage | None) -> JsonObject:
    """The same for a stream, with what else was counted; in a whole answer that is among what is put back."""
    reported = write_usage(usage)
    if usage is None or usage.further is None:
        return reported
    kept_longer, searches = usage.further.cache_write_1h_tokens, usage.further.searches
    if kept_longer:
        sooner = usage.cache_write_tokens - kept_longer
        reported["cache_creation"] = {
            "ephemeral_5m_input_tokens": max(sooner, 0),
            "ephemeral_1h_input_tokens": kept_longer,
        }
    if searches:
        reported["server_tool_use"] = {"web_search_requests": searches, "web_fetch_requests": 0}
    return reported
