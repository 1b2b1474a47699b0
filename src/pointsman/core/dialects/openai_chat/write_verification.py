"""Asks, in OpenAI's chat format, for a short verdict on an answer; images and sounds are named and not sent along."""

import msgspec

from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.verification import MOST_VERDICT_TOKENS, VERDICT_SCHEMA, write_instructions, write_material

_FORMAT: dict[str, object] = {
    "type": "json_schema",
    "json_schema": {"name": "verdict", "strict": True, "schema": VERDICT_SCHEMA},
}
_VERIFIER = "verifier"
"""Stands where the provider's id of the model goes."""

_encode = msgspec.json.Encoder().encode


def write_verification(messages: object, answer: str, mark: str, has_schemas: bool) -> ChatRequest | None:
    """The request for a verdict, or `None` when there is too much to be shown.

    Args:
        messages: what was asked, as OpenAI's chat format has it.
        answer: what was answered.
        mark: hard to guess; stands around what is shown.
        has_schemas: whether the checking model can be held to a schema.
    """
    material = write_material(_show_messages(messages), answer, mark)
    if material is None:
        return None
    fields: dict[str, object] = {
        "model": _VERIFIER,
        "messages": [
            {"role": "system", "content": write_instructions(mark)},
            {"role": "user", "content": material},
        ],
        "temperature": 0,
        "max_tokens": MOST_VERDICT_TOKENS,
    }
    if has_schemas:
        fields["response_format"] = _FORMAT
    body = _encode(fields)
    return ChatRequest(_VERIFIER, False, False, body, fields, output_limit=MOST_VERDICT_TOKENS)


def _show_messages(messages: object) -> list[object]:
    return [_show_message(message) for message in messages] if type(messages) is list else []


def _show_message(message: object) -> object:
    if type(message) is not dict or type(message.get("content")) is not list:
        return message
    return {**message, "content": [_show_part(part) for part in message["content"]]}


def _show_part(part: object) -> object:
    if type(part) is not dict or part.get("type") in ("text", "refusal"):
        return part
    return {"type": part.get("type"), "left_out": True}
