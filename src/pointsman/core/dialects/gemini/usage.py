"""Gemini's `usageMetadata`, both ways: thoughts count beside the answer, results of its tools beside the prompt."""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.usage import MOST_TOKENS, FurtherCounts, Usage, gather_further, read_count, read_part

_PROMPT_DETAILS = ("promptTokensDetails", "toolUsePromptTokensDetails")
_ANSWER_DETAILS = ("candidatesTokensDetails",)
_MOST_DETAILS = 16


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
    further = _read_media(reported)
    return Usage(prompt + tool_use, answer + thoughts, min(cached, prompt), thoughts, further=further)


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
    if usage.further is not None:
        prompt = _list_media(usage.further.audio_input_tokens, usage.further.image_input_tokens)
        answer = _list_media(usage.further.audio_output_tokens, usage.further.image_output_tokens)
        for name, details in (("promptTokensDetails", prompt), ("candidatesTokensDetails", answer)):
            if details:
                written[name] = details
    return written


def _list_media(audio: int, image: int) -> list[JsonObject]:
    return [{"modality": name, "tokenCount": count} for name, count in (("AUDIO", audio), ("IMAGE", image)) if count]


def _read_media(reported: JsonObject) -> FurtherCounts | None:
    """Sound and images, of which each list of details has a count; what is video counts as any prompt."""
    counts = {
        "audio_input_tokens": _count_modality(reported, _PROMPT_DETAILS, "AUDIO"),
        "image_input_tokens": _count_modality(reported, _PROMPT_DETAILS, "IMAGE"),
        "audio_output_tokens": _count_modality(reported, _ANSWER_DETAILS, "AUDIO"),
        "image_output_tokens": _count_modality(reported, _ANSWER_DETAILS, "IMAGE"),
    }
    return gather_further(counts)


def _count_modality(reported: JsonObject, names: tuple[str, ...], modality: str) -> int:
    total = 0
    for name in names:
        details = reported.get(name)
        for detail in details[:_MOST_DETAILS] if type(details) is list else ():
            if type(detail) is dict and detail.get("modality") == modality:
                total += read_part(detail, "tokenCount")
    return min(total, MOST_TOKENS)


def _count(reported: JsonObject, name: str) -> int | None:
    """A count that is left out where it is nothing."""
    value = reported.get(name)
    return 0 if value is None else read_count(value)
