"""What a request asks for, whatever dialect it came in: the one value that an answer is planned from.

The same conversation gives the same `Asked` in every dialect, and so the same answer and the same count of tokens.
"""

from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]
"""A JSON object whose inside belongs to the caller: a schema, arguments, metadata."""

IMAGE_TOKENS = 765
LOW_DETAIL_IMAGE_TOKENS = 85
ATTACHMENT_TOKENS = 250

REASONING_TOKENS = {"none": 0, "minimal": 16, "low": 64, "medium": 192, "high": 512, "xhigh": 1024, "max": 1024}
"""About how long the model thinks, by the effort asked for."""

ANY_OBJECT: JsonObject = {
    "type": "object",
    "properties": {
        "topic": {"type": "string"},
        "points": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
"""The schema of an answer that was asked to be JSON and nothing more."""


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a turn.

    Attributes:
        text: what it says; empty for an attachment.
        attachment: what tells an image, sound or file from another: its address or its data.
        attachment_tokens: what the attachment costs.
        cache: how long the prompt up to here is to be kept, `5m` or `1h`; empty for no mark.
    """

    text: str = ""
    attachment: str = ""
    attachment_tokens: int = 0
    cache: str = ""


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A tool call that the assistant made before, given back; `arguments` is JSON."""

    name: str
    arguments: str
    cache: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: of `system`, `developer`, `user`, `assistant` or `tool`, a tool's result being a turn of its own."""

    role: str
    blocks: tuple[Block, ...] = ()
    calls: tuple[MadeCall, ...] = ()
    name: str = ""

    @property
    def text(self) -> str:
        """All text of the turn, blocks joined by line ends."""
        return "\n".join(block.text for block in self.blocks if not block.attachment_tokens)

    @property
    def attachment_tokens(self) -> int:
        """What images, sounds and files of the turn cost."""
        return sum(block.attachment_tokens for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Function:
    """A tool the model may call; `parameters` is a JSON Schema."""

    name: str
    description: str = ""
    parameters: JsonObject | None = None
    strict: bool | None = None
    cache: str = ""


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Which functions may be called, and whether one must be.

    Attributes:
        names: those that may; `None` is all, an empty tuple none.
        must_call: whether words alone are no answer.
    """

    names: tuple[str, ...] | None = None
    must_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A chat request without its dialect.

    Attributes:
        model: its name.
        turns: the conversation, system turns first.
        functions: the tools.
        choice: which of them may or must be called.
        parallel: whether several calls may come at once.
        schema: what a JSON answer obeys (`ANY_OBJECT` for any), or `None` for words.
        most_tokens: how long the answer may be, thoughts included.
        choices: how many answers.
        seed: counts beside the simulator's own.
        stop_sequences: texts at which an answer ends.
        thinking_tokens: about how long to think; 0 is not at all.
        stream: whether the answer comes as a stream.
    """

    model: str
    turns: tuple[Turn, ...]
    functions: tuple[Function, ...] = ()
    choice: ToolChoice = ToolChoice()
    parallel: bool = True
    schema: JsonObject | None = None
    most_tokens: int | None = None
    choices: int = 1
    seed: int | None = None
    stop_sequences: tuple[str, ...] = ()
    thinking_tokens: int = 0
    stream: bool = False

    @property
    def last_prompt(self) -> str:
        """What the user said last; without a user, the last turn."""
        said = [turn.text for turn in self.turns if turn.role == "user"]
        return said[-1] if said else self.turns[-1].text


def think_within(budget_tokens: int) -> int:
    """How long a model with a budget thinks: about an eighth of it, never longer than with the highest effort."""
    return min(max(16, budget_tokens // 8), REASONING_TOKENS["max"])
