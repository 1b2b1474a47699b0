"""Ids of calls in the letters that a provider takes: the same for the same, and another one for another one."""

import re
from hashlib import sha256

MOST_ID_CHARACTERS = 64
_FITTING = re.compile(r"[A-Za-z0-9_-]{1,64}\Z", re.ASCII)
_OTHER = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
_KEPT_CHARACTERS = 47
_HASH_CHARACTERS = 16


def fit_call_id(id: str) -> str:
    """The id as it is where it has 1 to 64 letters, digits, _ or -, else what can be kept of it and a hash."""
    if _FITTING.match(id):
        return id
    digest = sha256(id.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARACTERS]
    return f"{_OTHER.sub('_', id[:_KEPT_CHARACTERS])}-{digest}"
