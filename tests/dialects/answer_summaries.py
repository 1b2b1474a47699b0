"""What an answer says, in a form in which those of all formats can be compared, and what each format can say of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from dialects.things_said import mean_arguments
from pointsman.core.chat.answer import AnswerPart, ChatAnswer, Choice, FinishReason, TokenLogprob
from pointsman.core.chat.conversation import Media, Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.signatures import unwrap_signature
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.anthropic_messages.read_blocks import unpack_thought
from pointsman.core.dialects.gemini.thought_signatures import unpack_signature

Thought = tuple[str, str, str, bool]
"""Words, signature, whose that is, and whether it is hidden."""

Call = tuple[str, str, object, str, str]
"""Id, name, arguments, signature, and whose that is."""

OBJECT_FORMATS = ("anthropic_messages", "gemini")
"""Those whose calls have an object for arguments."""


@dataclass(frozen=True, slots=True)
class Said:
    """One choice.

    Attributes:
        text: all of it.
        refusal: likewise.
        thoughts: in order.
        calls: in order.
        media: type and data of each.
        finish: why it ended.
        stop: what ended it.
        logprobs: of its text.
    """

    text: str
    refusal: str
    thoughts: tuple[Thought, ...]
    calls: tuple[Call, ...]
    media: tuple[tuple[str, str], ...]
    finish: FinishReason | None
    stop: str
    logprobs: tuple[TokenLogprob, ...] | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole answer."""

    id: str
    model: str
    choices: tuple[Said, ...]
    usage: Usage | None
    created_s: int


def summarise(answer: ChatAnswer, client: str) -> Summary:
    """What an answer says; signatures that were packed for a client of a format are unpacked as that format does it."""
    choices = tuple([_summarise_choice(choice, client) for choice in answer.choices])
    return Summary(answer.id, answer.model, choices, answer.usage, answer.created_s)


def _summarise_choice(choice: Choice, client: str) -> Said:
    parts = join_signatures(choice.parts, client)
    thoughts = [part for part in parts if isinstance(part, Reasoning)]
    calls = [part for part in parts if isinstance(part, ToolCall)]
    return Said(
        "".join([part.text for part in parts if isinstance(part, Text)]),
        "".join([part.text for part in parts if isinstance(part, Refusal)]),
        tuple(join_thoughts(thoughts, client)),
        tuple([_summarise_call(call, client) for call in calls]),
        tuple([(part.media_type, part.data) for part in parts if isinstance(part, Media)]),
        choice.finish,
        choice.stop_sequence,
        (_sum_up(choice.logprobs) if client == "cohere" else choice.logprobs) or None,
    )


def _summarise_call(call: ToolCall, client: str) -> Call:
    """Formats with arguments as an object keep what they mean; all others the text to the letter."""
    signature, origin, _ = _unpack(call.signature, call.origin, False, client)
    arguments = mean_arguments(call.arguments) if client in OBJECT_FORMATS else call.arguments
    return call.id, call.name, arguments, signature, origin


def join_thoughts(thoughts: list[Reasoning], client: str) -> Iterator[Thought]:
    """All thoughts; Gemini's stream does not tell where one ends without a signature and another begins."""
    words = ""
    for place, thought in enumerate(thoughts):
        signed = _unpack(thought.signature, thought.origin, thought.is_hidden, client)
        if client == "gemini" and not signed[0] and place + 1 < len(thoughts):
            words += thought.text
        else:
            yield words + thought.text, *signed
            words = ""


def join_signatures(parts: tuple[AnswerPart, ...], client: str) -> list[AnswerPart]:
    """Calls with the signature that some formats have as a thought of its own right before the call."""
    joined: list[AnswerPart] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, ToolCall) and isinstance(last, Reasoning) and last.is_hidden:
            signature, origin = unwrap_signature(last.signature, last.origin)
            mark = "tool_use." if client == "anthropic_messages" else ""
            if (mark and signature.startswith(mark)) or last.id == f"rs_for_{part.id}":
                part = ToolCall(part.id, part.name, part.arguments, signature.removeprefix(mark), origin)
                joined.pop()
        joined.append(part)
    return joined


def _unpack(signature: str, origin: str, is_hidden: bool, client: str) -> tuple[str, str, bool]:
    """A signature with whose it is, freed of what a client's format packed around it."""
    if client == "gemini":
        signed = unpack_signature(signature)
        if signed.signature != signature:
            return signed.signature, signed.origin, signed.is_hidden
    elif signature.startswith("pointsman."):
        if client == "anthropic_messages":
            return (*unpack_thought(signature)[:2], is_hidden)
        return (*unwrap_signature(signature, origin), is_hidden)
    return signature, origin, is_hidden


def _sum_up(tokens: tuple[TokenLogprob, ...] | None) -> tuple[TokenLogprob, ...] | None:
    """Cohere tells several tokens as one."""
    if not tokens:
        return None
    text = "".join([token.token for token in tokens])
    return (TokenLogprob(text, sum([token.logprob for token in tokens])),)


def _one_choice(summary: Summary) -> Summary:
    return replace(summary, choices=summary.choices[:1])


def _say_refusals_as_text(said: Said) -> Said:
    return replace(said, text=said.text + said.refusal, refusal="")


def say(summary: Summary, dialect: str) -> Summary:
    """What a format can say of an answer: a pure function, format by format."""
    return SHAPES[dialect](summary)


def fill_in(answer: ChatAnswer, client: str, told: Summary) -> Summary:
    """What the format says of an answer; ids, names and times that nobody told are the request's."""
    meant = say(summarise(answer, client), client)
    known = {name: getattr(meant, name) or getattr(told, name) for name in ("id", "model", "created_s")}
    return Summary(known["id"], known["model"], meant.choices, meant.usage, known["created_s"])


def _map(summary: Summary, change: Callable[[Said], Said]) -> Summary:
    return replace(summary, choices=tuple([change(said) for said in summary.choices]))


def _without_bytes(tokens: tuple[TokenLogprob, ...] | None) -> tuple[TokenLogprob, ...] | None:
    if tokens is None:
        return None
    return tuple([TokenLogprob(token.token, token.logprob, None, _without_bytes(token.top) or ()) for token in tokens])


def _with_bytes(tokens: tuple[TokenLogprob, ...] | None) -> tuple[TokenLogprob, ...] | None:
    if tokens is None:
        return None
    said = [(token, tuple(token.token.encode()), _with_bytes(token.top) or ()) for token in tokens]
    return tuple([TokenLogprob(token.token, token.logprob, data, top) for token, data, top in said])


_CHAT_FINISHES: dict[FinishReason, FinishReason] = {"pause": "length"}
_RESPONSES_FINISHES: dict[FinishReason, FinishReason] = {"pause": "length"}
_MESSAGES_FINISHES: dict[FinishReason, FinishReason] = {"content_filter": "refusal"}
_GEMINI_FINISHES: dict[FinishReason, FinishReason] = {"refusal": "content_filter", "pause": "stop"}
_COHERE_FINISHES: dict[FinishReason, FinishReason] = {"refusal": "stop", "pause": "stop"}


def _shape_chat(summary: Summary) -> Summary:
    def change(said: Said) -> Said:
        finish = said.finish
        if finish == "refusal" and not said.refusal:
            finish = "content_filter"
        return replace(said, finish=_CHAT_FINISHES.get(finish, finish) if finish else None)

    return _map(summary, change)


def _shape_responses(summary: Summary) -> Summary:
    def change(said: Said) -> Said:
        finish = said.finish
        if finish == "refusal" and not said.refusal:
            finish = "content_filter"
        finish = _RESPONSES_FINISHES.get(finish, finish) if finish else None
        return replace(said, finish=finish, stop="", logprobs=_with_bytes(said.logprobs))

    return _map(_one_choice(replace(summary, id="")), change)


def _shape_messages(summary: Summary) -> Summary:
    def change(said: Said) -> Said:
        finish = _MESSAGES_FINISHES.get(said.finish, said.finish) if said.finish else None
        finish = "refusal" if finish == "stop" and said.refusal else finish
        return replace(_say_refusals_as_text(said), finish=finish, logprobs=None, media=())

    # The format has no way to leave counts out.
    return _map(_one_choice(replace(summary, created_s=0, usage=summary.usage or Usage(0, 0))), change)


def _shape_gemini(summary: Summary) -> Summary:
    def change(said: Said) -> Said:
        finish = _GEMINI_FINISHES.get(said.finish, said.finish) if said.finish else None
        if finish == "stop" and said.calls:
            finish = "tool_calls"
        return replace(_say_refusals_as_text(said), finish=finish, stop="", logprobs=_without_bytes(said.logprobs))

    usage = None if summary.usage is None else replace_usage(summary.usage, cache_write_tokens=0)
    return _map(replace(summary, usage=usage), change)


def _shape_cohere(summary: Summary) -> Summary:
    def change(said: Said) -> Said:
        finish = _COHERE_FINISHES.get(said.finish, said.finish) if said.finish else None
        finish = "stop" if said.stop else finish
        return replace(_say_refusals_as_text(said), finish=finish, stop="", media=())

    usage = summary.usage
    if usage is not None:
        usage = replace_usage(usage, cache_write_tokens=0, reasoning_tokens=0)
    return _map(_one_choice(replace(summary, model="", created_s=0, usage=usage)), change)


def replace_usage(usage: Usage, **counts: int) -> Usage:
    """The same counts but for some."""
    known = {name: getattr(usage, name) for name in usage.__struct_fields__}
    return Usage(**{**known, **counts})


SHAPES: dict[str, Callable[[Summary], Summary]] = {
    "openai_chat": _shape_chat,
    "openai_responses": _shape_responses,
    "anthropic_messages": _shape_messages,
    "gemini": _shape_gemini,
    "cohere": _shape_cohere,
}
