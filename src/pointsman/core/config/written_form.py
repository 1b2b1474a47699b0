"""Writes values of the document back in the form in which they are written: `5s`, `80%`, `256MiB`, `"0.60"`."""

from collections.abc import Callable
from decimal import Decimal

from pointsman.core.chat.money import format_usd
from pointsman.core.config.sections.values import (
    MILLION,
    read_duration,
    read_money,
    read_period,
    read_ratio,
    read_size,
)

_UNITS_MS = (("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
_UNITS_S = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_UNITS_BYTES = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("B", 1))


def write_duration(duration_ms: int) -> str:
    """Milliseconds in the largest unit that fits: `5s`."""
    return _write_in_unit(duration_ms, _UNITS_MS)


def write_period(period_s: int) -> str:
    """Seconds in the largest unit that fits: `30d`."""
    return _write_in_unit(period_s, _UNITS_S)


def write_size(size_bytes: int) -> str:
    """Bytes in the largest unit that fits: `256MiB`."""
    return _write_in_unit(size_bytes, _UNITS_BYTES)


def write_ratio(millionths: int) -> str:
    """Millionths as a percentage: `95%`."""
    percent = format((Decimal(millionths) * 100 / MILLION).normalize(), "f")
    return f"{percent}%"


def write_money(amount_nusd: int) -> str:
    """Nano-dollars as exact dollars: `0.6`."""
    return format_usd(amount_nusd)


WRITERS: dict[Callable[[object], int], Callable[[int], str]] = {
    read_duration: write_duration,
    read_period: write_period,
    read_size: write_size,
    read_ratio: write_ratio,
    read_money: write_money,
}
"""What writes the values that a grammar of `sections/values.py` reads."""


def _write_in_unit(quantity: int, units: tuple[tuple[str, int], ...]) -> str:
    unit, size = next((unit, size) for unit, size in units if quantity % size == 0)
    return f"{quantity // size}{unit}"
