"""Why an answer ended, in OpenAI's words and in the hub's."""

from pointsman.core.chat.answer import FinishReason

_READ: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "max_tokens": "length",
    "model_length": "length",
    "insufficient_system_resource": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "safety": "content_filter",
    "SAFETY": "content_filter",
    "MAX_TOKENS": "length",
}
"""With words of imitators; any other means `stop`."""
_WRITTEN: dict[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    # The answer is not complete, and this is the one word of the format that says so.
    "pause": "length",
}


def read_finish(reason: str, *, has_calls: bool, has_refusal: bool) -> FinishReason:
    """Why a choice ended; a plain `stop` after a call or a refusal means these, for other formats say so."""
    finish = _READ.get(reason, "stop")
    if finish == "stop" and has_calls:
        return "tool_calls"
    return "refusal" if finish == "stop" and has_refusal else finish


def write_finish(finish: FinishReason, *, has_refusal: bool, is_legacy: bool) -> str:
    """The same in OpenAI's words; a refusal that was spelt out ends with a plain `stop` there."""
    if finish == "refusal" and has_refusal:
        return "stop"
    return "function_call" if is_legacy and finish == "tool_calls" else _WRITTEN[finish]
