"""Bedrock Converse answer -> hub; it names neither itself nor its model."""

import msgspec

from pointsman.core.chat.answer import AnswerPart, ChatAnswer, Choice
from pointsman.core.chat.conversation import JsonObject, Media, Native, Reasoning, Text, ToolCall
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.bedrock_converse.usage import read_usage
from pointsman.core.dialects.bedrock_converse.words import NAME, read_finish

_decode = msgspec.json.Decoder(dict[str, object]).decode
_encode = msgspec.json.Encoder().encode


def read_response(body: bytes) -> ChatAnswer:
    """A plain answer's body in the hub.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer.
    """
    try:
        answer = _decode(body)
        blocks = answer["output"]["message"]["content"]  # type: ignore[index]
        parts = [part for block in blocks for part in _read_block(block)]
        tier = answer.get("serviceTier")
        choice = Choice(tuple(parts), read_finish(answer.get("stopReason")), read_stop_sequence(answer))
    except (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is none of Bedrock's", sent=True) from None
    service_tier = demand_text(tier["type"]) if type(tier) is dict and type(tier.get("type")) is str else ""
    return ChatAnswer("", "", (choice,), read_usage(answer.get("usage")), service_tier=service_tier)


def read_stop_sequence(ending: JsonObject) -> str:
    """The text that ended an answer, which Bedrock tells among the model's own fields where it was asked to."""
    fields = ending.get("additionalModelResponseFields")
    stop = fields.get("stop_sequence") if type(fields) is dict else None
    return stop if type(stop) is str else ""


def read_image(image: JsonObject) -> Media:
    """An image within an answer."""
    source = image["source"]
    if type(source) is not dict:
        raise TypeError("an image has no source")
    media_type = f"image/{demand_text(image['format'])}"
    if "bytes" in source:
        return Media("image", media_type, data=demand_text(source["bytes"]))
    return Media("image", media_type, url=demand_text(source["s3Location"]["uri"]))


def demand_text(value: object) -> str:
    """The value, if it is a text; a TypeError else."""
    if type(value) is not str:
        raise TypeError("a text is expected")
    return value


def _read_block(block: JsonObject) -> list[AnswerPart]:
    match block:
        case {"text": text}:
            return [Text(demand_text(text))] if text else []
        case {"toolUse": dict() as use}:
            id, name = demand_text(use["toolUseId"]), demand_text(use["name"])
            return [ToolCall(id or name, name, _encode(use.get("input", {})).decode())]
        case {"reasoningContent": dict() as reasoning}:
            return [_read_reasoning(reasoning)]
        case {"image": dict() as image}:
            return [read_image(image)]
        case {"citationsContent": dict() as cited}:
            said = cited.get("content")
            words = [demand_text(piece["text"]) for piece in (said if type(said) is list else ())]
            return [Text("".join(words)), Native(NAME, "citations", cited.get("citations"))]
        case dict():
            return [Native(NAME, next(iter(block), "block"), block)]
    raise TypeError("a block is no object")


def _read_reasoning(reasoning: JsonObject) -> Reasoning:
    if "redactedContent" in reasoning:
        return Reasoning("", demand_text(reasoning["redactedContent"]), NAME, is_hidden=True)
    thought = reasoning["reasoningText"]
    if type(thought) is not dict:
        raise TypeError("a thought has no text")
    signature = demand_text(thought.get("signature") or "")
    return Reasoning(demand_text(thought["text"]), signature, NAME if signature else "")
