"""`GET /api/v1/budgets` and `/api/v1/limits`: how much of each is used, and what a budget's window will come to."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Annotated, Protocol

import msgspec
from fastapi import APIRouter, Query, Response

from pointsman.control.budget_rows import BudgetRow, LimitRow, list_budget_rows, list_limit_rows, write_scope
from pointsman.core.chat.money import format_usd
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.limits.alert_texts import write_share
from pointsman.core.limits.forecast import BudgetState
from pointsman.core.limits.in_use import RateUse, WindowUse
from pointsman.core.limits.scopes import Scope
from pointsman.core.limits.zone_times import write_in_zone

MOST_ROWS = 1_000
MOST_NAMED = 100_000

_encode = msgspec.json.encode

Name = Annotated[str | None, Query(min_length=1, max_length=1_024)]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS)]
Cursor = Annotated[int, Query(ge=0, le=MOST_NAMED, description="the `next` of the page before")]


class UsedLimits(Protocol):
    """Whoever counts."""

    def list_windows(self, now_ms: int) -> list[WindowUse]:
        """Each budget's window that it is now."""

    def limits_in_use(self) -> list[RateUse]:
        """Each limit, with what is used of it now."""


def build_budgets(used: UsedLimits, snapshot: Callable[[], Snapshot], now_ms: Callable[[], int]) -> APIRouter:
    """Budgets and limits, to read.

    Args:
        used: whoever counts.
        snapshot: gives the configuration in force.
        now_ms: the time, in milliseconds since the Unix epoch.
    """
    router = APIRouter(prefix="/api/v1", tags=["budgets"])

    @router.get("/budgets")
    async def list_budgets(
        scope: Name = None,
        state: BudgetState | None = None,
        name: Name = None,
        limit: Limit = 200,
        cursor: Cursor = 0,
    ) -> Response:
        """How each budget stands; `scope` is `total`, `team:alpha` or a kind such as `user`.

        Where a budget is one for each user (team, key, session, agent), each has a row as soon as it was seen.
        """
        at_ms = now_ms()
        windows = [each for each in used.list_windows(at_ms) if _is_wanted(each.scope, each.name, scope, name)]
        rows = list_budget_rows(windows, snapshot(), at_ms)
        wanted = [row for row in rows if state is None or row.state == state]
        return await _answer("budgets", [view_budget(row) for row in wanted[cursor : cursor + limit]], wanted, cursor)

    @router.get("/limits")
    async def list_limits(scope: Name = None, name: Name = None, limit: Limit = 200, cursor: Cursor = 0) -> Response:
        """How each limit of requests, tokens and calls at the same time stands."""
        uses = [each for each in used.limits_in_use() if _is_wanted(each.scope, each.name, scope, name)]
        wanted = list(list_limit_rows(uses, snapshot()))
        return await _answer("limits", [_view_limit(row) for row in wanted[cursor : cursor + limit]], wanted, cursor)

    return router


def _is_wanted(scope: Scope, name: str, wanted_scope: str | None, wanted_name: str | None) -> bool:
    if wanted_name is not None and name != wanted_name:
        return False
    return wanted_scope is None or wanted_scope in (scope[0], write_scope(scope))


def view_budget(row: BudgetRow) -> dict[str, object]:
    """How a budget stands, as the API says it: money and shares as exact texts."""
    use = row.use
    return {
        "name": use.name,
        "scope": row.scope,
        "window": {
            "kind": use.window,
            "start": write_in_zone(use.start_ms, use.time_zone),
            "end": write_in_zone(use.end_ms, use.time_zone),
            "time_zone": use.time_zone,
        },
        "limit_usd": format_usd(use.limit_nusd),
        "spent_usd": format_usd(use.spent_nusd),
        "held_usd": format_usd(use.held_nusd),
        "unknown_usd": format_usd(use.unknown_nusd),
        "left_usd": format_usd(row.left_nusd),
        "used": write_share(row.share),
        "forecast_usd": None if row.forecast_nusd is None else format_usd(row.forecast_nusd),
        "state": row.state,
        "on_exceed": use.on_exceed,
        "alert_at": [write_share(share) for share in use.alert_at],
        "stands_in": row.stands_in or None,
    }


def _view_limit(row: LimitRow) -> dict[str, object]:
    use = row.use
    return {
        "name": use.name,
        "scope": row.scope,
        "requests_per_minute": _view_rate(use.requests_per_minute, use.requests_left),
        "tokens_per_minute": _view_rate(use.tokens_per_minute, use.tokens_left),
        "concurrent": None if use.concurrent is None else _view_places(use.concurrent, use.calls),
        "stands_in": row.stands_in or None,
    }


def _view_rate(limit: int | None, left: int | None) -> dict[str, object] | None:
    return None if limit is None else {"limit": limit, "left": left}


def _view_places(limit: int, calls: int) -> dict[str, object]:
    return {"limit": limit, "used": calls, "left": max(0, limit - calls)}


async def _answer(name: str, page: list[dict[str, object]], wanted: Iterable[object], cursor: int) -> Response:
    end = cursor + len(page)
    following = end if page and end < len(list(wanted)) else None
    body = await asyncio.to_thread(_encode, {name: page, "next": following})
    return Response(body, media_type="application/json")
