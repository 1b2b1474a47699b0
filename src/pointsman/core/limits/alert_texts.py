"""An alert in words and in JSON, the same to the log, to a webhook and to whoever lists them."""

from decimal import Decimal

from pointsman.core.chat.money import format_usd
from pointsman.core.limits.alerts import LEDGER_DRIFT, Alert, NewAlert
from pointsman.core.limits.scopes import OnExceed
from pointsman.core.limits.zone_times import write_in_zone

_CONSEQUENCES: dict[OnExceed, str] = {
    "deny": "requests are refused once it is used up",
    "local_only": "requests go to local models only once it is used up",
    "budget_mode": "requests go to the model for saving",
    "cheaper": "requests go to cheaper models once it is used up",
    "alert": "nothing is refused",
}
_MILLION = 1_000_000


def write_message(what: NewAlert) -> str:
    """A sentence that says what happened and what to do."""
    spent, limit = format_usd(what.spent_nusd), format_usd(what.limit_nusd)
    if what.kind == LEDGER_DRIFT:
        return (
            f"The books do not agree about {what.scope} per {what.window}: ${spent} were counted, and the ledger has"
            f" ${limit}. Nothing was corrected; keep the log, and tell the makers of Pointsman."
        )
    consequence = next((text for name, text in _CONSEQUENCES.items() if name == what.on_exceed), "")
    end = write_in_zone(what.end_ms, what.time_zone)
    return (
        f'The budget "{what.budget}" ({what.scope} per {what.window}) has reached {write_percent(what.share)} of its'
        f" ${limit}: ${spent} are spent, and the window ends at {end}; {consequence}. See: pointsman budgets"
    )


def write_share(share: int) -> str:
    """Millionths as an exact decimal: `0.8`."""
    return str(Decimal(share) / _MILLION)


def write_percent(share: int) -> str:
    """Millionths as people say them: `80%`."""
    return f"{(Decimal(share) / 10_000).normalize():f}%"


def view_alert(alert: Alert) -> dict[str, object]:
    """All that there is to know of one; money and shares are exact texts, times ISO 8601."""
    what = alert.what
    view: dict[str, object] = {
        "id": alert.id,
        "kind": what.kind,
        "message": write_message(what),
        "budget": what.budget,
        "scope": what.scope,
        "window": {
            "kind": what.window,
            "start": write_in_zone(what.start_ms, what.time_zone),
            "end": write_in_zone(what.end_ms, what.time_zone),
            "time_zone": what.time_zone,
        },
        "share": write_share(what.share),
        "limit_usd": format_usd(what.limit_nusd),
        "spent_usd": format_usd(what.spent_nusd),
        "on_exceed": what.on_exceed or None,
        "raised_at": _write_time(alert.raised_at_ms),
    }
    return view


def view_state(alert: Alert) -> dict[str, object]:
    """What became of one: whether it was told, and whether somebody has seen it."""
    return {
        "told_at": _write_time(alert.told_at_ms),
        "given_up_at": _write_time(alert.given_up_at_ms),
        "tries": alert.tries,
        "acknowledged_at": _write_time(alert.acknowledged_at_ms),
        "acknowledged_by": alert.acknowledged_by or None,
    }


def _write_time(at_ms: int | None) -> str | None:
    return None if at_ms is None else write_in_zone(at_ms, "UTC")
