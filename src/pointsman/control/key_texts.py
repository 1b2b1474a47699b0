"""A key's text: `pm_`, 256 random bits and a checksum, so that a typo is noticed without asking anything."""

import re
import secrets
import zlib

KEY_PREFIX = "pm_"
RANDOM_DIGITS = 43
"""Base62 digits that hold 256 bits."""
CHECKSUM_DIGITS = 6
"""Base62 digits that hold a CRC-32: a typo or a scanner's false find is refused without any look-up."""

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(high + low for high in _BASE62 for low in _BASE62)
_SHAPE = re.compile(rf"{KEY_PREFIX}[0-9A-Za-z]{{{RANDOM_DIGITS + CHECKSUM_DIGITS}}}", re.ASCII)


def create_key() -> str:
    """Make a new key: `pm_`, 256 random bits and a checksum."""
    body = KEY_PREFIX + _to_base62(secrets.randbits(256), RANDOM_DIGITS)
    return body + _checksum(body)


def looks_like_key(text: str) -> bool:
    """Whether the text has a key's shape and checksum; needs no look-up, so anyone may ask."""
    return _SHAPE.fullmatch(text) is not None and _checksum(text[:-CHECKSUM_DIGITS]) == text[-CHECKSUM_DIGITS:]


def display_key(key: str) -> str:
    """What may be shown of a key: `pm_ab12...wxyz`."""
    return f"{key[: len(KEY_PREFIX) + 4]}...{key[-4:]}"


def create_id() -> str:
    """Make a new key's id, which is public and stays when the text changes."""
    return "key_" + _to_base62(secrets.randbits(71), 12)


def _checksum(body: str) -> str:
    crc = zlib.crc32(body.encode())
    return _PAIRS[crc // 62**4] + _PAIRS[crc // 62**2 % 62**2] + _PAIRS[crc % 62**2]


def _to_base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = _BASE62[digit] + text
    return text
