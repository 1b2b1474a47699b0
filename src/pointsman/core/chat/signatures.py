"""Carries a provider's signature of a thought through a client whose format is another's, and back unharmed."""

import base64
import re

_MARK = "pointsman."
_IN_JSON = re.compile(rb'"(?:pointsman\.[a-z_]+\.|%b)' % base64.b64encode(b"pointsman"))
"""Where a format demands base64, the mark is a part of what is packed."""


def holds_foreign(body: bytes) -> bool:
    """Whether a client's request may bring back a signature of another format than its own; text may look like one."""
    return _IN_JSON.search(body) is not None


def wrap_signature(signature: str, origin: str, client: str) -> str:
    """A signature as a client of the format `client` gets it: its own as it is, any other with its origin before it."""
    return signature if not signature or origin == client else f"{_MARK}{origin}.{signature}"


def unwrap_signature(signature: str, client: str) -> tuple[str, str]:
    """The signature that a client of the format `client` sends back, and the format whose providers understand it."""
    if signature.startswith(_MARK):
        origin, dot, inner = signature[len(_MARK) :].partition(".")
        if dot:
            return inner, origin
    return signature, client if signature else ""
