"""Budgets must not contradict one another: no day's eats up the month, no limit keeps another out of reach."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.config.checks.budgets import WHOLE_SCOPES
from pointsman.core.config.checks.subject import Subject
from pointsman.core.config.problems import quote
from pointsman.core.config.read_document import Written
from pointsman.core.config.sections.routing import Budget
from pointsman.core.config.snapshot import Model

Lowest = Mapping[str, Written[Budget]]
"""The lowest budget of each scope, for one window."""

SHORTEST_MONTH = 28
"""A month's money that lasts so long may be meant to."""

_WINDOWS = {"hour": 0, "day": 1, "week": 2, "month": 3}
"""From the shortest; a week may reach into the next month, so the two are not compared. Rolling windows are
not compared at all: one may lie across two of the calendar's."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What may be spent in a day, and in a month, on one part of a whole; `month_nusd` is `None` without a limit."""

    day_nusd: int
    month_nusd: int | None

    def spend_by(self, day: int) -> int:
        """All that this part may have cost at the end of a day of the month, in nano-dollars."""
        spent = self.day_nusd * day
        return spent if self.month_nusd is None else min(spent, self.month_nusd)


def check_spending(subject: Subject) -> None:
    """Note months that a day's budgets eat up, and limits that another one makes meaningless."""
    budgets = [written for written in subject.document.budgets if written.value.limit]
    months, days = _find_lowest(budgets, "month"), _find_lowest(budgets, "day")
    for scope, month in months.items():
        if scope in days:
            _check_month(month, days[scope].value.limit, subject)
        elif scope in WHOLE_SCOPES:
            _check_parts(month, days, months, subject)
    stopping = [written for written in budgets if written.value.on_exceed != "alert"]
    ends = {window: _find_lowest(stopping, window) for window in _WINDOWS}
    paid = {model.deployment.provider for model in subject.snapshot.models.values() if model.enabled and _costs(model)}
    for written in budgets:
        if written.value.window not in _WINDOWS:
            continue
        _check_reach(written, ends, subject)
        if written.value.scope in WHOLE_SCOPES:
            _check_sum(written, ends[written.value.window], paid, subject)


def find_day_of_end(month_nusd: int, spend_by: Callable[[int], int]) -> int | None:
    """The day of the month on which its money is spent, or `None` when it lasts through the shortest month."""
    return next((day for day in range(1, SHORTEST_MONTH) if spend_by(day) >= month_nusd), None)


def _find_lowest(budgets: Sequence[Written[Budget]], window: str) -> dict[str, Written[Budget]]:
    """The lowest budget of each scope for a window."""
    found: dict[str, Written[Budget]] = {}
    for written in budgets:
        lowest = found.get(written.value.scope)
        if written.value.window == window and (lowest is None or written.value.limit < lowest.value.limit):
            found[written.value.scope] = written
    return found


def _check_month(month: Written[Budget], day_nusd: int, subject: Subject) -> None:
    limit = month.value.limit
    if day_nusd > limit:
        return  # The day's budget is the one that means nothing, and is noted so.
    day = find_day_of_end(limit, Rate(day_nusd, None).spend_by)
    if day is not None:
        message = (
            f"at {_dollars(day_nusd)} a day, which the day's budget allows, the {_dollars(limit)} of the month are"
            f" spent on day {day}; lower the one or raise the other"
        )
        subject.findings.add(month.place_of("limit"), "budget_contradiction", message, severity="warning")


def _check_parts(
    month: Written[Budget], days: dict[str, Written[Budget]], months: dict[str, Written[Budget]], subject: Subject
) -> None:
    """Compare a month's budget over everything with the days' budgets of its providers."""
    limit = month.value.limit
    parts = [
        scope for scope in days if scope.startswith("provider:") and month.value.scope in _list_wider(scope, subject)
    ]
    rates = [Rate(days[scope].value.limit, months[scope].value.limit if scope in months else None) for scope in parts]
    day_nusd = sum(rate.day_nusd for rate in rates)
    day = find_day_of_end(limit, lambda day: day_nusd * day)
    capped_day = find_day_of_end(limit, lambda day: sum(rate.spend_by(day) for rate in rates))
    # The providers' own months may keep the whole from ever being spent early: then nothing is wrong.
    if day is None or capped_day is None:
        return
    put_off = f" (day {capped_day} with the months' budgets of the providers)" if capped_day != day else ""
    message = (
        f"the days' budgets of {len(parts)} providers come to {_dollars(day_nusd)}; at that rate the {_dollars(limit)}"
        f" of the month last {day - 1} whole days and are spent on day {day}{put_off};"
        " lower the ones or raise the other"
    )
    subject.findings.add(month.place_of("limit"), "budget_contradiction", message, severity="warning")


def _check_reach(written: Written[Budget], ends: Mapping[str, Lowest], subject: Subject) -> None:
    """Note a limit that can never be reached, because a lower one stands over it for at least as long a time."""
    mine = written.value
    for scope in (mine.scope, *_list_wider(mine.scope, subject)):
        for window, lowest in ends.items():
            other = lowest.get(scope)
            # Of two with one scope and window, one may warn and the other stop.
            if other is None or (scope, window) == (mine.scope, mine.window):
                continue
            above = other.value
            if above.limit < mine.limit and _lasts_as_long(window, mine.window):
                message = (
                    f"{_dollars(mine.limit)} per {mine.window} can never be reached: {quote(scope)} ends at"
                    f" {_dollars(above.limit)} per {window}; lower this limit or raise that one"
                )
                subject.findings.add(written.place_of("limit"), "budget_contradiction", message, severity="warning")
                return


def _check_sum(whole: Written[Budget], ends: Lowest, paid: Set[str], subject: Subject) -> None:
    """Note a limit over everything that the limits of all its providers together never let be reached.

    Args:
        whole: over all, or over all in the cloud.
        ends: the budgets of the same window that stop requests.
        paid: the providers whose models may cost anything.
        subject: the document.
    """
    limit = whole.value.limit
    providers = paid & subject.cloud_providers if whole.value.scope == "cloud" else paid
    limits = [ends[scope].value.limit for name in providers if (scope := f"provider:{name}") in ends]
    if len(limits) < 2 or len(limits) < len(providers) or sum(limits) >= limit:
        return  # With one provider there is nothing to add up, and one without a limit may take all.
    message = (
        f"{_dollars(limit)} per {whole.value.window} can never be reached: the limits of the {len(limits)} providers"
        f" come to {_dollars(sum(limits))}; lower this limit or raise those"
    )
    subject.findings.add(whole.place_of("limit"), "budget_contradiction", message, severity="warning")


def _costs(model: Model) -> bool:
    return model.prices is None or bool(model.prices.input_nusd or model.prices.output_nusd)


def _lasts_as_long(above: str, mine: str) -> bool:
    return {above, mine} != {"week", "month"} and _WINDOWS[above] >= _WINDOWS[mine]


def _list_wider(scope: str, subject: Subject) -> list[str]:
    """The scopes that count all that this one counts."""
    if scope == "total":
        return []
    kind, _, name = scope.partition(":")
    model = subject.snapshot.models.get(name) if kind == "model" else None
    provider = model.deployment.provider if model else name if kind == "provider" else None
    wider = [f"provider:{provider}"] if model else []
    wider += ["cloud"] if provider in subject.cloud_providers else []
    return [*wider, "total"]


def _dollars(nusd: int) -> str:
    dollars, rest = divmod(nusd, NUSD_PER_USD)
    return f"${dollars:,}" + (f".{rest:09d}".rstrip("0") if rest else "")
