"""Puts together which call of a tool each piece of a stream belongs to, however loosely a server numbers them."""

from dataclasses import dataclass, field

from pointsman.core.chat.answer import ChatEvent, ToolDelta, ToolStarted
from pointsman.core.dialects.openai_chat.read_response import write_arguments
from pointsman.core.dialects.openai_chat.reasoning import read_call_signature
from pointsman.core.dialects.openai_chat.wire import Call

MOST_CALLS = 1024


@dataclass(slots=True)
class _OpenCall:
    place: int
    id: str
    has_started: bool = False
    held: str = ""
    signature: str = ""
    origin: str = ""


@dataclass(slots=True)
class OpenCalls:
    """The calls of one choice so far; a call is told once its name is known."""

    choice: int
    _calls: list[_OpenCall] = field(default_factory=list)
    _by_index: dict[int, _OpenCall] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._calls)

    def take(self, piece: Call, events: list[ChatEvent]) -> None:
        """Add what a piece of a call means."""
        name = (piece.function.name if piece.function else None) or ""
        call = self._find(piece, name) or self._open(piece)
        if piece.extra_content is not None:
            call.signature, call.origin = read_call_signature(piece.extra_content)
        arguments = write_arguments(piece.function.arguments) if piece.function else ""
        if name and not call.has_started:
            self._start(call, name, events)
        if not arguments:
            return
        if call.has_started:
            events.append(ToolDelta(call.place, arguments, self.choice))
        else:
            call.held += arguments

    def close(self, events: list[ChatEvent]) -> None:
        """The choice has ended: tell of calls that never got a name, too."""
        for call in self._calls:
            if not call.has_started:
                self._start(call, "", events)

    def _find(self, piece: Call, name: str) -> _OpenCall | None:
        """The call that is meant: by index, then by id, then the last one.

        An index that comes again with another id and a name is a call of its own: some servers number all calls 0.
        """
        if piece.index is not None:
            known = self._by_index.get(piece.index)
            return None if known is not None and piece.id and name and piece.id != known.id else known
        if piece.id:
            return next((call for call in self._calls if call.id == piece.id), None)
        return self._calls[-1] if self._calls and not name else None

    def _open(self, piece: Call) -> _OpenCall:
        place = len(self._calls)
        if place >= MOST_CALLS:
            raise ValueError("too many calls in one answer")
        call = _OpenCall(place, piece.id or f"call_{self.choice}_{place}")
        self._calls.append(call)
        if piece.index is not None:
            self._by_index[piece.index] = call
        return call

    def _start(self, call: _OpenCall, name: str, events: list[ChatEvent]) -> None:
        call.has_started = True
        events.append(ToolStarted(call.place, call.id, name, self.choice, call.signature, call.origin))
        if call.held:
            events.append(ToolDelta(call.place, call.held, self.choice))
            call.held = ""
