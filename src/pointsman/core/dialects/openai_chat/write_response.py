"""Hub -> OpenAI chat answer, whole."""

import msgspec

from pointsman.core.chat.answer import ChatAnswer, Choice
from pointsman.core.chat.conversation import JsonObject, Media, Native, Reasoning, Refusal, Text, ToolCall
from pointsman.core.dialects.data_urls import write_data_url
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.openai_chat.finish_reasons import write_finish
from pointsman.core.dialects.openai_chat.logprobs import write_logprobs
from pointsman.core.dialects.openai_chat.reasoning import NAME, write_call_signature, write_details
from pointsman.core.dialects.openai_chat.usage import write_usage

_encode = msgspec.json.Encoder().encode


def write_response(answer: ChatAnswer, asking: Asking) -> bytes:
    """Write the body of a plain answer, as the official SDK reads it."""
    is_legacy = asks_for_function_call(asking)
    fields: JsonObject = {
        "id": answer.id or asking.request_id,
        "object": "chat.completion",
        "created": answer.created_s or asking.at_s,
        "model": answer.model or asking.request.model,
        "choices": [_write_choice(choice, asking, is_legacy) for choice in answer.choices],
    }
    if answer.usage is not None:
        fields["usage"] = write_usage(answer.usage)
    if answer.service_tier:
        fields["service_tier"] = answer.service_tier
    if answer.extra_dialect == NAME:
        fields |= answer.extra
    return _encode(fields)


def asks_for_function_call(asking: Asking) -> bool:
    """Whether the client speaks the older way, with `functions`, in which an answer holds one call at most."""
    fields = asking.request.fields
    return "functions" in fields and "tools" not in fields


def write_call(call: ToolCall) -> JsonObject:
    """A whole call of a tool."""
    function = {"name": call.name, "arguments": call.arguments}
    written: JsonObject = {"id": call.id, "type": "function", "function": function}
    return written | write_call_signature(call.signature, call.origin) if call.signature else written


def write_media(media: Media, asking: Asking) -> JsonObject:
    """The member of a message that holds an image, as OpenRouter has it, or a sound; empty for anything else."""
    if media.kind == "image":
        url = media.url or write_data_url(media.media_type, media.data)
        return {"images": [{"type": "image_url", "image_url": {"url": url}}]}
    if media.kind == "audio":
        audio = {"id": asking.request_id, "data": media.data, "expires_at": asking.at_s, "transcript": ""}
        return {"audio": audio}
    return {}


def _write_choice(choice: Choice, asking: Asking, is_legacy: bool) -> JsonObject:
    message = _write_message(choice, asking, is_legacy)
    finish = None
    if choice.finish is not None:
        has_refusal = message["refusal"] is not None
        finish = write_finish(choice.finish, has_refusal=has_refusal, is_legacy=is_legacy)
    written: JsonObject = {
        "index": choice.index,
        "message": message,
        "logprobs": write_logprobs(choice.logprobs),
        "finish_reason": finish,
    }
    if choice.stop_sequence:
        written["stop_reason"] = choice.stop_sequence
    return written


def _write_message(choice: Choice, asking: Asking, is_legacy: bool) -> JsonObject:
    texts = [part.text for part in choice.parts if isinstance(part, Text)]
    refusals = [part.text for part in choice.parts if isinstance(part, Refusal)]
    calls: list[JsonObject] = [write_call(part) for part in choice.parts if isinstance(part, ToolCall)]
    message: JsonObject = {"role": "assistant", "content": "".join(texts), "refusal": "".join(refusals) or None}
    thoughts = [part for part in choice.parts if isinstance(part, Reasoning)]
    if thoughts:
        message |= _write_thoughts(thoughts)
    for part in choice.parts:
        if isinstance(part, Media):
            _add_media(message, write_media(part, asking))
        elif isinstance(part, Native) and part.dialect == NAME:
            if part.kind == "custom_tool_call":
                calls.append(part.value)  # type: ignore[arg-type]
            else:
                message[part.kind] = part.value
    if calls and is_legacy:
        message["function_call"] = calls[0]["function"]
    elif calls:
        message["tool_calls"] = calls
    if not texts and (calls or refusals):
        message["content"] = None
    return message


def _write_thoughts(thoughts: list[Reasoning]) -> JsonObject:
    members: JsonObject = {}
    text = "\n\n".join([thought.text for thought in thoughts if thought.text])
    if text:
        members["reasoning_content"] = text
    if len(thoughts) > 1 or thoughts[0].signature:
        members["reasoning_details"] = write_details(thoughts)
    return members


def _add_media(message: JsonObject, members: JsonObject) -> None:
    for name, value in members.items():
        known = message.get(name)
        message[name] = [*known, *value] if type(known) is list and type(value) is list else value
