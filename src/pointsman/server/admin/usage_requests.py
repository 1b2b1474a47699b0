"""`GET /api/v1/usage/requests`: finished requests one by one, and what the ledger has about each."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from pointsman.core.ports import MOST_LISTED
from pointsman.server.admin.usage_form import Asked, Name, read_clock_ms
from pointsman.server.admin.usage_views import view_entry, view_request
from pointsman.server.errors import OperatorError
from pointsman.storage.past_requests import PastRequests, RequestsWanted

LONGEST_ID = 256

_encode = msgspec.json.encode


def build_usage_requests(past: PastRequests) -> APIRouter:
    """The rows behind the sums, to read."""
    router = APIRouter(prefix="/requests")

    @router.get("")
    async def list_requests(
        asked: Annotated[Asked, Depends()],
        session: Name = None,
        failure: Name = None,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
        cursor: Annotated[int | None, Query(ge=1, le=2**53, description="the `next` of the page before")] = None,
    ) -> Response:
        """The newest requests. A page may have fewer than asked for, even none: as long as there is a `next`, go on."""
        since_ms, until_ms = asked.range_ms(read_clock_ms())
        further = {"session": session, "failure": failure}
        filters: dict[str, str] = {name: value for name, value in further.items() if value is not None}
        filters |= {str(name): value for name, value in asked.filters().items()}
        page = await past.list_requests(RequestsWanted(filters, since_ms, until_ms, cursor, limit))
        return await _answer({"requests": [view_request(row) for row in page.rows], "next": page.following})

    @router.get("/{request_id}")
    async def read_request(request_id: str) -> Response:
        """One request, with the entries of the ledger for each of its upstream calls, and their corrections."""
        row, entries = await past.find(request_id) if len(request_id) <= LONGEST_ID else (None, ())
        if row is None:
            detail = "No such request is in the ledger. GET /api/v1/usage/requests lists them."
            raise OperatorError(404, "not_found", detail)
        return await _answer({**view_request(row), "entries": [view_entry(entry) for entry in entries]})

    return router


async def _answer(view: dict[str, object]) -> Response:
    return Response(await asyncio.to_thread(_encode, view), media_type="application/json")
