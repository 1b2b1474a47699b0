"""Requests as clients of each format write them, from the public documentation: the one list, and what all share."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from dialects.strategies import SCHEMA, TOOL_NAMES, Drawer, Tongue, draw_dialogue
from pointsman.core.chat.conversation import JsonObject, Message, ToolCall

Sampled = tuple[tuple[str, st.SearchStrategy[object]], ...]


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request.

    Attributes:
        client: its format.
        fields: the body.
        dialogue: what it says.
        stream: whether a stream is asked for.
    """

    client: str
    fields: JsonObject
    dialogue: tuple[Message, ...]
    stream: bool


@st.composite
def _requests(
    draw: st.DrawFn, tongue: Tongue, write: Callable[[Drawer, tuple[Message, ...], bool], JsonObject]
) -> WireRequest:
    drawer = Drawer(draw, tongue)
    dialogue, stream = draw_dialogue(drawer), drawer.flip(3)
    return WireRequest(tongue.name, write(drawer, dialogue, stream), dialogue, stream)


def requests_of(
    tongue: Tongue, write: Callable[[Drawer, tuple[Message, ...], bool], JsonObject]
) -> st.SearchStrategy[WireRequest]:
    """Requests of a format, of which `write` makes the body."""
    return _requests(tongue, write)


def add_members(drawer: Drawer, fields: JsonObject, members: Sampled, one_in: int = 4) -> None:
    """Set some members; null says what leaving a member out does."""
    for name, values in members:
        if drawer.flip(one_in):
            fields[name] = drawer.draw(values)


def has_calls(dialogue: tuple[Message, ...]) -> bool:
    """Whether anything is called."""
    return any(isinstance(part, ToolCall) for message in dialogue for part in message.parts)


def wants_tools(drawer: Drawer, dialogue: tuple[Message, ...]) -> bool:
    """Whether the request brings tools; one with calls has to."""
    return has_calls(dialogue) or drawer.flip(3)


def draw_tools(drawer: Drawer, schema_name: str) -> list[JsonObject]:
    """The functions of a request, each under its own name; `schema_name` is what its schema is called."""
    tools: list[JsonObject] = []
    for name in TOOL_NAMES:
        tool: JsonObject = {"name": name, schema_name: SCHEMA}
        if drawer.flip(2):
            tool["description"] = drawer.words()
        tools.append(tool)
    return tools


def strict_flag(drawer: Drawer) -> JsonObject:
    """Whether arguments must follow the schema, where anyone says so."""
    return {"strict": drawer.draw(st.booleans())} if drawer.flip(3) else {}


STOPS = st.lists(st.sampled_from(("END", "\n\n", "###", "é")), min_size=1, max_size=4, unique=True)
SHARES = st.sampled_from((0.0, 0.01, 0.5, 0.99, 1.0, 1))
LIMITS = st.sampled_from((1, 16, 300, 5_000, 64_000))
SEEDS = st.integers(0, 2**31 - 1)
PENALTIES = st.sampled_from((0, 0.5, 1.0, -2, 2.0))
USERS = st.sampled_from(("someone", "a user", "u" * 200))
METADATA = st.sampled_from(({}, {"team": "blue"}, {"team": "blue", "agent": "writer", "task": "t-1"}))
