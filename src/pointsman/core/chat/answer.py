"""An answer in the hub, whole or as events: providers' formats are read into it, clients' are written from it."""

from typing import Literal

import msgspec

from pointsman.core.chat.conversation import JsonObject, Media, Native, Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.chat.usage import Usage

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause"]
"""Why a choice ended. `refusal`: the model declined; `pause`: the provider wants to be asked to go on."""

AnswerPart = Text | Refusal | Reasoning | ToolCall | Media | Native


class TokenLogprob(msgspec.Struct, frozen=True):
    """How likely a token was, and what stood to choose beside it.

    Attributes:
        token: its text.
        logprob: natural logarithm of its probability.
        bytes: of its text in UTF-8, or `None` when the provider does not say.
        top: the likeliest tokens in its place, without their own `top`.
    """

    token: str
    logprob: float
    bytes: tuple[int, ...] | None = None
    top: tuple["TokenLogprob", ...] = ()


class Choice(msgspec.Struct, frozen=True):
    """One of the answers.

    Attributes:
        parts: in the order the model gave them.
        finish: why it ended, or `None` when the provider does not say.
        stop_sequence: the text that ended it, where the provider says so, or `""`.
        logprobs: of the tokens of its text, or `None` where not asked for.
        index: from 0.
    """

    parts: tuple[AnswerPart, ...]
    finish: FinishReason | None
    stop_sequence: str = ""
    logprobs: tuple[TokenLogprob, ...] | None = None
    index: int = 0


class ChatAnswer(msgspec.Struct, frozen=True):
    """A whole answer.

    Attributes:
        id: the provider's, or `""`.
        model: as the provider names it.
        choices: in order of their index.
        usage: or `None` when not reported.
        created_s: seconds since the Unix epoch, or 0 when the provider does not say.
        service_tier: that answered, or `""`.
        extra: members that only the format `extra_dialect` knows, by their name there.
        extra_dialect: see `extra`.
    """

    id: str
    model: str
    choices: tuple[Choice, ...]
    usage: Usage | None = None
    created_s: int = 0
    service_tier: str = ""
    extra: JsonObject = {}
    extra_dialect: str = ""


class Started(msgspec.Struct, gc=False):
    """The answer begins; comes once, before any content. `id`, `model`, `created_s` as in `ChatAnswer`."""

    id: str
    model: str
    created_s: int = 0
    service_tier: str = ""


class TextDelta(msgspec.Struct):
    """More text of a choice; `logprobs` are those of exactly this text."""

    text: str
    choice: int = 0
    logprobs: tuple[TokenLogprob, ...] | None = None


class RefusalDelta(msgspec.Struct, gc=False):
    """More of a refusal."""

    text: str
    choice: int = 0


class ReasoningDelta(msgspec.Struct, gc=False):
    """More of a thought; `starts` a new one where several follow one another."""

    text: str
    choice: int = 0
    starts: bool = False


class ReasoningSigned(msgspec.Struct, gc=False):
    """The thought so far is complete and this proves it; with `is_hidden`, a whole encrypted thought of its own.

    The other attributes are those of `Reasoning`.
    """

    signature: str
    origin: str
    choice: int = 0
    is_hidden: bool = False
    id: str = ""


class ToolStarted(msgspec.Struct, gc=False):
    """A call begins. `call` counts the calls of a choice from 0; the others as in `ToolCall`."""

    call: int
    id: str
    name: str
    choice: int = 0
    signature: str = ""
    origin: str = ""


class ToolDelta(msgspec.Struct, gc=False):
    """More of the arguments of a call."""

    call: int
    arguments: str
    choice: int = 0


class MediaPart(msgspec.Struct):
    """A whole image or sound within an answer."""

    media: Media
    choice: int = 0


class Finished(msgspec.Struct, gc=False):
    """A choice has ended; its content is complete. Attributes as in `Choice`."""

    finish: FinishReason
    choice: int = 0
    stop_sequence: str = ""


class UsageSeen(msgspec.Struct, gc=False):
    """What the answer used so far; a later one replaces it, and none is ever added to another."""

    usage: Usage


class Ended(msgspec.Struct, gc=False):
    """The answer is complete; the last event.

    With `is_cut` the gateway ended it before its provider did: what usage was seen by then is not all of it.
    """

    is_cut: bool = False


class Failed(msgspec.Struct):
    """The provider sent an error in place of the rest; the last event."""

    failure: UpstreamFailure


ChatEvent = (
    Started
    | TextDelta
    | RefusalDelta
    | ReasoningDelta
    | ReasoningSigned
    | ToolStarted
    | ToolDelta
    | MediaPart
    | Finished
    | UsageSeen
    | Ended
    | Failed
)

CONTENT = (TextDelta, RefusalDelta, ReasoningDelta, ReasoningSigned, ToolStarted, ToolDelta, MediaPart)
"""Events after the first of which no other model may answer any more."""
