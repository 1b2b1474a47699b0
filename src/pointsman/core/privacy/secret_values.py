"""Secrets: keys by their shape, and values that a word such as `password` announces; a name of a secret is none."""

import re
from collections.abc import Iterator

from pointsman.core.privacy.entities import Find
from pointsman.core.privacy.keys import find_keys, has_digit, has_letter, looks_random
from pointsman.core.privacy.reading import Reading

_PASSWORD_WORDS = (b"pass", b"pwd", b"kennwort", b"contrase", b"senha")
_KEY_WORDS = (b"secret", b"token", b"key", b"authorization", b"credential", b"sig=")
_KINDS_OF_KEYS = tuple(
    f"{kind}{joint}".encode()
    for kind in ("api", "access", "account", "private", "secret", "auth", "signing", "encryption", "master", "service")
    for joint in ("", "_", "-", " ")
)
"""What makes a key a secret one: those of tables and caches are not."""

_CARRIERS = (b"bearer ", b"basic ")
_VALUE = rb"""(?P<quote>["'`]?)(?P<value>[^\s"'`,;<>(){}\[\]\\]{4,200})"""
_REST = (
    rb"""[s0-9]{0,2}(?:[_-](?:value|hash|id|key))?\\?["'\])*`]{0,3}[ \t]{0,8}"""
    rb"""(?::=|=>|[:=]|(?<=[ ])(?:is|was|ist|est|es|to)(?=[ :]))[ \t:]{0,8}(?:(?:bearer|basic)[ ]{1,4})?\\?"""
)
_AFTER_PASSWORD = re.compile(rb"(?:word|wort|wd|phrase|code|e|.{1,2}a)?" + _REST + _VALUE)
_AFTER_KEY = re.compile(
    rb"(?<!sig=)" + _REST + _VALUE + rb"|(?<=sig=)(?P<quoted>)(?P<signature>[a-z0-9%+/=_-]{20,200})"
)
_PASSWORD_ALONE = re.compile(rb"(?:word|wort|wd|phrase|code)(?P<quote>)[ ](?P<value>[^\s\"'`,;<>(){}\[\]\\]{8,64})")
_CARRIED = re.compile(rb"[ ]{0,3}(?P<value>[a-z0-9._~+/=-]{16,2000})")
_IN_URL = re.compile(rb"://[^\s/@:\"'<>]{0,64}:(?P<value>[^\s/@\"'<>]{3,128})@[A-Za-z0-9\[_.-]")

_NO_VALUE = re.compile(
    rb"example|change.?me|placeholder|redacted|dummy|your[-_.]?|x{4,}|\*{3,}|\.{3,}|^(?:string|password|passwd|pass|secret"
    rb"|token|none|null|true|false|undefined|required|optional|hidden|masked|test|foo|bar|n/a|unset|empty)[0-9]?$"
    rb"|^[$%:@#&]|^[-/~.]|^self\.|^os\.|^process\.|^env[.:]|^https?:|://"
)
_NO_NAME = re.compile(rb"[a-z][A-Z]|[A-Z][a-z]{1,30}[0-9]|[!#$%&*+?@^~]")
_OTHER_TOKEN = re.compile(rb"(?:page|next|sync|continuation|cursor|eos|bos|pad|unk|sep|cls|mask|csrf|xsrf)[_-]?$")
_ALPHANUMERIC = bytes(range(0x30, 0x3A)) + bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B))


def find_secrets(reading: Reading) -> Iterator[Find]:
    """Secrets: first those with a shape, then the announced ones, then those of URLs."""
    raw = reading.raw
    for key in find_keys(raw):
        if not key.is_plain or looks_random(raw[key.start : key.end]):
            yield Find("secret", key.start, key.end)
    lower = raw.lower()
    yield from _find_passwords(raw, lower)
    yield from _find_announced_keys(raw, lower)
    yield from _find_carried(raw, lower)
    if b"://" in raw:
        for found in _IN_URL.finditer(raw):
            if not _NO_VALUE.search(found["value"].lower()):
                yield Find("secret", *found.span("value"))


def _list_ends(lower: bytes, words: tuple[bytes, ...]) -> Iterator[int]:
    """Where the words end, word by word."""
    for word in words:
        at = lower.find(word)
        while at >= 0:
            yield at + len(word)
            at = lower.find(word, at + len(word))


def _find_passwords(raw: bytes, lower: bytes) -> Iterator[Find]:
    for end in _list_ends(lower, _PASSWORD_WORDS):
        found = _AFTER_PASSWORD.match(lower, end)
        alone = None if found else _PASSWORD_ALONE.match(lower, end)
        if found is not None and _is_value(raw, found):
            start, end = found.span("value")
            if _is_password(raw[start:end], bool(found["quote"])):
                yield Find("secret", start, end)
        elif alone is not None and _is_value(raw, alone):
            start, end = alone.span("value")
            # Right after the word, without a sign between, stand names such as sha256 too.
            if _is_password(raw[start:end], False) and _NO_NAME.search(raw[start:end]):
                yield Find("secret", start, end)


def _find_announced_keys(raw: bytes, lower: bytes) -> Iterator[Find]:
    for end in _list_ends(lower, _KEY_WORDS):
        if lower[end - 3 : end] == b"key" and not lower[max(0, end - 16) : end - 3].endswith(_KINDS_OF_KEYS):
            continue
        found = _AFTER_KEY.match(lower, end)
        if found is None:
            continue
        if found["signature"] is not None:
            yield Find("secret", *found.span("signature"))
        elif _is_value(raw, found) and not _OTHER_TOKEN.search(lower[max(0, end - 20) : end - 5]):
            start, end = found.span("value")
            if len(set(raw[start:end])) >= 6 and end - start >= 12 and looks_random(raw[start:end]):
                yield Find("secret", start, end)


def _find_carried(raw: bytes, lower: bytes) -> Iterator[Find]:
    """What follows the schemes of HTTP."""
    for end in _list_ends(lower, _CARRIERS):
        found = _CARRIED.match(lower, end)
        if found is not None and looks_random(raw[found.start("value") : found.end("value")]):
            yield Find("secret", *found.span("value"))


def _is_value(raw: bytes, found: re.Match[bytes]) -> bool:
    """Whether a value is written out: closed where it was opened, no call, no name of a variable, no placeholder."""
    after = raw[found.end("value") : found.end("value") + 1]
    if found["quote"] and after not in (found["quote"], b"\\"):
        return False
    return after not in (b"(", b"[", b"{", b"<") and not _NO_VALUE.search(found["value"])


def _is_password(value: bytes, is_quoted: bool) -> bool:
    """Whether a value after a word for password is one, and no type, name or label."""
    is_mixed = has_letter(value) and has_digit(value)
    if not is_quoted:
        return is_mixed and len(value) >= 6
    has_sign = bool(value.translate(None, _ALPHANUMERIC + b"-_."))
    return (
        is_mixed
        or (has_sign and has_letter(value))
        or (len(value) >= 6 and has_digit(value))
        or (len(value) >= 10 and value.islower())
    )
