"""Money is integer nano-dollars (1 USD = 10**9 nUSD), read from text and never through a float."""

import re

NUSD_PER_USD = 1_000_000_000
_GRAMMAR = re.compile(r"\$?([0-9]{1,7})(?:\.([0-9]{1,9}))?")


class InvalidMoney(ValueError):
    """The text is not an amount such as `"500"`, `"0.60"` or `"$15"`."""


def parse_usd(text: str) -> int:
    """Read dollars exactly: `"0.60"` is 600,000,000 nUSD.

    Raises:
        InvalidMoney: for exponents, signs, separators, other currencies, or more than nine decimals.
    """
    match = _GRAMMAR.fullmatch(text)
    if match is None or not text.isascii():
        raise InvalidMoney(f'"{text[:32]}" is not an amount in dollars; write it like "15" or "0.60"')
    whole, decimals = match.groups()
    return int(whole) * NUSD_PER_USD + int((decimals or "").ljust(9, "0"))


def format_usd(amount_nusd: int) -> str:
    """Write nano-dollars as exact decimal dollars, without trailing zeros: 600_000_000 is `"0.6"`."""
    sign = "-" if amount_nusd < 0 else ""
    whole, rest = divmod(abs(amount_nusd), NUSD_PER_USD)
    decimals = f"{rest:09d}".rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
