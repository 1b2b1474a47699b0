"""What a test asks and what it was told, in no SDK's own words; each speaker beside this file translates both."""

from dataclasses import dataclass, field
from typing import Any

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel, in base64."""


class BrokenStreamError(Exception):
    """What a speaker raises where its SDK raises nothing, and only the last event says that the answer is broken."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as an SDK gave it; its arguments decoded."""

    id: str
    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as an SDK gave it.

    Attributes:
        text: all words of it, those of a refusal included.
        calls: tool calls in order.
        finish: why it ended, in the dialect's own word.
        input_tokens: as the SDK reports them, cached ones included.
        output_tokens: likewise, reasoning included.
        thoughts: what may be read of the reasoning.
        native: the turn as this SDK sends it back.
        is_signed: whether a signature came with a thought or a call.
        is_refused: whether the dialect says that it is a refusal.
    """

    text: str
    calls: tuple[Call, ...]
    finish: str
    input_tokens: int
    output_tokens: int
    thoughts: str
    native: Any
    is_signed: bool = False
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """What a user says, with an image in base64 or without."""

    text: str
    image: str = ""


@dataclass(frozen=True, slots=True)
class Assistant:
    """What an assistant said before, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class Results:
    """What came of the calls of the turn before."""

    results: tuple[tuple[Call, str], ...]


Turn = User | Assistant | Said | Results


@dataclass(frozen=True, slots=True)
class Function:
    """A tool; its parameters are a JSON Schema."""

    name: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A whole request.

    Attributes:
        turns: the conversation.
        system: the system prompt, or `""`.
        tools: that may be called.
        must_call: `any`, the name of a tool, or `""`.
        schema: that the answer follows, or `None`.
        stop: a stop sequence, or `""`.
        max_tokens: the most tokens of the answer, or `None`.
        thinks: whether reasoning is asked for and shown.
    """

    turns: tuple[Turn, ...]
    system: str = ""
    tools: tuple[Function, ...] = ()
    must_call: str = ""
    schema: dict[str, Any] | None = None
    stop: str = ""
    max_tokens: int | None = None
    thinks: bool = False


@dataclass
class Seen:
    """What the last HTTP answer carried beside its body; a hook of the SDK's own HTTP client fills it in."""

    headers: dict[str, str] = field(default_factory=dict)

    def note(self, response: Any) -> None:
        """Remember the headers of an answer of whichever HTTP library."""
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    @property
    def losses(self) -> str:
        """What the gateway says that the provider's format could not be told."""
        return self.headers.get("x-pointsman-losses", "")
