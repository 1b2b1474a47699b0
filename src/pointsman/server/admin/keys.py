"""`/api/v1/keys`: the virtual keys that callers present; a key's own text is told once, when it is made."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fastapi import APIRouter, Response

from pointsman.control.key_changes import KeyChanges
from pointsman.control.keys import CreatedKey, KeyRing
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.ports import KeyRecord
from pointsman.server.admin.amounts import read_expiry, read_grace
from pointsman.server.admin.key_forms import (
    ChangedKeyView,
    CreatedKeyView,
    KeyChange,
    KeyList,
    KeyView,
    NewKey,
    NewText,
    read_policy,
    view_key,
)
from pointsman.server.admin.signature import Signed
from pointsman.server.admin.unknown_names import KeyWarning, find_unknown_names
from pointsman.server.admin.versions import (
    Author,
    IfMatch,
    Reason,
    read_base,
    read_clock_ms,
    refuse_stored,
    tag_version,
    write_note,
)
from pointsman.server.errors import OperatorError
from pointsman.storage.virtual_keys import VirtualKeys


@dataclass(frozen=True, slots=True)
class Keys:
    """What the resource is made from; `snapshot` gives the configuration in force."""

    ring: KeyRing
    stored: VirtualKeys
    snapshot: Callable[[], Snapshot]

    def view(self, record: KeyRecord) -> KeyView:
        """A key as it is shown."""
        return view_key(record, self.ring.tenants, read_clock_ms(), self.ring.last_used_at_ms(record.id))

    def warn(self, record: KeyRecord) -> list[KeyWarning]:
        """What of it is probably not meant."""
        return find_unknown_names(record.policy, self.snapshot(), self.ring.tenants)

    def show_text(self, created: CreatedKey, warnings: list[KeyWarning]) -> CreatedKeyView:
        """A key with its text."""
        return CreatedKeyView(key=created.key, warnings=warnings, **self.view(created.record).model_dump())


def build_keys(ring: KeyRing, stored: VirtualKeys, snapshot: Callable[[], Snapshot]) -> APIRouter:
    """The keys resource; `snapshot` gives the configuration in force."""
    router = APIRouter(prefix="/api/v1/keys", tags=["keys"])
    keys, changes = Keys(ring, stored, snapshot), KeyChanges(ring, stored)
    _add_reading(router, keys)
    _add_making(router, keys, changes)
    _add_ending(router, changes)
    return router


def _add_reading(router: APIRouter, keys: Keys) -> None:
    @router.get("")
    async def list_keys() -> KeyList:
        """List all keys."""
        return KeyList(keys=[keys.view(key) for key in await keys.stored.list_all()])

    @router.get("/{key_id}")
    async def read_key(key_id: str, response: Response) -> KeyView:
        """One key; its version is the ETag."""
        record = await keys.stored.find(key_id)
        if record is None:
            raise refuse_unknown()
        tag_version(response, record.version)
        return keys.view(record)


def _add_making(router: APIRouter, keys: Keys, changes: KeyChanges) -> None:
    @router.post("", status_code=201)
    async def create_key(new: NewKey, response: Response) -> CreatedKeyView:
        """Make a key; its text is in this answer and nowhere else."""
        note = write_note(new)
        expires_at_ms = None if new.expires is None else read_expiry(new.expires, note.at_ms)
        with refuse_stored():
            created = await changes.create(new.name, read_policy(new), note, expires_at_ms)
        tag_version(response, created.record.version)
        return keys.show_text(created, keys.warn(created.record))

    @router.patch("/{key_id}")
    async def change_key(
        key_id: str, change: KeyChange, response: Response, if_match: IfMatch = None
    ) -> ChangedKeyView:
        """Change the terms of a key; in force for the next request."""
        note = write_note(change)

        def apply(record: KeyRecord) -> KeyRecord:
            return change_record(record, change, note.at_ms)

        with refuse_stored():
            record = await changes.update(key_id, apply, note, read_base(if_match))
        if record is None:
            raise refuse_unknown()
        tag_version(response, record.version)
        return ChangedKeyView(warnings=keys.warn(record), **keys.view(record).model_dump())

    @router.post("/{key_id}/rotate")
    async def rotate_key(
        key_id: str, response: Response, new: NewText | None = None, if_match: IfMatch = None
    ) -> CreatedKeyView:
        """Give a key another text, which is in this answer and nowhere else; budgets, usage and terms go on."""
        new = new or NewText()
        with refuse_stored():
            created = await changes.rotate(key_id, read_grace(new.grace), write_note(new), read_base(if_match))
        if created is None:
            raise refuse_unknown()
        tag_version(response, created.record.version)
        return keys.show_text(created, [])


def _add_ending(router: APIRouter, changes: KeyChanges) -> None:
    @router.delete("/{key_id}", status_code=204)
    async def revoke_key(
        key_id: str, author: Author = "admin", reason: Reason = "", if_match: IfMatch = None
    ) -> Response:
        """Refuse a key from the next request on."""
        with refuse_stored():
            note = write_note(Signed(author=author, reason=reason))
            if not await changes.revoke(key_id, note, read_base(if_match)):
                raise refuse_unknown()
        return Response(status_code=204)


def change_record(record: KeyRecord, change: KeyChange, now_ms: int) -> KeyRecord:
    """What a change makes of a key.

    Raises:
        OperatorError: 422 for what only shows beside the rest.
    """
    given = change.model_fields_set
    changed = replace(record, policy=read_policy(change, record.policy))
    if change.name is not None:
        changed = replace(changed, name=change.name)
    if "disabled" in given:
        changed = replace(changed, disabled=change.disabled)
    if "expires" in given:
        expires_at_ms = None if change.expires is None else read_expiry(change.expires, now_ms)
        changed = replace(changed, expires_at_ms=expires_at_ms)
    return changed


def refuse_unknown() -> OperatorError:
    """There is no such key, or none that is live."""
    return OperatorError(404, "not_found", "No live key has this id; GET /api/v1/keys lists them.")
