"""What may be used up and for how long, as the admin API writes it: money and times are texts, read exactly."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from pointsman.core.chat.money import InvalidMoney, parse_usd
from pointsman.core.config.sections.values import LONGEST_PERIOD_S, read_period, refuse
from pointsman.core.routing.key_budget import (
    LARGEST_NUSD,
    LONGEST_TEXT,
    InvalidBudget,
    KeyBudget,
    read_key_budget,
)
from pointsman.core.routing.key_policy import LARGEST_RATE, MOST_BUDGETS
from pointsman.server.errors import OperatorError

LONGEST_GRACE_S = 30 * 86_400

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?")


def check_budget(text: str) -> str:
    """A text that is a budget."""
    try:
        read_key_budget(text)
    except InvalidMoney as error:
        raise refuse("invalid_money", str(error)) from None
    except InvalidBudget as error:
        raise refuse("invalid_budget", str(error)) from None
    return text


def check_money(text: str) -> str:
    """A text that is an amount in dollars."""
    try:
        amount_nusd = parse_usd(text)
    except InvalidMoney as error:
        raise refuse("invalid_money", str(error)) from None
    if amount_nusd > LARGEST_NUSD:
        raise refuse("invalid_money", "it is at most $9000000")
    return text


def check_expiry(text: str) -> str:
    """A text that is a period or a moment."""
    read_moment(text, 0)
    return text


def check_grace(text: str) -> str:
    """A text that is a period of at most 30 days, or `0`."""
    read_grace(text)
    return text


BudgetText = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(check_budget)]
Budgets = Annotated[list[BudgetText], Field(max_length=MOST_BUDGETS)]
MoneyText = Annotated[str, Field(max_length=32), AfterValidator(check_money)]
Expiry = Annotated[str, Field(max_length=32), AfterValidator(check_expiry)]
Grace = Annotated[str, Field(max_length=16), AfterValidator(check_grace)]
Rate = Annotated[int, Field(ge=1, le=LARGEST_RATE)]


def read_budgets(texts: Sequence[str], *, confirm_zero: bool) -> tuple[KeyBudget, ...]:
    """Budgets that have been checked; one that stands twice counts once.

    Raises:
        OperatorError: 422 for one of nothing that nobody has confirmed.
    """
    budgets = tuple(read_key_budget(text) for text in texts)
    zero = next((place for place, budget in enumerate(budgets) if budget.limit_nusd == 0), None)
    if zero is not None and not confirm_zero:
        message = "a budget of 0 denies everything; add confirm_zero: true if that is meant"
        raise refuse_field(f"/budgets/{zero}", "invalid_money", message)
    return tuple(dict.fromkeys(budgets))


def read_moment(text: str, now_ms: int) -> int:
    """`30d` from now, or `2027-01-31` (its first second in UTC), or `2027-01-31T18:00Z`, in epoch milliseconds."""
    if not _MOMENT.fullmatch(text):
        try:
            return now_ms + read_period(text) * 1_000
        except PydanticCustomError:
            message = "write how long it works, such as 30d, or until when, such as 2027-01-31 or 2027-01-31T18:00Z"
            raise refuse("invalid_moment", message) from None
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return int(aware.timestamp() * 1_000)
    except (ValueError, OverflowError):
        raise refuse("invalid_moment", "there is no such day or time") from None


def read_expiry(text: str, now_ms: int) -> int:
    """The same for what begins now.

    Raises:
        OperatorError: 422 when that is over already, or more than ten years off.
    """
    expires_at_ms = read_moment(text, now_ms)
    if not now_ms < expires_at_ms <= now_ms + LONGEST_PERIOD_S * 1_000:
        raise refuse_field("/expires", "invalid_value", "it lies in the past, or more than ten years ahead")
    return expires_at_ms


def read_grace(text: str) -> int:
    """`24h` in milliseconds; `0` for none."""
    if text == "0":
        return 0
    period_s = read_period(text)
    if period_s > LONGEST_GRACE_S:
        raise refuse("invalid_duration", "a grace is at most 30d")
    return period_s * 1_000


def refuse_field(path: str, code: str, message: str) -> OperatorError:
    """What is wrong with one field, found after its form was checked."""
    errors: list[dict[str, object]] = [{"path": path, "code": code, "message": message}]
    return OperatorError(422, "invalid_request", "The request is not valid; see errors.", errors)
