"""Labels say how private a request is; they only rise, and each sink takes requests up to its clearance."""

from typing import Literal

Label = Literal["low", "medium", "high"]

LABELS: tuple[Label, ...] = ("low", "medium", "high")
"""From the least private to the most private."""

_RANKS: dict[Label | None, int] = {None: 0, "low": 0, "medium": 1, "high": 2}


def raise_label(*labels: Label | None) -> Label:
    """The most private of several labels; `None` says nothing."""
    return LABELS[max((_RANKS[label] for label in labels), default=0)]


def is_cleared(label: Label, clearance: Label) -> bool:
    """Whether a request of this label may go to a sink of that clearance."""
    return _RANKS[label] <= _RANKS[clearance]
