"""`/api/v1/keys`: the virtual keys that callers present; a key's own text is told once, when it is made."""

import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from pointsman.control.keys import KeyRing
from pointsman.server.errors import OperatorError
from pointsman.storage.virtual_keys import VirtualKeys


class NewKey(BaseModel):
    """What a key is made from."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


class KeyView(BaseModel):
    """What may be known of a key; times are ISO 8601 in UTC."""

    id: str
    name: str
    display: str
    created_at: str
    revoked_at: str | None = None


class CreatedKeyView(KeyView):
    """A new key with its text, which is shown this once."""

    key: str


class KeyList(BaseModel):
    """All keys, the revoked ones included."""

    keys: list[KeyView]


def build_keys(ring: KeyRing, stored: VirtualKeys) -> APIRouter:
    """The keys resource."""
    router = APIRouter(prefix="/api/v1/keys", tags=["keys"])

    @router.post("", status_code=201)
    async def create_key(new: NewKey) -> CreatedKeyView:
        """Make a key."""
        created = await ring.create(new.name, _now_ms())
        record = created.record
        return CreatedKeyView(
            id=record.id,
            name=record.name,
            display=record.display,
            created_at=_write_time(record.created_at_ms),
            key=created.key,
        )

    @router.get("")
    async def list_keys() -> KeyList:
        """List all keys."""
        return KeyList(
            keys=[
                KeyView(
                    id=key.id,
                    name=key.name,
                    display=key.display,
                    created_at=_write_time(key.created_at_ms),
                    revoked_at=None if key.revoked_at_ms is None else _write_time(key.revoked_at_ms),
                )
                for key in await stored.list_all()
            ]
        )

    @router.delete("/{key_id}", status_code=204)
    async def revoke_key(key_id: str) -> Response:
        """Refuse a key from the next request on."""
        if not await ring.revoke(key_id, _now_ms()):
            raise OperatorError(404, "not_found", "No live key has this id; GET /api/v1/keys lists them.")
        return Response(status_code=204)

    return router


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _write_time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
