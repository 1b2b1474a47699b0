"""OpenAI chat answer -> hub, whole."""

from collections.abc import Iterator

import msgspec

from pointsman.core.chat.answer import AnswerPart, ChatAnswer, Choice
from pointsman.core.chat.conversation import JsonObject, Media, Native, Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.data_urls import split_data_url
from pointsman.core.dialects.moments import read_moment
from pointsman.core.dialects.openai_chat.errors import fail_with, is_failed
from pointsman.core.dialects.openai_chat.finish_reasons import read_finish
from pointsman.core.dialects.openai_chat.logprobs import read_logprobs
from pointsman.core.dialects.openai_chat.reasoning import NAME, read_call_signature, read_detail
from pointsman.core.dialects.openai_chat.usage import read_usage
from pointsman.core.dialects.openai_chat.wire import Call, ContentPart, Said, WireChoice, convert_answer

_READ_ELSEWHERE = frozenset({"id", "object", "created", "model", "choices", "usage", "service_tier", "error"})
_decode = msgspec.json.Decoder(dict[str, object]).decode
_encode = msgspec.json.Encoder().encode


def read_response(body: bytes) -> ChatAnswer:
    """Read the body of a plain answer with status 200.

    Raises:
        UpstreamFailure: when it is none, or an error that came with status 200.
    """
    try:
        document = _decode(body)
        answer = convert_answer(document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer has not OpenAI's form", sent=True) from None
    if answer.error is not None and not answer.choices:
        raise fail_with(answer.error)
    if answer.choices is None:
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer has status 200 and no choices", sent=True)
    extra = {name: value for name, value in document.items() if name not in _READ_ELSEWHERE}
    choices = [_read_choice(choice, place) for place, choice in enumerate(answer.choices)]
    return ChatAnswer(
        answer.id or "",
        answer.model or "",
        tuple(sorted(choices, key=lambda choice: choice.index)),
        read_usage(answer.usage),
        read_moment(answer.created),
        answer.service_tier or "",
        extra,
        NAME if extra else "",
    )


def read_content(content: str | list[ContentPart] | None) -> Iterator[Text | Refusal | Reasoning]:
    """What content says; nothing for an empty one."""
    if isinstance(content, str):
        if content:
            yield Text(content)
        return
    for part in content or ():
        if part.thinking:
            yield from (Reasoning(piece.text) for piece in read_content(part.thinking) if isinstance(piece, Text))
        if part.text:
            yield Text(part.text)
        if part.refusal:
            yield Refusal(part.refusal)


def read_thoughts(said: Said) -> list[Reasoning]:
    """What was thought; the details tell all that the plain texts beside them do, where they hold any text."""
    thoughts = [read_detail(detail) for detail in said.reasoning_details or ()]
    if not any(thought.text for thought in thoughts):
        plain = said.reasoning_content or (said.reasoning if type(said.reasoning) is str else "")
        if plain and len(thoughts) == 1 and not thoughts[0].is_hidden:
            only = thoughts[0]
            return [Reasoning(plain, only.signature, only.origin, id=only.id)]
        if plain:
            thoughts.insert(0, Reasoning(plain))
    return thoughts


def read_call(call: Call, made_up_id: str) -> ToolCall:
    """A whole call."""
    name = (call.function.name if call.function else None) or ""
    arguments = call.function.arguments if call.function else None
    signature, origin = read_call_signature(call.extra_content)
    return ToolCall(call.id or made_up_id, name, write_arguments(arguments) or "{}", signature, origin)


def write_arguments(arguments: str | JsonObject | None) -> str:
    """Arguments as the text that the hub has."""
    if type(arguments) is dict:
        return _encode(arguments).decode()
    return arguments if type(arguments) is str else ""


def read_image(url: str) -> Media:
    """An image of an answer."""
    parts = split_data_url(url)
    return Media("image", parts[0], parts[1]) if parts else Media("image", url=url)


def _read_choice(choice: WireChoice, place: int) -> Choice:
    if is_failed(choice.error, choice.finish_reason):
        raise fail_with(choice.error)
    index = place if choice.index is None else choice.index
    parts = tuple(_read_message(choice.message, index)) if choice.message else ()
    finish = None
    if choice.finish_reason:
        has_calls = any(isinstance(part, ToolCall) for part in parts)
        has_refusal = any(isinstance(part, Refusal) for part in parts)
        finish = read_finish(choice.finish_reason, has_calls=has_calls, has_refusal=has_refusal)
    stopped = choice.stop_reason if type(choice.stop_reason) is str else ""
    return Choice(parts, finish, stopped, read_logprobs(choice.logprobs), index)


def _read_message(said: Said, index: int) -> Iterator[AnswerPart]:
    yield from read_thoughts(said)
    yield from read_content(said.content)
    if said.refusal:
        yield Refusal(said.refusal)
    for image in said.images or ():
        yield read_image(image.image_url.url)
    for place, call in enumerate(said.tool_calls or ()):
        if call.custom is not None:
            yield Native(NAME, "custom_tool_call", {"id": call.id, "type": "custom", "custom": call.custom})
        else:
            yield read_call(call, f"call_{index}_{place}")
    if said.function_call is not None:
        yield read_call(Call(function=said.function_call), f"call_{index}_0")
    for name, value in (("audio", said.audio), ("annotations", said.annotations)):
        if value:
            yield Native(NAME, name, value)
