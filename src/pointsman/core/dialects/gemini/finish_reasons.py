"""Why an answer of Gemini's ended, both ways; a reason that nobody knows yet is an ordinary end."""

from pointsman.core.chat.answer import FinishReason

_READ: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "OTHER": "stop",
    "MALFORMED_FUNCTION_CALL": "stop",
    "UNEXPECTED_TOOL_CALL": "stop",
    "TOO_MANY_TOOL_CALLS": "stop",
    "NO_IMAGE": "stop",
    "IMAGE_OTHER": "stop",
}
_FAILED_CALLS = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"})
_WRITTEN: dict[FinishReason, str] = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "content_filter": "SAFETY",
    "refusal": "SAFETY",
    "pause": "OTHER",
}


def read_finish(reason: object, has_calls: bool) -> FinishReason | None:
    """What a candidate's `finishReason` means; `None` while it has not ended."""
    if type(reason) is not str or reason in ("", "FINISH_REASON_UNSPECIFIED"):
        return None
    finish = _READ.get(reason, "stop")
    return "tool_calls" if has_calls and finish == "stop" else finish


def is_failed_call(reason: object) -> bool:
    """Whether an answer ended with a call that the provider could not read; where nothing else came, nothing did."""
    return type(reason) is str and reason in _FAILED_CALLS


def write_finish(finish: FinishReason) -> str:
    """The reason that Gemini would give."""
    return _WRITTEN[finish]
