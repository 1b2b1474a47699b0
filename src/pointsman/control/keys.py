"""Who may call: virtual keys are kept as HMAC digests only; an unknown key and a revoked one get the same answer."""

import hmac
import os
import secrets
import time
from asyncio import Lock
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import msgspec

from pointsman.control.allotments import Allotments, list_allotment
from pointsman.control.key_texts import create_id, create_key, display_key, looks_like_key
from pointsman.control.tenants import Tenants, join_tenants
from pointsman.core.ports import KeyRecord, KeyStore
from pointsman.core.routing.key_policy import NO_POLICY, UNREADABLE, KeyPolicy

PEPPER_BYTES = 32

_NO_DIGEST = bytes(32)


class UnusablePepper(Exception):
    """The pepper file cannot be used; the message says what to do."""


class WeakKey(ValueError):
    """A key that is not in the product's format, so that its strength is unknown."""


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key; the only time that its text is known."""

    key: str = field(repr=False)
    record: KeyRecord


class LiveText(msgspec.Struct, frozen=True):
    """A text that opens something, as long as it does.

    Attributes:
        digest: of the text.
        record: of its key, with the terms of team and user.
        until_ms: from when on it opens nothing, or `None` for never.
    """

    digest: bytes
    record: KeyRecord
    until_ms: int | None


class KeyRing:
    """The live keys, in memory; what changes here was stored before and takes effect with the next request.

    Attributes:
        unreadable: ids of keys that were left out, because nobody can tell any more what they may do.
        changing: held while keys are read or changed, so that no older state replaces a newer one.
        tenants: the teams and users that keys name.
        allotments: what all of them may use up: keys, teams and users.
    """

    def __init__(
        self, pepper: bytes, store: KeyStore, tenants: Tenants | None = None, clock_ms: Callable[[], int] | None = None
    ) -> None:
        self._pepper = pepper
        self._pepper_id = sha256(b"pepper id" + pepper).hexdigest()[:8]
        self._store = store
        self._clock_ms = clock_ms or _read_clock_ms
        self._stored: dict[str, KeyRecord] = {}
        self._texts: dict[bytes, LiveText] = {}
        self._used_at_ms: dict[str, int] = {}
        self.unreadable: tuple[str, ...] = ()
        self.changing = Lock()
        self.allotments = Allotments()
        self.tenants = tenants if tenants is not None else Tenants()
        self.tenants.watch(self._join)

    async def load(self) -> int:
        """Take in the live keys of the store; answers how many of them can match nothing, being of another pepper.

        Those whose policy cannot be read stay out, too; `unreadable` names them.
        """
        async with self.changing:
            records = await self._store.list_live()
            self._stored = {record.id: record for record in records}
            self._join()
        foreign = {record.id for record in records if record.pepper_id != self._pepper_id}
        self.unreadable = tuple(
            record.id for record in records if record.policy == UNREADABLE and record.id not in foreign
        )
        return len(foreign)

    def authenticate(self, presented: str) -> KeyRecord | None:
        """Whose key this is, with the terms of its team and user; `None` when it opens nothing.

        That is so for what is malformed, unknown, revoked, expired or disabled. Takes about 2 us and asks no store.
        """
        found = self._find(presented)
        if found is None or found.disabled:
            return None
        self._used_at_ms[found.id] = self._clock_ms()
        return found

    def is_disabled(self, presented: str) -> bool:
        """Whether this would be a good key, had nobody disabled it, its team or its user."""
        found = self._find(presented)
        return found is not None and found.disabled

    async def create(self, name: str, now_ms: int, policy: KeyPolicy = NO_POLICY) -> CreatedKey:
        """Make a key, store it, let it in.

        Raises:
            TooMany: when there are as many live keys as may be.
            ValueError: when the policy is no valid one.
        """
        key = create_key()
        return CreatedKey(key, await self.add(key, name, now_ms, policy))

    async def add(self, key: str, name: str, now_ms: int, policy: KeyPolicy = NO_POLICY) -> KeyRecord:
        """Store a key made before and let it in; nothing happens when it is in already.

        A revoked key stays out: the store refuses to hold a digest twice.

        Raises:
            WeakKey: when it is not one that `create_key` could have made.
            TooMany: when there are as many live keys as may be.
            ValueError: when the policy is no valid one.
        """
        if not looks_like_key(key):
            raise WeakKey("only keys in the format of `pointsman keys create` are accepted")
        known = self.authenticate(key)
        if known is not None:
            return known
        record = self.compose(key, name, now_ms, policy)
        async with self.changing:
            await self._store.insert(record)
            self.take_over(record)
        return record

    def compose(
        self, key: str, name: str, now_ms: int, policy: KeyPolicy, expires_at_ms: int | None = None
    ) -> KeyRecord:
        """The record of a new key, which opens nothing yet."""
        return KeyRecord(
            id=create_id(),
            name=name,
            display=display_key(key),
            digest=self._digest(key),
            pepper_id=self._pepper_id,
            created_at_ms=now_ms,
            policy=policy,
            expires_at_ms=expires_at_ms,
        )

    def give_text(self, record: KeyRecord, key: str) -> KeyRecord:
        """The record of a key with another text; texts of before are not looked at."""
        return replace(record, display=display_key(key), digest=self._digest(key), pepper_id=self._pepper_id)

    def take_over(self, record: KeyRecord) -> None:
        """Go by what was stored of a key, from the next request on."""
        self._remove(record.id)
        self._stored[record.id] = record
        self._texts |= {text.digest: text for text in self._list_texts(record)}
        self._tell_allotments()

    def drop(self, key_id: str) -> None:
        """Let a key open nothing any more."""
        if self._remove(key_id):
            self._used_at_ms.pop(key_id, None)
            self._tell_allotments()

    def last_used_at_ms(self, key_id: str) -> int | None:
        """When a key last opened something here, or `None` when it has not since the start."""
        return self._used_at_ms.get(key_id)

    def list_used(self) -> dict[str, int]:
        """When keys last opened something here, by id."""
        return dict(self._used_at_ms)

    def _find(self, presented: str) -> KeyRecord | None:
        if not looks_like_key(presented):
            return None
        digest = self._digest(presented)
        text = self._texts.get(digest)
        known_digest = text.digest if text is not None else _NO_DIGEST
        if not hmac.compare_digest(known_digest, digest) or text is None:
            return None
        if text.until_ms is not None and self._clock_ms() >= text.until_ms:
            return None
        return text.record

    def _remove(self, key_id: str) -> bool:
        if self._stored.pop(key_id, None) is None:
            return False
        self._texts = {digest: text for digest, text in self._texts.items() if text.record.id != key_id}
        return True

    def _join(self) -> None:
        """Put together what is known of keys, teams and users."""
        self._texts = {text.digest: text for record in self._stored.values() for text in self._list_texts(record)}
        self._used_at_ms = {key_id: at_ms for key_id, at_ms in self._used_at_ms.items() if key_id in self._stored}
        self._tell_allotments()

    def _list_texts(self, record: KeyRecord) -> Iterator[LiveText]:
        if record.policy == UNREADABLE:
            return
        joined = join_tenants(record, self.tenants)
        if record.pepper_id == self._pepper_id:
            yield LiveText(record.digest, joined, record.expires_at_ms)
        for former in record.former:
            if former.pepper_id == self._pepper_id:
                ends = former.ends_at_ms
                yield LiveText(former.digest, joined, min(ends, record.expires_at_ms or ends))

    def _tell_allotments(self) -> None:
        readable = [record for record in self._stored.values() if record.policy != UNREADABLE]
        of_keys = [list_allotment("key", record.id, record.policy) for record in readable]
        self.allotments.take_over([self.tenants.list_allotments(), *of_keys])

    def _digest(self, key: str) -> bytes:
        return hmac.digest(self._pepper, key.encode(), "sha256")


def load_or_create_pepper(path: Path) -> bytes:
    """Read the 32 secret bytes that all digests depend on; make them at the first start.

    Raises:
        UnusablePepper: when others may read or change the file, or when it does not hold 32 bytes.
        OSError: when the file cannot be read or made.
    """
    if not path.exists():
        _create_pepper(path)
    if path.stat().st_mode & 0o077:
        raise UnusablePepper(f'others may read "{path}": make every virtual key anew, or run chmod 600 on it')
    pepper = path.read_bytes()
    if len(pepper) != PEPPER_BYTES:
        raise UnusablePepper(
            f'"{path}" must hold {PEPPER_BYTES} bytes: restore it, or remove it and make every key anew'
        )
    return pepper


def _create_pepper(path: Path) -> None:
    # The bytes are complete before the name exists, and a link never replaces what another process made meanwhile.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(PEPPER_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _read_clock_ms() -> int:
    return time.time_ns() // 1_000_000
