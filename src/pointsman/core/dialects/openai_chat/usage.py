"""OpenAI's `usage` object, both ways; what is missing or absurd is not believed and stays unknown."""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.usage import FurtherCounts, Usage, gather_further, read_count, read_part

_CACHED = ("cached_tokens",)
_CACHE_WRITES = ("cache_write_tokens", "cache_creation_tokens")
_CACHED_BESIDE = ("prompt_cache_hit_tokens", "cached_tokens")
"""As DeepSeek and Moonshot have it, outside of `prompt_tokens_details`."""


def read_usage(reported: object) -> Usage | None:
    """The counts of one usage object, or `None` when it is missing or cannot be true (negative, fractional, huge)."""
    if type(reported) is not dict:
        return None
    input_tokens = read_count(reported.get("prompt_tokens"))
    output_tokens = read_count(reported.get("completion_tokens", 0))
    if input_tokens is None or output_tokens is None:
        return None
    details = reported.get("prompt_tokens_details")
    cached = _read_first(details, _CACHED) or _read_first(reported, _CACHED_BESIDE)
    written = _read_first(details, _CACHE_WRITES)
    answer_details = reported.get("completion_tokens_details")
    reasoning = read_part(answer_details, "reasoning_tokens")
    # xAI counts reasoning beside the completion; only its total tells.
    if reasoning and reported.get("total_tokens") == input_tokens + output_tokens + reasoning:
        output_tokens += reasoning
    cached = min(cached, input_tokens)
    return Usage(
        input_tokens,
        output_tokens,
        cached,
        min(reasoning, output_tokens),
        min(written, input_tokens - cached),
        _read_media(details, answer_details),
    )


def write_usage(usage: Usage) -> JsonObject:
    """The same for a client; OpenRouter's name for what was written into the cache."""
    prompt: JsonObject = {"cached_tokens": usage.cached_input_tokens}
    if usage.cache_write_tokens:
        prompt["cache_write_tokens"] = usage.cache_write_tokens
    answer: JsonObject = {"reasoning_tokens": usage.reasoning_tokens}
    if usage.further is not None:
        _write_media(prompt, usage.further.audio_input_tokens, usage.further.image_input_tokens)
        _write_media(answer, usage.further.audio_output_tokens, usage.further.image_output_tokens)
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": answer,
    }


def _write_media(details: JsonObject, audio: int, image: int) -> None:
    if audio:
        details["audio_tokens"] = audio
    if image:
        details["image_tokens"] = image


def _read_media(prompt: object, answer: object) -> FurtherCounts | None:
    """Sound and images; audio models tell the former, xAI and OpenRouter both."""
    if type(prompt) is not dict and type(answer) is not dict:
        return None
    return gather_further(
        {
            "audio_input_tokens": read_part(prompt, "audio_tokens"),
            "image_input_tokens": read_part(prompt, "image_tokens"),
            "audio_output_tokens": read_part(answer, "audio_tokens"),
            "image_output_tokens": read_part(answer, "image_tokens"),
        }
    )


def _read_first(holder: object, names: tuple[str, ...]) -> int:
    if type(holder) is not dict:
        return 0
    return next((count for name in names if (count := read_count(holder.get(name)))), 0)
