"""Reads and writes Cohere's `usage` object; what is missing or absurd is not believed and stays unknown."""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.usage import Usage, read_count


def read_usage(reported: object) -> Usage | None:
    """The counts of one usage object; `tokens` are all of them, `billed_units` stand in where they are missing."""
    if type(reported) is not dict:
        return None
    for name in ("tokens", "billed_units"):
        counts = reported.get(name)
        if type(counts) is not dict:
            continue
        input_tokens = _read(counts.get("input_tokens"))
        output_tokens = _read(counts.get("output_tokens", 0))
        if input_tokens is not None and output_tokens is not None:
            cached = min(_read(reported.get("cached_tokens")) or 0, input_tokens)
            return Usage(input_tokens, output_tokens, cached)
    return None


def write_usage(usage: Usage) -> JsonObject:
    """The counts as Cohere's clients read them: some read `billed_units` and cannot do without."""
    counts = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    return {"billed_units": counts, "tokens": counts, "cached_tokens": usage.cached_input_tokens}


def _read(value: object) -> int | None:
    """Cohere's counts are numbers that may be written `12.0`."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return read_count(value)
