"""Arguments of a call that come in pieces; whether they are whole is found out without reading them again and again."""

import msgspec

_decode = msgspec.json.Decoder().decode


class GrowingArguments:
    """The arguments of one call so far."""

    __slots__ = ("_pieces", "_size", "_size_read")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._size_read = 0

    def add(self, piece: str) -> None:
        """Take more of them."""
        self._pieces.append(piece)
        self._size += len(piece)

    def join(self) -> str:
        """All of them."""
        return "".join(self._pieces)

    def are_whole(self) -> bool:
        """Whether they are an object to its end; a no holds until they have doubled, so that asking costs little."""
        if self._size < max(2 * self._size_read, 2):
            return False
        self._size_read = self._size
        try:
            return type(_decode(self.join())) is dict
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return False
