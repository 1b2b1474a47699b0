"""Hub answer -> Gemini's, whole."""

from datetime import UTC, datetime

import msgspec

from pointsman.core.chat.answer import ChatAnswer, Choice
from pointsman.core.chat.conversation import JsonObject, Reasoning
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.gemini.finish_reasons import write_finish
from pointsman.core.dialects.gemini.logprobs import write_logprobs
from pointsman.core.dialects.gemini.names import GEMINI
from pointsman.core.dialects.gemini.thought_signatures import pack_signature
from pointsman.core.dialects.gemini.usage import write_usage
from pointsman.core.dialects.gemini.write_parts import write_parts

_encode = msgspec.json.Encoder().encode


def write_response(answer: ChatAnswer, asking: Asking) -> bytes:
    """The body of a plain answer."""
    written: JsonObject = {}
    feedback = answer.extra.get("promptFeedback") if answer.extra_dialect == GEMINI else None
    if feedback is not None:
        written["promptFeedback"] = feedback
    else:
        written["candidates"] = [_write_choice(choice) for choice in answer.choices]
    if answer.usage is not None:
        written["usageMetadata"] = write_usage(answer.usage)
    written["modelVersion"] = answer.model or asking.request.model
    written["responseId"] = answer.id or asking.request_id
    if answer.created_s:
        written["createTime"] = write_time(answer.created_s)
    return _encode(written)


def sign_for_client(thought: Reasoning) -> str:
    """What a client gets as the signature of a thought, whoever it is of."""
    return pack_signature(thought.signature, thought.origin, thought.is_hidden, thought.id)


def write_time(created_s: int) -> str:
    """A time as Google writes it."""
    return datetime.fromtimestamp(created_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write_choice(choice: Choice) -> JsonObject:
    written: JsonObject = {"content": {"parts": write_parts(choice.parts, sign_for_client), "role": "model"}}
    if choice.finish is not None:
        written["finishReason"] = write_finish(choice.finish)
    written["index"] = choice.index
    if choice.logprobs is not None:
        written["logprobsResult"] = write_logprobs(choice.logprobs)
        if choice.logprobs:
            written["avgLogprobs"] = sum(token.logprob for token in choice.logprobs) / len(choice.logprobs)
    return written
