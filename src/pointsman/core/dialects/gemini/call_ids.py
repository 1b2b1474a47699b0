"""Gives an id to each call that came without one, and finds the call that a result without one belongs to."""

import re

_MADE = re.compile(rb'"(call_[0-9]{1,9})"')


class CallIds:
    """The calls of one conversation, read from the first to the last; the same conversation gives the same ids."""

    __slots__ = ("_known", "_made", "_open", "_taken")

    def __init__(self, body: bytes) -> None:
        """Begin.

        Args:
            body: the conversation as it came; no string that stands in it is made up as an id.
        """
        self._known: set[str] = set()
        self._taken = {id.decode() for id in _MADE.findall(body)} if b'"call_' in body else ()
        self._made = 0
        self._open: list[tuple[str, str]] = []

    def name_call(self, id: str, name: str) -> str:
        """The id of a call, made up where `id` is empty."""
        id = id or self._make()
        self._known.add(id)
        self._open.append((id, name))
        return id

    def find_call(self, id: str, name: str) -> str:
        """The id of the call that a result answers: the one it names, else the oldest open one of that function."""
        place = next((place for place, call in enumerate(self._open) if call[0] == id), None)
        if place is None and id not in self._known:
            place = next((place for place, call in enumerate(self._open) if call[1] == name), None)
        if place is not None:
            return self._open.pop(place)[0]
        return id or self._make()

    def _make(self) -> str:
        while (id := f"call_{self._made}") in self._taken:
            self._made += 1
        self._made += 1
        return id
