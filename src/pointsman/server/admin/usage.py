"""`GET /api/v1/usage`: what was used and what it cost, by whatever one asks for, over time, and as CSV."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from pointsman.core.chat.safe_csv import write_csv_line
from pointsman.server.admin.signature import write_time
from pointsman.server.admin.usage_form import Asked, Interval, list_windows, parse_dimensions, parse_sort
from pointsman.server.admin.usage_requests import build_usage_requests
from pointsman.server.admin.usage_views import FIGURES, view_group, view_sum, write_group
from pointsman.storage.usage_questions import MOST_GROUPS, UsageGroup, UsageQuestion, UsageReport, UsageSum
from pointsman.storage.usage_reader import UsageReader

MOST_LINES = 20
LINES_AT_ONCE = 200
"""Of CSV, between which other requests have their turn."""

_encode = msgspec.json.encode

By = Annotated[
    str, Query(max_length=200, description="agent, model, provider, key, team and so on; several with commas")
]
Sort = Annotated[str, Query(max_length=40, description="a figure such as cost_usd or calls; the largest come first")]


def build_usage(reader: UsageReader) -> APIRouter:
    """The usage resource."""
    router = APIRouter(prefix="/api/v1/usage", tags=["usage"])
    router.include_router(build_usage_requests(reader.past_requests()))

    @router.get("")
    async def read_usage(
        asked: Annotated[Asked, Depends()],
        by: By = "agent",
        sort: Sort = "cost_usd",
        limit: Annotated[int, Query(ge=1, le=MOST_GROUPS)] = 1_000,
        cursor: Annotated[int, Query(ge=0, le=MOST_GROUPS, description="the `next` of the page before")] = 0,
    ) -> Response:
        """What was used, per group and in all; `next` leads to further groups."""
        question = asked.question(by)
        groups, total = await _read_sorted(reader, question, sort)
        page = groups[cursor : cursor + limit]
        following = cursor + limit if cursor + limit < len(groups) else None
        return await _answer(
            {
                "rows": [view_group(question.by, group) for group in page],
                "totals": view_sum(total),
                "next": following,
            }
        )

    _add_series(router, reader)
    _add_export(router, reader)
    return router


def _add_series(router: APIRouter, reader: UsageReader) -> None:
    @router.get("/series")
    async def read_series(
        asked: Annotated[Asked, Depends()],
        interval: Interval = "day",
        time_zone: str = "UTC",
        by: By = "none",
        top: Annotated[int, Query(ge=1, le=MOST_LINES, description="how many names are told apart")] = 5,
    ) -> Response:
        """What was used per hour, day, week or month of a time zone, in all and by the dearest names."""
        starts_ms, end_ms = list_windows(asked, interval, time_zone)
        question = UsageQuestion(parse_dimensions(by, 1), asked.filters(), starts_ms[0], end_ms)
        series = await reader.sum_windows(question, starts_ms, top)
        answer: dict[str, object] = {
            "interval": interval,
            "time_zone": time_zone,
            "starts": [write_time(start_ms) for start_ms in starts_ms],
            "end": write_time(end_ms),
            "totals": [view_sum(each) for each in series.totals],
        }
        if question.by:
            answer["series"] = [
                {question.by[0]: name, "values": [view_sum(each) for each in line]}
                for name, line in series.lines.items()
            ]
            answer["other"] = None if series.other is None else [view_sum(each) for each in series.other]
        return await _answer(answer)


def _add_export(router: APIRouter, reader: UsageReader) -> None:
    @router.get("/export.csv", response_class=StreamingResponse)
    async def export_usage(
        asked: Annotated[Asked, Depends()], by: By = "agent", sort: Sort = "cost_usd"
    ) -> StreamingResponse:
        """The groups as CSV (RFC 4180); names that a spreadsheet would take for formulas get an apostrophe."""
        question = asked.question(by)
        groups, _ = await _read_sorted(reader, question, sort)
        headers = {"content-disposition": 'attachment; filename="usage.csv"'}
        return StreamingResponse(_write_lines(question, groups), media_type="text/csv; charset=utf-8", headers=headers)


async def _read_sorted(reader: UsageReader, question: UsageQuestion, sort: str) -> tuple[list[UsageGroup], UsageSum]:
    field = parse_sort(sort)
    report: UsageReport = await reader.sum_up(question)
    groups = list(report.groups)
    if field != "cost_nusd":
        groups.sort(key=lambda group: getattr(group.sum, field) or 0, reverse=True)
    return groups, report.total


def _write_lines(question: UsageQuestion, groups: list[UsageGroup]) -> Iterator[str]:
    yield write_csv_line([*question.by, *FIGURES])
    for start in range(0, len(groups), LINES_AT_ONCE):
        yield "".join(write_group(question.by, group) for group in groups[start : start + LINES_AT_ONCE])


async def _answer(view: dict[str, object]) -> Response:
    return Response(await asyncio.to_thread(_encode, view), media_type="application/json")
