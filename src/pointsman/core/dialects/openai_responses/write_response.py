"""Hub -> OpenAI Responses answer, which says again what was asked for."""

import msgspec

from pointsman.core.chat.answer import ChatAnswer, Choice, FinishReason
from pointsman.core.chat.conversation import JsonObject, Refusal
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.openai_responses.usage import write_usage
from pointsman.core.dialects.openai_responses.write_output import write_output

_REASONS: dict[FinishReason | None, str] = {
    "length": "max_output_tokens",
    "pause": "max_output_tokens",
    "content_filter": "content_filter",
}
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})
_ECHOED: dict[str, object] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": None,
    "top_p": None,
    "truncation": "disabled",
    "user": None,
}
"""What an answer says again of the request, with what holds where the request says nothing."""

_encode = msgspec.json.Encoder().encode


def write_response(answer: ChatAnswer, asking: Asking) -> bytes:
    """The body of a plain answer; the format has one choice."""
    response = open_response(asking, answer.id, answer.model, answer.created_s, answer.service_tier)
    choice = answer.choices[0] if answer.choices else Choice((), None)
    close_response(response, choice.finish, has_refusal=has_refusal(choice))
    response["output"] = write_output(choice, asking.request_id)
    response["usage"] = write_usage(answer.usage)
    return _encode(response)


def open_response(asking: Asking, answer_id: str, model: str, created_s: int, service_tier: str) -> JsonObject:
    """An answer that has just begun."""
    fields = asking.request.fields
    response: JsonObject = {
        "id": answer_id if answer_id.startswith("resp_") else f"resp_{asking.request_id}",
        "object": "response",
        "created_at": created_s or asking.at_s,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "previous_response_id": None,
        "service_tier": (service_tier if service_tier in _TIERS else "default") if service_tier else None,
        "store": False,
        "usage": None,
    }
    for name, default in _ECHOED.items():
        value = fields.get(name)
        response[name] = default if value is None else value
    return response


def close_response(response: JsonObject, finish: FinishReason | None, *, has_refusal: bool) -> None:
    """Say of an answer how it ended; where a refusal has no words, only a filter can be named."""
    reason = _REASONS.get(finish)
    if finish == "refusal" and not has_refusal:
        reason = "content_filter"
    response["status"] = "incomplete" if reason else "completed"
    response["incomplete_details"] = {"reason": reason} if reason else None


def has_refusal(choice: Choice) -> bool:
    """Whether the model said that it declines."""
    return any(isinstance(part, Refusal) for part in choice.parts)
