"""Recognises text that looks like a provider's key, so that no document, message or log ever holds one."""

from pointsman.core.privacy.keys import holds_key


def holds_secret(text: str) -> bool:
    """Whether some part of the text has the shape of a key."""
    return holds_key(text)
