"""What a key, a team or a user may spend, on one line: `$5/day`, `$100/month Europe/Berlin`, `$20/week alert`."""

import re
from typing import Annotated, cast, get_args

import msgspec

from pointsman.core.chat.money import NUSD_PER_USD, InvalidMoney, format_usd, parse_usd
from pointsman.core.limits.scopes import OnExceed
from pointsman.core.limits.windows import WindowKind, has_time_zone

LARGEST_NUSD = 9_000_000 * NUSD_PER_USD
"""Per window; far beyond what is meant, and far below where 64 bits end."""

LONGEST_ZONE = 64
LONGEST_TEXT = 128

_WINDOWS: tuple[str, ...] = get_args(WindowKind)
_ENDS: tuple[str, ...] = get_args(OnExceed)
_SHAPE = re.compile(r"([^/\s]+)/([a-z_]+)(?: ([A-Za-z0-9_+/-]+))?(?: ([a-z_]+))?")


class InvalidBudget(ValueError):
    """The text is no budget; the message says how to write one."""


class KeyBudget(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What may be spent in each window.

    Attributes:
        limit_nusd: nano-dollars per window; 0 lets nothing through.
        window: the window.
        time_zone: the IANA zone whose clock it goes by.
        on_exceed: what happens to requests once it is used up.
    """

    limit_nusd: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUSD)]
    window: WindowKind
    time_zone: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ZONE)] = "UTC"
    on_exceed: OnExceed = "deny"


def read_key_budget(text: str) -> KeyBudget:
    """An amount in dollars and a window; behind them a time zone, and what happens beyond it, where not as usual.

    Raises:
        InvalidMoney: when the amount is none, or more than any window may have.
        InvalidBudget: when anything else is wrong.
    """
    if len(text) > LONGEST_TEXT or (match := _SHAPE.fullmatch(text)) is None:
        raise InvalidBudget('write an amount and a window, such as "$5/day" or "$100/month Europe/Berlin"')
    amount, window, *further = (part for part in match.groups() if part is not None)
    limit_nusd = parse_usd(amount)
    if limit_nusd > LARGEST_NUSD:
        raise InvalidMoney("a budget is at most $9000000 per window")
    if window not in _WINDOWS:
        raise InvalidBudget(f"the window is one of {', '.join(_WINDOWS)}")
    on_exceed = further.pop() if further and further[-1] in _ENDS else "deny"
    time_zone = further.pop() if further else "UTC"
    if further or len(time_zone) > LONGEST_ZONE or not has_time_zone(time_zone):
        raise InvalidBudget(
            "behind the window stand a time zone, such as Europe/Berlin, and what happens beyond the budget:"
            f" {', '.join(_ENDS)}"
        )
    return KeyBudget(limit_nusd, cast(WindowKind, window), time_zone, cast(OnExceed, on_exceed))


def write_key_budget(budget: KeyBudget) -> str:
    """The same as text; what is as usual is left out."""
    zone = "" if budget.time_zone == "UTC" else f" {budget.time_zone}"
    end = "" if budget.on_exceed == "deny" else f" {budget.on_exceed}"
    return f"${format_usd(budget.limit_nusd)}/{budget.window}{zone}{end}"
