"""What one value may take in the database: nothing that came from outside is kept without a bound."""

import json
from collections.abc import Mapping

from pointsman.core.ports import MOST_LISTED
from pointsman.storage.usage_rows import storable_text

MOST_CHARACTERS = 4_096
"""Of a name or a reason."""

MOST_VALUE_BYTES = 4_096
"""Of what an override sets; less than the audit keeps, so that it always says what was set."""

MOST_DETAILS_BYTES = 8_192
"""Of what one audit row says beside its columns."""

LARGEST_NUMBER = 2**63 - 1


def bounded_text(text: str) -> str:
    """The text as any SQL store can keep it.

    Raises:
        ValueError: when it is too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"a name or reason has more than {MOST_CHARACTERS:,} characters; shorten it")
    return storable_text(text)


def encode_value(value: Mapping[str, object]) -> str:
    """What an override sets, as JSON in ASCII.

    Raises:
        ValueError: when it is too large or holds NaN or infinity.
        TypeError: when it holds anything else that JSON cannot.
    """
    text = _encode(value)
    if len(text) > MOST_VALUE_BYTES:
        raise ValueError(
            f"an override sets more than {MOST_VALUE_BYTES:,} bytes of JSON; put it into the configuration"
        )
    return text


def encode_details(details: Mapping[str, object]) -> str:
    """Details of an audit row as JSON in ASCII; those that do not fit are left out and counted.

    Raises:
        ValueError, TypeError: when they hold what JSON cannot.
    """
    kept: dict[str, object] = {}
    free = MOST_DETAILS_BYTES
    for name, value in details.items():
        size = len(_encode({name: value}))
        if size <= free:
            kept[name] = value
            free -= size
    left_out = len(details) - len(kept)
    return _encode(kept | {"left_out": left_out} if left_out else kept)


def decode_object(text: str) -> dict[str, object]:
    """What `encode_value` or `encode_details` wrote."""
    decoded: dict[str, object] = json.loads(text)
    return decoded


def bounded_number(number: int) -> int:
    """The number, or the nearest one that any SQL store can compare with."""
    return max(-LARGEST_NUMBER, min(number, LARGEST_NUMBER))


def check_limit(limit: int) -> None:
    """Let only so much be asked for at once.

    Raises:
        ValueError: when it is not 1 to `MOST_LISTED`.
    """
    if not 1 <= limit <= MOST_LISTED:
        raise ValueError(f"ask for 1 to {MOST_LISTED} at once, not {limit}")


def _encode(value: Mapping[str, object]) -> str:
    # ASCII, because what clients send may hold lone surrogates and NUL, which no column takes as they are.
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
