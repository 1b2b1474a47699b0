"""Amounts as other forms write them, turned into the document's exactly; what cannot be is left for it to refuse."""

import re
from decimal import Decimal

from pointsman.core.config.forms.draft import build_text
from pointsman.core.config.nodes import Node, ScalarNode

_DECIMAL = re.compile(r"\$?([0-9]{1,18}(?:\.[0-9]{1,30})?)")
_WITH_EXPONENT = re.compile(r"[0-9]{1,18}(?:\.[0-9]{0,30})?(?:[eE][-+]?[0-9]{1,2})?")
_GROUPED = re.compile(r"\$?[0-9]{1,3}(?:,[0-9]{3}){1,5}(?:\.[0-9]{1,9})?")
_PERIOD = re.compile(r"([0-9]{1,9})[_ -]?(hour|day|week)s?(?:_max)?")
_UNITS = {"hour": (1, "h"), "day": (1, "d"), "week": (7, "d")}

MOST_SECONDS = 86_400


def scale_price(node: Node, factor: int, *, exponents: bool = False) -> Node:
    """A price per fewer tokens as one per million, from its text and never through a float.

    Args:
        node: as written, such as `0.015`.
        factor: how many times as much a million tokens cost.
        exponents: whether the form writes prices such as `2.5e-06`.
    """
    text = node.text.strip() if isinstance(node, ScalarNode) and not isinstance(node.value, bool) else ""
    plain = _DECIMAL.fullmatch(text)
    if plain is not None:
        amount = Decimal(plain[1])
    elif exponents and _WITH_EXPONENT.fullmatch(text):
        amount = Decimal(text)
    else:
        return node
    return build_text(node.place, format_decimal(amount * factor))


def read_grouped_money(node: Node) -> Node:
    """`"$15,000"` as `"$15000"`: commas between groups of three digits mean nothing."""
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and _GROUPED.fullmatch(node.value):
        return ScalarNode(node.place, node.text, node.value.replace(",", ""))
    return node


def read_spelt_period(node: Node) -> Node:
    """`90_days` and `7_days_max` as `90d` and `7d`."""
    match = _PERIOD.fullmatch(node.value) if isinstance(node, ScalarNode) and isinstance(node.value, str) else None
    if match is None:
        return node
    count, unit = _UNITS[match[2]]
    return ScalarNode(node.place, match[0], f"{int(match[1]) * count}{unit}")


def read_seconds(node: Node) -> Node:
    """A number of seconds as a duration with its unit, in whole milliseconds."""
    if (
        not isinstance(node, ScalarNode)
        or isinstance(node.value, bool | str)
        or not isinstance(node.value, int | float)
    ):
        return node
    if not 0 < node.value <= MOST_SECONDS:
        return node
    duration_ms = int(Decimal(node.text) * 1_000)
    text = f"{duration_ms}ms" if duration_ms % 1_000 else f"{duration_ms // 1_000}s"
    return ScalarNode(node.place, node.text, text)


def format_decimal(amount: Decimal) -> str:
    """An exact decimal without an exponent and without trailing zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
