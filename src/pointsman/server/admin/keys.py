"""`/api/v1/keys`: the virtual keys that callers present; a key's own text is told once, when it is made."""

import time
from collections.abc import Callable

from fastapi import APIRouter, Response

from pointsman.control.keys import KeyRing
from pointsman.core.config.snapshot import Snapshot
from pointsman.server.admin.key_forms import (
    CreatedKeyView,
    KeyList,
    NewKey,
    find_unknown_names,
    read_policy,
    view_key,
)
from pointsman.server.errors import OperatorError
from pointsman.storage.virtual_keys import VirtualKeys


def build_keys(ring: KeyRing, stored: VirtualKeys, snapshot: Callable[[], Snapshot]) -> APIRouter:
    """The keys resource; `snapshot` gives the configuration in force."""
    router = APIRouter(prefix="/api/v1/keys", tags=["keys"])

    @router.post("", status_code=201)
    async def create_key(new: NewKey) -> CreatedKeyView:
        """Make a key; what it may do is settled here and does not change any more."""
        policy = read_policy(new)
        created = await ring.create(new.name, _now_ms(), policy)
        warnings = find_unknown_names(policy, snapshot())
        return CreatedKeyView(key=created.key, warnings=warnings, **view_key(created.record).model_dump())

    @router.get("")
    async def list_keys() -> KeyList:
        """List all keys."""
        return KeyList(keys=[view_key(key) for key in await stored.list_all()])

    @router.delete("/{key_id}", status_code=204)
    async def revoke_key(key_id: str) -> Response:
        """Refuse a key from the next request on."""
        if not await ring.revoke(key_id, _now_ms()):
            raise OperatorError(404, "not_found", "No live key has this id; GET /api/v1/keys lists them.")
        return Response(status_code=204)

    return router


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
