"""How an operator changes keys: stored and audited first, then in force here at once; elsewhere once it is noticed."""

from collections.abc import Callable
from typing import Protocol

from pointsman.control.key_texts import create_key
from pointsman.control.keys import CreatedKey, KeyRing
from pointsman.core.ports import KeyRecord
from pointsman.core.routing.key_policy import UNREADABLE, KeyPolicy
from pointsman.core.tenant_ports import ChangeNote


class UnreadableKey(Exception):
    """What is stored of a key's terms is no policy, so that nobody can tell what a change of it would allow."""


class ChangeableKeys(Protocol):
    """Where keys are changed; each change comes with its audit row, and counts up the counter of keys."""

    async def insert(self, key: KeyRecord, note: ChangeNote | None = None) -> None:
        """Store a new key."""

    async def update(
        self, key_id: str, change: Callable[[KeyRecord], KeyRecord], note: ChangeNote, base: int | None = None
    ) -> KeyRecord | None:
        """Change a live key; `None` when there is none of this id."""

    async def rotate(
        self,
        key_id: str,
        give_text: Callable[[KeyRecord], KeyRecord],
        ends_at_ms: int,
        note: ChangeNote,
        base: int | None = None,
    ) -> KeyRecord | None:
        """Give a live key another text; `None` when there is none of this id."""

    async def revoke(self, key_id: str, at_ms: int, note: ChangeNote | None = None, base: int | None = None) -> bool:
        """Mark a key as revoked; false when no live key has this id."""


class KeyChanges:
    """Changes keys; every method raises `StaleVersion` when `base` is not the key's version, and `None` is any."""

    def __init__(self, ring: KeyRing, store: ChangeableKeys) -> None:
        self._ring = ring
        self._store = store

    async def create(
        self, name: str, policy: KeyPolicy, note: ChangeNote, expires_at_ms: int | None = None
    ) -> CreatedKey:
        """Make a key, store it, let it in.

        Raises:
            TooMany: when there are as many live keys as may be.
            ValueError: when the policy is no valid one.
        """
        key = create_key()
        record = self._ring.compose(key, name, note.at_ms, policy, expires_at_ms)
        async with self._ring.changing:
            await self._store.insert(record, note)
            self._ring.take_over(record)
        return CreatedKey(key, record)

    async def update(
        self, key_id: str, change: Callable[[KeyRecord], KeyRecord], note: ChangeNote, base: int | None = None
    ) -> KeyRecord | None:
        """Change what a key is called, may do, or how long; `None` when no live key has this id.

        Raises:
            UnreadableKey: when nobody can tell what it may do now.
            ValueError: when the policy is no valid one.
        """

        def change_known(record: KeyRecord) -> KeyRecord:
            if record.policy == UNREADABLE:
                raise UnreadableKey("what is stored of its policy cannot be read: revoke it and make another one")
            return change(record)

        async with self._ring.changing:
            record = await self._store.update(key_id, change_known, note, base)
            if record is not None:
                self._ring.take_over(record)
        return record

    async def rotate(self, key_id: str, grace_ms: int, note: ChangeNote, base: int | None = None) -> CreatedKey | None:
        """Give a key another text; those before work for the grace at most. `None` when no live key has this id.

        Raises:
            TooMany: when as many earlier texts as may be work still.
        """
        key = create_key()
        async with self._ring.changing:
            record = await self._store.rotate(
                key_id, lambda old: self._ring.give_text(old, key), note.at_ms + grace_ms, note, base
            )
            if record is None:
                return None
            self._ring.take_over(record)
        return CreatedKey(key, record)

    async def revoke(self, key_id: str, note: ChangeNote, base: int | None = None) -> bool:
        """Refuse a key from now on, here at once and for good once stored; false when no live key has this id."""
        if base is None:
            self._ring.drop(key_id)
        async with self._ring.changing:
            revoked = await self._store.revoke(key_id, note.at_ms, note, base)
            if revoked:
                self._ring.drop(key_id)
        return revoked
