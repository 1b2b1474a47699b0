"""A chat request in the hub: what every wire format is read into and written from, each knowing no other.

A format's own words that no other has stay beside it, marked with its name: they survive a way back into that format
and are told as losses on the way into any other.
"""

from typing import Literal

import msgspec

Role = Literal["system", "developer", "user", "assistant", "tool"]
MediaKind = Literal["image", "audio", "video", "document"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]
JsonObject = dict[str, object]


class Text(msgspec.Struct, frozen=True, gc=False):
    """Words.

    Attributes:
        text: never repaired.
        cache: how long the provider should remember the prompt up to here: `5m`, `1h`, `""` without a mark.
    """

    text: str
    cache: str = ""


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """Words by which a model declines to answer."""

    text: str


class Media(msgspec.Struct, frozen=True):
    """An image, sound, film or document; exactly one of `data`, `url`, `file_id` and `text` says where it is.

    Attributes:
        kind: what it is.
        media_type: such as `image/png`, or `""` when nobody said.
        data: its bytes in base64.
        url: where it can be fetched.
        file_id: of a file that a provider keeps; means something to the format named in `origin` only.
        text: of a document that is plain text.
        name: of the file; a document's title.
        detail: how closely an image is looked at: `low`, `high`, `auto`, or `""`.
        context: what is said about a document, or `""`.
        cites: whether the answer should quote a document by place.
        origin: the format that `file_id` belongs to.
        cache: as in `Text`.
    """

    kind: MediaKind
    media_type: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""
    text: str = ""
    name: str = ""
    detail: str = ""
    context: str = ""
    cites: bool = False
    origin: str = ""
    cache: str = ""


class Reasoning(msgspec.Struct, frozen=True, gc=False):
    """What a model thought before it answered.

    Attributes:
        text: what may be read of it; `""` where it is hidden.
        signature: proves to its provider that the thought is its own; sent back exactly as it came. Where `is_hidden`,
            the encrypted thought itself.
        origin: the format whose providers understand `signature`; `""` without one.
        is_hidden: whether the thought is only there in encrypted form.
        id: that the provider knows it by, or `""`.
    """

    text: str = ""
    signature: str = ""
    origin: str = ""
    is_hidden: bool = False
    id: str = ""


class ToolCall(msgspec.Struct, frozen=True, gc=False):
    """A function that the model wants called.

    Attributes:
        id: that its result refers to; never empty (codecs make one up where a format has none).
        name: of the function.
        arguments: JSON as the model wrote it, repaired never; `{}` where it wrote nothing.
        signature: a thought that belongs to the call, as in `Reasoning`.
        origin: of `signature`.
        cache: as in `Text`.
    """

    id: str
    name: str
    arguments: str
    signature: str = ""
    origin: str = ""
    cache: str = ""


class ToolResult(msgspec.Struct, frozen=True):
    """What came of a call.

    Attributes:
        call_id: of the call.
        parts: `Text` and `Media` (and `Native`); a result that is one string is one `Text`.
        name: of the function, or `""` where the format does not say; `find_tool_names` finds it.
        is_error: whether the call failed.
        cache: as in `Text`.
    """

    call_id: str
    parts: tuple["Part", ...]
    name: str = ""
    is_error: bool = False
    cache: str = ""


class Native(msgspec.Struct, frozen=True):
    """A part that only one format can say.

    Attributes:
        dialect: that format's name.
        kind: what it is called there; told as a loss elsewhere.
        value: the part as it stands there.
    """

    dialect: str
    kind: str
    value: object


Part = Text | Refusal | Media | Reasoning | ToolCall | ToolResult | Native


class Message(msgspec.Struct, frozen=True):
    """One turn, or a part of one.

    Attributes:
        role: who speaks. `tool` holds nothing but `ToolResult`; these may stand in a `user` message as well, and every
            encoder takes both.
        parts: in order. A content that is one string is one `Text`.
        name: of the participant, or `""`.
    """

    role: Role
    parts: tuple[Part, ...]
    name: str = ""


class Tool(msgspec.Struct, frozen=True):
    """A function that the model may call.

    Attributes:
        name: of the function.
        description: `""` without one.
        parameters: a JSON Schema as written, or `None` for a function without any.
        strict: whether arguments must follow the schema, or `None` when nobody said.
        cache: as in `Text`.
    """

    name: str
    description: str = ""
    parameters: JsonObject | None = None
    strict: bool | None = None
    cache: str = ""


class ToolChoice(msgspec.Struct, frozen=True):
    """Whether tools must be called.

    Attributes:
        mode: `named` means the one tool in `names`; with the others, `names` narrows what may be called.
        names: of tools.
    """

    mode: Literal["auto", "none", "required", "named"]
    names: tuple[str, ...] = ()


class AnswerFormat(msgspec.Struct, frozen=True):
    """What form the answer has.

    Attributes:
        schema: that the answer follows, or `None` for any JSON object.
        name: of the schema, or `""`.
        description: of the schema, or `""`.
        strict: as in `Tool`.
    """

    schema: JsonObject | None = None
    name: str = ""
    description: str = ""
    strict: bool | None = None


class Thinking(msgspec.Struct, frozen=True):
    """How long the model may think. At most one of `effort` and `budget_tokens` is as the caller wrote it.

    Attributes:
        effort: in words, or `None`.
        budget_tokens: in tokens; 0 turns it off, -1 leaves it to the model; `None` when nobody said.
        shows: whether thoughts are to be told: `True`, `False`, or `None` when nobody said.
        summary: in which detail they are told: `auto`, `concise`, `detailed`, or `""`.
    """

    effort: Effort | None = None
    budget_tokens: int | None = None
    shows: bool | None = None
    summary: str = ""


class Sampling(msgspec.Struct, frozen=True):
    """How words are chosen and when an answer ends; `None` is what nobody said."""

    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    choices: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None


class Conversation(msgspec.Struct, frozen=True):
    """A whole request.

    Attributes:
        messages: in order. A system prompt that stands apart in a format is the first message, role `system`.
        sampling: see there.
        tools: in order; `Native` for those that only one format has, such as its own web search.
        tool_choice: or `None` when nobody said.
        parallel_tool_calls: whether several calls may be made at once, or `None`.
        answer_format: or `None` for plain text.
        thinking: or `None` when nobody said.
        verbosity: `low`, `medium`, `high`, or `""`.
        user: who the end user is, or `""`.
        service_tier: the provider's class of service, or `""`.
        metadata: what the caller notes beside the request, without our own words.
        cache_key: under which the provider groups prompts to remember, or `""`.
        extra: members of the request that only the format `extra_dialect` knows, by their name there.
        extra_dialect: see `extra`.
    """

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    tools: tuple[Tool | Native, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    answer_format: AnswerFormat | None = None
    thinking: Thinking | None = None
    verbosity: str = ""
    user: str = ""
    service_tier: str = ""
    metadata: JsonObject = {}
    cache_key: str = ""
    extra: JsonObject = {}
    extra_dialect: str = ""


def demands_call(choice: ToolChoice | None) -> bool:
    """Whether some tool must be called, which is lost on a format that has none of the tools."""
    return choice is not None and choice.mode in ("required", "named")


def find_tool_names(messages: tuple[Message, ...]) -> dict[str, str]:
    """The function's name for each id of a call, for formats that want it beside the result."""
    return {part.id: part.name for message in messages for part in message.parts if isinstance(part, ToolCall)}
