"""Cohere's own words where the hub has others."""

from pointsman.core.chat.answer import FinishReason

NAME = "cohere"

FINISH_REASONS: dict[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "ERROR_LIMIT": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}
"""Why an answer ended; what is not listed is taken for `stop`."""

FAILED_REASONS = frozenset({"ERROR", "TIMEOUT"})
"""Ends of an answer that is none."""

_WORDS_FOR: dict[FinishReason, str] = {
    "stop": "COMPLETE",
    "length": "MAX_TOKENS",
    "tool_calls": "TOOL_CALL",
    "content_filter": "ERROR_TOXIC",
    "refusal": "COMPLETE",
    "pause": "COMPLETE",
}


def write_finish(finish: FinishReason | None, stop_sequence: str) -> str:
    """Cohere's word for the end of an answer."""
    return "STOP_SEQUENCE" if stop_sequence else _WORDS_FOR[finish or "stop"]


def read_finish(reason: object) -> FinishReason:
    """The hub's word for the end of an answer."""
    return FINISH_REASONS.get(reason, "stop") if type(reason) is str else "stop"
