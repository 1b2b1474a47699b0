"""Anthropic's words and the hub's, side by side; whatever both directions need stands here once."""

from pointsman.core.chat.answer import FinishReason
from pointsman.core.chat.conversation import JsonObject

NAME = "anthropic_messages"

FINISHES: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "pause",
}
STOP_REASONS: dict[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
}
TIERS_ASKED = {"auto": "auto", "default": "standard_only"}
TIERS_READ = {"auto": "auto", "standard_only": "default"}
TIERS_SERVED = {"default": "standard", "priority": "priority", "batch": "batch"}
TIERS_REPORTED = {"standard": "default", "priority": "priority", "batch": "batch"}

_CACHE_MARKS: dict[str, JsonObject] = {"1h": {"type": "ephemeral", "ttl": "1h"}}


def read_finish(reason: object) -> FinishReason:
    """Why an answer ended; a reason that is not known yet counts as an ordinary end."""
    return FINISHES.get(reason, "stop") if type(reason) is str else "stop"


def write_stop_reason(finish: FinishReason | None, stop_sequence: str, *, is_refusal: bool) -> str | None:
    """The reason as Anthropic tells it; `is_refusal` where words by which the model declined were said."""
    if finish is None:
        return None
    if finish == "stop" and (is_refusal or stop_sequence):
        return "refusal" if is_refusal else "stop_sequence"
    return STOP_REASONS[finish]


def write_cache_mark(cache: str) -> JsonObject:
    """The mark for how long the prompt is remembered; five minutes go without saying."""
    return dict(_CACHE_MARKS.get(cache, {"type": "ephemeral"}))
