"""What Hypothesis draws: dialogues and answers of the hub, in which no two words are alike, so that each can be found.

Texts are awkward on purpose: empty, blank, full of quotes, line ends, marks of streams and letters of all scripts.
"""

import base64
import json
from dataclasses import dataclass

from hypothesis import strategies as st

from pointsman.core.chat.answer import ChatAnswer, Choice, FinishReason, TokenLogprob
from pointsman.core.chat.conversation import (
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.core.chat.usage import Usage

AWKWARD = (
    "",
    " ",
    "\n",
    'quote " and \\',
    "é漢🙂\u200f",
    "\x00\x1f\x7f",
    "\u2028\ufeff",
    "data: [DONE]\n\n",
    "\r\n\r\nevent: error\rdata: {}",
    "</s><|im_end|>{{x}}%b%d",
    '{"text":"',
)
TOOL_NAMES = ("get_weather", "a", "_", "Tool-2", "x" * 64)
ODD_ARGUMENTS = ("", "[1]", '"text"', "not json", '{"open": ', '{"n": 1e400}', '{"half": "\\ud800"}')
PNG, PDF, WAV = b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"RIFF"


@dataclass(frozen=True, slots=True)
class Tongue:
    """What clients of a format can say in messages, and how.

    Attributes:
        name: of the format.
        roles: that instruct, at the beginning.
        late: whether they may come later, too.
        media: kinds and places of what a user may hand over, such as `image.url`.
        result_media: likewise for results of tools.
        errors: whether results may be errors.
        thoughts: that the assistant sends back: `plain`, `signed`, `hidden`, of which the last two are the format's.
        refusals: whether the assistant's refusals are told apart.
        odd_arguments: whether arguments are text, which may be anything.
        several: whether a message may have several texts.
        ends_with_assistant: whether the answer's beginning may be given.
        is_loose: whether the model may speak first, and twice.
    """

    name: str
    roles: tuple[str, ...] = ("system",)
    late: bool = True
    media: tuple[str, ...] = ()
    result_media: tuple[str, ...] = ()
    errors: bool = False
    thoughts: tuple[str, ...] = ()
    refusals: bool = False
    odd_arguments: bool = False
    several: bool = True
    ends_with_assistant: bool = False
    is_loose: bool = False


class Drawer:
    """Draws the parts of one example; everything that it draws has a number of its own."""

    def __init__(self, draw: st.DrawFn, tongue: Tongue) -> None:
        self.draw = draw
        self.tongue = tongue
        self._count = 0

    def flip(self, one_in: int = 2) -> bool:
        """Whether something happens that one example in so many has."""
        return self.draw(st.integers(0, one_in - 1)) == one_in - 1

    def pick(self, options: tuple[object, ...]) -> str:
        return str(self.draw(st.sampled_from(options)))

    def number(self) -> int:
        self._count += 1
        return self._count

    def words(self) -> str:
        """A text that no other text holds, and that holds no other."""
        return f"{self.pick(AWKWARD)}#{self.number()}#{self.pick(AWKWARD)}"

    def texts(self, most: int = 2) -> list[Part]:
        """Texts of a message; some of them without a word."""
        count = self.draw(st.integers(0, most - 1)) if self.tongue.several else 0
        texts: list[Part] = [Text("" if self.flip(8) else self.words()) for _ in range(count)]
        return [*texts, Text(self.words())]

    def media(self, what: str) -> Media:
        kind, _, place = what.partition(".")
        number = self.number()
        if kind == "image":
            if place == "url":
                return Media("image", url=f"https://pictures.example/{number}.png?a=1&b=%20")
            return Media("image", "image/png", data=_base64(PNG, number))
        if kind == "audio":
            return Media("audio", "audio/wav", data=_base64(WAV, number))
        if place == "url":
            return Media("document", url=f"https://papers.example/{number}.pdf")
        if place == "text":
            return Media("document", "text/plain", text=self.words())
        named = f"paper {number}.pdf" if self.flip() or self.tongue.name.startswith("openai") else ""
        return Media("document", "application/pdf", data=_base64(PDF, number), name=named)

    def user(self) -> Message:
        parts = self.texts()
        if self.tongue.media and self.flip(3):
            parts.insert(self.draw(st.integers(0, len(parts))), self.media(self.pick(self.tongue.media)))
        return Message("user", tuple(parts))

    def instruct(self) -> Message:
        return Message(self.pick(self.tongue.roles), tuple(self.texts()))  # type: ignore[arg-type]

    def arguments(self) -> str:
        if self.tongue.odd_arguments and self.flip(12):
            return self.pick(ODD_ARGUMENTS)
        wanted = {"q": self.words(), "n": [1, 2**60, -0.5, True, None], "deep": {"": {}}}
        return self.draw(st.sampled_from(("{}", json.dumps(wanted), json.dumps(wanted, ensure_ascii=False))))

    def call(self) -> ToolCall:
        # Some formats match calls by their place: equal ones would be hard to tell apart, and so would empty ones.
        return ToolCall(f"call_{self.number()}", self.pick(TOOL_NAMES), self.arguments())

    def thought(self) -> Reasoning | None:
        if not self.tongue.thoughts or not self.flip(3):
            return None
        kind = self.pick(self.tongue.thoughts)
        if kind == "plain":
            return Reasoning(self.words())
        signature = base64.b64encode(f"signature {self.number()}".encode()).decode()
        if kind == "hidden":
            return Reasoning("", signature, self.tongue.name, is_hidden=True, id=self._thought_id())
        return Reasoning(self.words(), signature, self.tongue.name, id=self._thought_id())

    def _thought_id(self) -> str:
        return f"rs_{self.number()}" if self.tongue.name == "openai_responses" else ""

    def assistant(self, calls: list[ToolCall]) -> Message:
        parts: list[Part] = []
        thought = self.thought()
        if thought is not None:
            parts.append(thought)
        if not calls or self.flip():
            parts += [Refusal(self.words())] if self.tongue.refusals and self.flip(8) else self.texts()
        return Message("assistant", (*parts, *calls))

    def result(self, call: ToolCall) -> ToolResult:
        parts = self.texts()
        if self.tongue.result_media and self.flip(4):
            parts.append(self.media(self.pick(self.tongue.result_media)))
        return ToolResult(call.id, tuple(parts), call.name, is_error=self.tongue.errors and self.flip(6))


def _base64(beginning: bytes, number: int) -> str:
    return base64.b64encode(beginning + f"bytes {number}.".encode()).decode()


def draw_dialogue(drawer: Drawer) -> tuple[Message, ...]:
    """Instructions, and some turns in which every call is answered at once."""
    flip, tongue = drawer.flip, drawer.tongue
    messages = [drawer.instruct() for _ in range(drawer.draw(st.sampled_from((0, 1, 1, 2))))]
    if not (tongue.is_loose and flip(10)):  # a client may have cut the beginning off
        messages.append(drawer.user())
    for _ in range(drawer.draw(st.integers(0, 3))):
        if tongue.is_loose and flip(8):
            messages.append(drawer.assistant([]))
        if flip(2):
            calls = [drawer.call() for _ in range(drawer.draw(st.integers(1, 3)))]
            messages.append(drawer.assistant(calls))
            results = [drawer.result(call) for call in calls]
            messages += [Message("tool", (result,)) for result in results]
        else:
            messages.append(drawer.assistant([]))
            messages += [drawer.user() for _ in range(drawer.draw(st.sampled_from((1, 1, 1, 2))))]
        if tongue.late and flip(8):
            messages.append(drawer.instruct())
            messages.append(drawer.user())
    if not messages or messages[-1].role not in ("user", "tool"):
        messages.append(drawer.user())
    if tongue.ends_with_assistant and flip(10):
        messages.append(Message("assistant", (Text(f"beginning #{drawer.number()}#"),)))
    return tuple(messages)


FINISHES: tuple[FinishReason, ...] = ("stop", "length", "tool_calls", "content_filter", "refusal", "pause")
SCHEMA = {
    "type": "object",
    "properties": {"q": {"type": "string", "description": 'with "quotes"'}, "n": {"type": ["integer", "null"]}},
    "required": ["q", "n"],
    "additionalProperties": False,
}
_ORIGINS = ("openai_chat", "openai_responses", "anthropic_messages", "gemini", "bedrock_converse")


@st.composite
def answers(draw: st.DrawFn) -> ChatAnswer:
    """Answers of any provider, with everything that the hub can say."""
    drawer = Drawer(draw, Tongue("any", odd_arguments=True))
    choices = draw(st.sampled_from((1, 1, 1, 2, 3)))
    usage = None
    if drawer.flip(4) is False:
        counts = draw(st.lists(st.integers(0, 10**6), min_size=4, max_size=4))
        cached, written, fresh, thought = counts
        usage = Usage(cached + written + fresh, thought + 7, cached, thought, written)
    return ChatAnswer(
        f"answer_{drawer.number()}" if drawer.flip() else "",
        "some-model" if drawer.flip() else "",
        tuple([_draw_choice(drawer, index) for index in range(choices)]),
        usage,
        draw(st.sampled_from((0, 1_790_000_000))),
    )


def _draw_choice(drawer: Drawer, index: int) -> Choice:
    parts: list[Part] = []
    for _ in range(drawer.draw(st.sampled_from((0, 0, 1, 2)))):
        parts.append(_draw_thought(drawer))
    refuses = drawer.flip(8)
    for _ in range(drawer.draw(st.integers(0, 2))):
        parts.append(Refusal(drawer.words()) if refuses else Text(drawer.words()))
    if drawer.flip(8):
        parts.append(drawer.media("image.data"))
    for _ in range(drawer.draw(st.sampled_from((0, 0, 1, 2, 3)))):
        call = drawer.call()
        arguments = call.arguments or "{}"
        sign = (f"seal {drawer.number()}", "gemini") if drawer.flip(4) else ("", "")
        call = ToolCall(call.id, call.name, arguments, *sign)
        parts.append(call)
    if any(isinstance(part, ToolCall) for part in parts):
        finish: FinishReason = "tool_calls"
    elif refuses:
        finish = "refusal"
    else:
        finish = drawer.draw(st.sampled_from(("stop", "stop", "length", "content_filter", "pause")))
    stop = "END" if finish == "stop" and drawer.flip(3) else ""
    return Choice(tuple(parts), finish, stop, _draw_logprobs(drawer, parts), index)  # type: ignore[arg-type]


def _draw_thought(drawer: Drawer) -> Reasoning:
    kind, origin = drawer.pick(("plain", "signed", "signed", "hidden")), drawer.pick(_ORIGINS)
    if kind == "plain":
        return Reasoning(drawer.words())
    signature = base64.b64encode(f"signature {drawer.number()}".encode()).decode()
    is_hidden = kind == "hidden" and origin != "gemini"
    return Reasoning("" if is_hidden else drawer.words(), signature, origin, is_hidden)


def _draw_logprobs(drawer: Drawer, parts: list[Part]) -> tuple[TokenLogprob, ...] | None:
    """Of one text; which tokens belong to which of several nobody tells."""
    texts = [part.text for part in parts if isinstance(part, Text)]
    if len(texts) != 1 or not drawer.flip(3):
        return None
    top = (TokenLogprob("other", -2.5),)
    return (TokenLogprob(texts[0][:1], -0.25, None, top), TokenLogprob(texts[0][1:], -1.0, None, ()))
