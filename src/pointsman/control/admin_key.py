"""The operator's key: compared in constant time, and never one that could be guessed."""

import hmac
import math
import re
import secrets

SALT_BYTES = 32
MINIMUM_BITS = 128
_FEWEST_CHARACTERS = 22
_FEWEST_DIFFERENT = 8
_WELL_KNOWN = frozenset(
    {
        "admin",
        "changeme",
        "default",
        "demo",
        "example",
        "letmein",
        "master",
        "password",
        "pointsman",
        "qwerty",
        "secret",
        "sk-1234",
        "test",
        "token",
        "your-key-here",
    }
)
_ALPHABETS = (
    (re.compile(r"[0-9]+"), 10),
    (re.compile(r"[0-9a-f]+|[0-9A-F]+"), 16),
    (re.compile(r"[a-z]+|[A-Z]+"), 26),
    (re.compile(r"[0-9a-z]+|[0-9A-Z]+"), 36),
    (re.compile(r"[0-9A-Za-z]+"), 62),
)
"""Which characters a text is made of, and how many of that kind there are."""


class AdminKey:
    """The operator's key; compared by digest, so that neither its text nor its length shows in the time taken."""

    def __init__(self, key: str) -> None:
        self._salt = secrets.token_bytes(SALT_BYTES)
        self._digest = self._salted_digest(key)

    def matches(self, presented: str) -> bool:
        """Whether this is the operator's key."""
        return hmac.compare_digest(self._salted_digest(presented), self._digest)

    def _salted_digest(self, key: str) -> bytes:
        return hmac.digest(self._salt, key.encode(errors="surrogatepass"), "sha256")


def weak_reason(key: str) -> str | None:
    """Why an operator's key is too easy to guess, as a sentence continues after "it"; `None` when it is strong.

    The estimate takes its characters as random ones of the smallest usual alphabet that has them all.
    """
    plain = key.casefold()
    if any(word in plain and len(key) - len(word) < _FEWEST_CHARACTERS for word in _WELL_KNOWN):
        return "is, or is little more than, a well-known password"
    if len(key) < _FEWEST_CHARACTERS:
        return f"has fewer than {_FEWEST_CHARACTERS} characters"
    if len(set(key)) < _FEWEST_DIFFERENT:
        return f"has fewer than {_FEWEST_DIFFERENT} different characters"
    if key in (key + key)[1:-1]:
        return "repeats itself"
    alphabet = next((size for pattern, size in _ALPHABETS if pattern.fullmatch(key)), 94)
    fewest = math.ceil(MINIMUM_BITS / math.log2(alphabet))
    if len(key) < fewest:
        return f"has fewer than {MINIMUM_BITS} bits; of such characters it needs {fewest}"
    return None
