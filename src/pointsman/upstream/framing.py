"""How the body of an answer ends, read from its head; a head that leaves this in doubt is refused, never guessed at."""

from collections.abc import Iterable

_BODYLESS = (204, 304)


class UnacceptableAnswer(Exception):
    """The provider's answer is well-formed as far as it came, and the gateway does not take it."""


def ends_with_connection(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether only the end of the connection ends the body.

    A length beside a transfer encoding and a second length have been refused by the parser.

    Raises:
        UnacceptableAnswer: for a body that is encoded in a way nobody asked for.
    """
    has_length = False
    is_chunked = False
    for name, value in headers:
        if name == b"content-length":
            has_length = True
        elif name == b"transfer-encoding":
            if is_chunked or value.lower() != b"chunked":
                raise UnacceptableAnswer("its transfer-encoding is not just chunked")
            is_chunked = True
        elif name == b"content-encoding" and value.lower() not in (b"", b"identity"):
            raise UnacceptableAnswer("its body is compressed, though identity was asked for")
    return not (has_length or is_chunked or status in _BODYLESS)
