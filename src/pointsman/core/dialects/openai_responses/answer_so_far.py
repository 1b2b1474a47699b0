"""What a Responses stream has told so far, kept so that it can be ended before its provider does.

Until then nothing is read of it: the events that open and close things are kept as they came, and texts as bytes.
"""

from dataclasses import dataclass, field

import msgspec

from pointsman.core.dialects.openai_responses.close_items import Members, close_item, read_number, write_event
from pointsman.core.dialects.openai_responses.open_item import OpenItem
from pointsman.core.dialects.read_members import read_members
from pointsman.core.dialects.server_events import MOST_EVENT_BYTES

MOST_KEPT_BYTES = MOST_EVENT_BYTES
"""Of texts, and of events; an answer of more could not end with an event that holds all of it either."""

_OPENINGS = frozenset({"response.created", "response.queued", "response.in_progress"})
_CUT = msgspec.Raw(b'{"reason":"max_output_tokens"}')


@dataclass(slots=True)
class AnswerSoFar:
    """What a stream has told.

    Attributes:
        texts: what came of the part that is open in each open item, by the item's place; to be added to.
    """

    texts: dict[int | None, bytearray] = field(default_factory=dict)
    _done: dict[int, bytes] = field(default_factory=dict)
    _is_dropped: bool = False
    _open: dict[int, OpenItem] = field(default_factory=dict)
    _response: bytes = b""
    _size: int = 0

    def follow(self, kind: str, place: int | None, data: bytes) -> None:
        """Learn from an event that is not a piece of a text."""
        if kind in _OPENINGS:
            self._response = data
            return
        if place is None or self._is_dropped:
            return
        if kind == "response.output_item.added":
            self._open[place] = OpenItem(data)
            self.texts[place] = bytearray()
        elif kind == "response.output_item.done":
            self._done[place] = data
            self._open.pop(place, None)
            self.texts.pop(place, None)
        elif place not in self._open or not self._open[place].follow(kind, data, self.texts[place]):
            return
        self._size += len(data)
        if self._size > MOST_KEPT_BYTES:
            self.drop()

    def drop(self) -> None:
        """Keep nothing more of an answer that has grown too large; it can still be ended, without its items."""
        self._is_dropped = True
        for kept in (self.texts, self._done, self._open):
            kept.clear()

    def end(self, last: bytes) -> bytes:
        """The events that end the answer.

        Args:
            last: data of the last event that is with the client, whose number they go on from.
        """
        out: list[bytes] = []
        number = read_number(last)
        output = {place: read_members(data).get("item") for place, data in self._done.items()}
        for place, item in sorted(self._open.items()):
            whole, events = close_item(item, self.texts[place].decode("utf-8", "replace"))
            output[place] = msgspec.Raw(msgspec.json.encode(whole))
            for kind, members in events:
                number += 1
                out.append(write_event(kind, number, members))
        response: Members = dict(read_members(read_members(self._response).get("response", b"")))
        response |= {"status": "incomplete", "incomplete_details": _CUT}
        response["output"] = [item for _, item in sorted(output.items()) if item is not None]
        out.append(write_event("response.incomplete", number + 1, {"response": response}))
        return b"".join(out)
