"""The last look at what is about to be said: no value of a secret that is known here gets past it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.diagnosis.finding import Finding

FEWEST_CHARACTERS = 6
"""Shorter values are part of ordinary words."""

MOST_SHOWN = 64
"""Characters of somebody's text that a message repeats."""

HIDDEN = "[hidden]"

_WORD = re.compile(r"[^\s\"'`,;()\[\]{}]+")
_NAMES_A_SECRET = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|PEPPER)S?\Z", re.IGNORECASE)


def list_secrets(*variables: Mapping[str, str]) -> frozenset[str]:
    """The values of all variables that are called like a secret, and the passwords within URLs."""
    found: set[str] = set()
    for name, value in (item for mapping in variables for item in mapping.items()):
        if _NAMES_A_SECRET.search(name):
            found |= {value, value.strip()}
        found |= _find_password(value)
    return frozenset(value for value in found if len(value) >= FEWEST_CHARACTERS)


def hide_secrets(findings: Iterable[Finding], secrets: Iterable[str]) -> list[Finding]:
    """The findings without any secret value, and without any word that has the shape of a key."""
    # The longest first: one may be the beginning of another.
    values = sorted(secrets, key=len, reverse=True)
    return [
        replace(finding, message=_hide(finding.message, values), next=_hide(finding.next, values))
        if finding.next is not None
        else replace(finding, message=_hide(finding.message, values))
        for finding in findings
    ]


def name_url(url: str) -> str:
    """A URL as it may be shown: scheme, host and port, no user, no path and no query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "what is not a URL"
    if parts.scheme not in ("http", "https") or not host or not host.isprintable():
        return "what is not a URL"
    written = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{written}" + (f":{port}" if port else "")


def _hide(text: str, values: list[str]) -> str:
    for value in values:
        text = text.replace(value, HIDDEN)
    return _WORD.sub(lambda word: HIDDEN if holds_secret(word[0]) else word[0], text)


def _find_password(value: str) -> set[str]:
    if "://" not in value or "@" not in value:
        return set()
    user_info = value.partition("://")[2].rpartition("@")[0]
    return {user_info, user_info.partition(":")[2]}


def show_text(text: str) -> str:
    """Somebody's text within a message: short, printable, and never a key."""
    if holds_secret(text):
        return "what looks like a key"
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text[:MOST_SHOWN])
    return f"{shown}..." if len(text) > MOST_SHOWN else shown
