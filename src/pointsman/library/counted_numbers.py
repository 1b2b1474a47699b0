"""Numbers that a program states of a call by itself: exact, within bounds, or refused before anything is counted."""

from decimal import Decimal, InvalidOperation
from math import isfinite
from operator import index

from pointsman.core.chat.money import NUSD_PER_USD

MOST_COST_USD = 1_000_000_000
MOST_TOKENS = 1_000_000_000_000
MOST_SECONDS = 1_000_000_000
MOST_CHARACTERS = 256
"""Of a name or a tag."""


def read_tokens(tokens: object) -> int:
    """A count of tokens.

    Raises:
        ValueError: it is no whole number, negative, or more than any call has.
    """
    try:
        count = -1 if isinstance(tokens, bool) else index(tokens)  # type: ignore[arg-type]
    except TypeError:
        count = -1
    if not 0 <= count <= MOST_TOKENS:
        raise ValueError(f"tokens are a whole number from 0 up, and at most {MOST_TOKENS:,}")
    return count


def read_cost(cost: object) -> int:
    """Dollars in nano-dollars, the nearest ones; a float is meant as it prints, so 0.1 is ten cents.

    Raises:
        ValueError: it is no number, negative, or more than any call costs.
    """
    amount = _read_decimal(cost)
    if amount is None or amount < 0 or amount > MOST_COST_USD:
        raise ValueError(f"a cost is a number of dollars from 0 up to {MOST_COST_USD:,}, or None when it is unknown")
    # Whole numbers, for the program's own decimal context may round. What is below all that counts has no such ratio
    # that could be computed in time.
    if amount.adjusted() < -12:
        return 0
    above, below = amount.as_integer_ratio()
    return (2 * above * NUSD_PER_USD + below) // (2 * below)


def read_seconds(seconds: object) -> int:
    """Seconds in whole microseconds.

    Raises:
        ValueError: it is no number, negative, or longer than any call takes.
    """
    try:
        value = float(seconds) if not isinstance(seconds, bool | str) else -1.0  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        value = -1.0
    if not isfinite(value) or not 0 <= value <= MOST_SECONDS:
        raise ValueError("a latency is a number of seconds from 0 up")
    return round(value * 1_000_000)


def read_name(name: object, what: str) -> str:
    """A name or a tag.

    Raises:
        ValueError: it is no text, or longer than names are.
    """
    if not isinstance(name, str) or len(name) > MOST_CHARACTERS:
        raise ValueError(f"{what} is a text of at most {MOST_CHARACTERS} characters")
    return name


def _read_decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or (isinstance(value, str) and len(value) > MOST_CHARACTERS):
        return None
    try:
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
    except (InvalidOperation, ValueError):  # The latter for an integer of too many digits to be printed.
        return None
    return amount if amount.is_finite() else None
