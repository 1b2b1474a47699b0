"""An answer's events put together, and a whole answer taken apart into events; the two undo one another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pointsman.core.chat.answer import (
    AnswerPart,
    ChatAnswer,
    ChatEvent,
    Choice,
    Ended,
    Failed,
    Finished,
    FinishReason,
    MediaPart,
    ReasoningDelta,
    ReasoningSigned,
    RefusalDelta,
    Started,
    TextDelta,
    TokenLogprob,
    ToolDelta,
    ToolStarted,
    UsageSeen,
)
from pointsman.core.chat.conversation import Media, Reasoning, Refusal, Text, ToolCall


def assemble_answer(events: Iterable[ChatEvent]) -> ChatAnswer | None:
    """The answer that a whole stream tells, or `None` when the stream has no `Ended`.

    Raises:
        UpstreamFailure: that the provider sent in place of the rest.
    """
    started, usage, is_whole = Started("", ""), None, False
    choices: dict[int, _OpenChoice] = {}
    for event in events:
        match event:
            case Started():
                started = event
            case UsageSeen():
                usage = event.usage
            case Ended():
                is_whole = True
            case Failed():
                raise event.failure
            case _:
                choices.setdefault(event.choice, _OpenChoice()).take(event)
    if not is_whole:
        return None
    closed = tuple([choices[index].close(index) for index in sorted(choices)])
    return ChatAnswer(started.id, started.model, closed, usage, started.created_s, started.service_tier)


def break_up_answer(answer: ChatAnswer) -> list[ChatEvent]:
    """A whole answer as the shortest stream that tells it."""
    events: list[ChatEvent] = [Started(answer.id, answer.model, answer.created_s, answer.service_tier)]
    for choice in answer.choices:
        events.extend(_break_up_choice(choice))
    if answer.usage is not None:
        events.append(UsageSeen(answer.usage))
    return [*events, Ended()]


def _break_up_choice(choice: Choice) -> Iterator[ChatEvent]:
    index, calls, logprobs = choice.index, 0, choice.logprobs
    for part in choice.parts:
        match part:
            case Text():
                yield TextDelta(part.text, index, logprobs)
                logprobs = None
            case Refusal():
                yield RefusalDelta(part.text, index)
            case Reasoning():
                if part.text or not part.is_hidden:
                    yield ReasoningDelta(part.text, index, starts=True)
                if part.signature or part.id:
                    yield ReasoningSigned(part.signature, part.origin, index, part.is_hidden, part.id)
            case ToolCall():
                yield ToolStarted(calls, part.id, part.name, index, part.signature, part.origin)
                yield ToolDelta(calls, part.arguments, index)
                calls += 1
            case Media():
                yield MediaPart(part, index)
    if choice.finish is not None:
        yield Finished(choice.finish, index, choice.stop_sequence)


@dataclass(slots=True)
class _OpenChoice:
    """A choice as far as its events have come; parts in the order in which they began."""

    parts: list[AnswerPart | list[str]] = field(default_factory=list)
    kinds: list[type] = field(default_factory=list)
    calls: dict[int, tuple[ToolStarted, list[str], int]] = field(default_factory=dict)
    logprobs: list[TokenLogprob] | None = None
    finish: FinishReason | None = None
    stop_sequence: str = ""

    def take(self, event: object) -> None:
        match event:
            case TextDelta():
                self._add_text(Text, event.text)
                if event.logprobs is not None:
                    self.logprobs = self.logprobs or []
                    self.logprobs += event.logprobs
            case RefusalDelta():
                self._add_text(Refusal, event.text)
            case ReasoningDelta():
                self._add_text(Reasoning, event.text, anew=event.starts)
            case ReasoningSigned():
                self._sign(event)
            case ToolStarted():
                self.calls[event.call] = event, [], len(self.parts)
                self._append(ToolCall(event.id, event.name, "{}"))
            case ToolDelta():
                if event.call in self.calls:
                    self.calls[event.call][1].append(event.arguments)
            case MediaPart():
                self._append(event.media)
            case Finished():
                self.finish, self.stop_sequence = event.finish, event.stop_sequence

    def close(self, index: int) -> Choice:
        for started, pieces, place in self.calls.values():
            arguments = "".join(pieces) or "{}"
            self.parts[place] = ToolCall(started.id, started.name, arguments, started.signature, started.origin)
        parts = tuple([self._close_part(place) for place in range(len(self.parts))])
        logprobs = None if self.logprobs is None else tuple(self.logprobs)
        return Choice(parts, self.finish, self.stop_sequence, logprobs, index)

    def _add_text(self, kind: type, text: str, *, anew: bool = False) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, list) and self.kinds[-1] is kind and not anew:
            last.append(text)
        else:
            self.parts.append([text])
            self.kinds.append(kind)

    def _append(self, part: AnswerPart) -> None:
        self.parts.append(part)
        self.kinds.append(type(part))

    def _sign(self, signed: ReasoningSigned) -> None:
        last = self.parts[-1] if self.parts else None
        text = ""
        if not signed.is_hidden and isinstance(last, list) and self.kinds[-1] is Reasoning:
            text = "".join(last)
            self.parts.pop()
            self.kinds.pop()
        self._append(Reasoning(text, signed.signature, signed.origin, signed.is_hidden, signed.id))

    def _close_part(self, place: int) -> AnswerPart:
        part = self.parts[place]
        if not isinstance(part, list):
            return part
        text = "".join(part)
        kind = self.kinds[place]
        if kind is Text:
            return Text(text)
        return Refusal(text) if kind is Refusal else Reasoning(text)
