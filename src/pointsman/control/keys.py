"""Who may call: virtual keys are kept as HMAC digests only; an unknown key and a revoked one get the same answer."""

import hmac
import math
import os
import re
import secrets
import zlib
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from pointsman.core.ports import KeyRecord, KeyStore
from pointsman.core.routing.key_policy import NO_POLICY, UNREADABLE, KeyPolicy

KEY_PREFIX = "pm_"
RANDOM_DIGITS = 43
"""Base62 digits that hold 256 bits."""
CHECKSUM_DIGITS = 6
"""Base62 digits that hold a CRC-32: a typo or a scanner's false find is refused without any look-up."""
PEPPER_BYTES = 32

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(high + low for high in _BASE62 for low in _BASE62)
_SHAPE = re.compile(rf"{KEY_PREFIX}[0-9A-Za-z]{{{RANDOM_DIGITS + CHECKSUM_DIGITS}}}", re.ASCII)
_NO_DIGEST = bytes(32)

MINIMUM_BITS = 128
_FEWEST_CHARACTERS = 22
_FEWEST_DIFFERENT = 8
_WELL_KNOWN = frozenset(
    {
        "admin",
        "changeme",
        "default",
        "demo",
        "example",
        "letmein",
        "master",
        "password",
        "pointsman",
        "qwerty",
        "secret",
        "sk-1234",
        "test",
        "token",
        "your-key-here",
    }
)
_ALPHABETS = (
    (re.compile(r"[0-9]+"), 10),
    (re.compile(r"[0-9a-f]+|[0-9A-F]+"), 16),
    (re.compile(r"[a-z]+|[A-Z]+"), 26),
    (re.compile(r"[0-9a-z]+|[0-9A-Z]+"), 36),
    (re.compile(r"[0-9A-Za-z]+"), 62),
)
"""Which characters a text is made of, and how many of that kind there are."""


class UnusablePepper(Exception):
    """The pepper file cannot be used; the message says what to do."""


class WeakKey(ValueError):
    """A key that is not in the product's format, so that its strength is unknown."""


def create_key() -> str:
    """Make a new key: `pm_`, 256 random bits and a checksum."""
    body = KEY_PREFIX + _to_base62(secrets.randbits(256), RANDOM_DIGITS)
    return body + _checksum(body)


def looks_like_key(text: str) -> bool:
    """Whether the text has a key's shape and checksum; needs no look-up, so anyone may ask."""
    return _SHAPE.fullmatch(text) is not None and _checksum(text[:-CHECKSUM_DIGITS]) == text[-CHECKSUM_DIGITS:]


def display_key(key: str) -> str:
    """What may be shown of a key: `pm_ab12...wxyz`."""
    return f"{key[: len(KEY_PREFIX) + 4]}...{key[-4:]}"


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key; the only time that its text is known."""

    key: str = field(repr=False)
    record: KeyRecord


class KeyRing:
    """The live keys, in memory; what changes here was stored before and takes effect with the next request."""

    def __init__(self, pepper: bytes, store: KeyStore) -> None:
        self._pepper = pepper
        self._pepper_id = sha256(b"pepper id" + pepper).hexdigest()[:8]
        self._store = store
        self._live: dict[bytes, KeyRecord] = {}
        self.unreadable: tuple[str, ...] = ()
        """Ids of keys that `load` left out, because nobody can tell any more what they may do."""

    async def load(self) -> int:
        """Take in the live keys of the store; answers how many of them can match nothing, being of another pepper.

        Those whose policy cannot be read stay out, too; `unreadable` names them.
        """
        records = await self._store.list_live()
        fitting = [record for record in records if record.pepper_id == self._pepper_id]
        self._live = {record.digest: record for record in fitting if record.policy != UNREADABLE}
        self.unreadable = tuple(record.id for record in fitting if record.policy == UNREADABLE)
        return len(records) - len(fitting)

    def authenticate(self, presented: str) -> KeyRecord | None:
        """Whose key this is; `None` when it is malformed, unknown or revoked. Takes about 2 us and asks no store."""
        if not looks_like_key(presented):
            return None
        digest = self._digest(presented)
        record = self._live.get(digest)
        known_digest = record.digest if record is not None else _NO_DIGEST
        return record if hmac.compare_digest(known_digest, digest) else None

    async def create(self, name: str, now_ms: int, policy: KeyPolicy = NO_POLICY) -> CreatedKey:
        """Make a key, store it, let it in.

        Raises:
            ValueError: when the policy is no valid one.
        """
        key = create_key()
        return CreatedKey(key, await self.add(key, name, now_ms, policy))

    async def add(self, key: str, name: str, now_ms: int, policy: KeyPolicy = NO_POLICY) -> KeyRecord:
        """Store a key made before and let it in; nothing happens when it is in already.

        A revoked key stays out: the store refuses to hold a digest twice.

        Raises:
            WeakKey: when it is not one that `create_key` could have made.
            ValueError: when the policy is no valid one.
        """
        if not looks_like_key(key):
            raise WeakKey("only keys in the format of `pointsman keys create` are accepted")
        known = self.authenticate(key)
        if known is not None:
            return known
        record = KeyRecord(
            id="key_" + _to_base62(secrets.randbits(71), 12),
            name=name,
            display=display_key(key),
            digest=self._digest(key),
            pepper_id=self._pepper_id,
            created_at_ms=now_ms,
            policy=policy,
        )
        await self._store.insert(record)
        self._live[record.digest] = record
        return record

    async def revoke(self, key_id: str, now_ms: int) -> bool:
        """Refuse a key from now on, here at once and for good once stored; false when no live key has this id."""
        self._live = {digest: record for digest, record in self._live.items() if record.id != key_id}
        return await self._store.revoke(key_id, now_ms)

    def _digest(self, key: str) -> bytes:
        return hmac.digest(self._pepper, key.encode(), "sha256")


class AdminKey:
    """The operator's key; compared by digest, so that neither its text nor its length shows in the time taken."""

    def __init__(self, key: str) -> None:
        self._salt = secrets.token_bytes(PEPPER_BYTES)
        self._digest = self._salted_digest(key)

    def matches(self, presented: str) -> bool:
        """Whether this is the operator's key."""
        return hmac.compare_digest(self._salted_digest(presented), self._digest)

    def _salted_digest(self, key: str) -> bytes:
        return hmac.digest(self._salt, key.encode(errors="surrogatepass"), "sha256")


def weak_reason(key: str) -> str | None:
    """Why an operator's key is too easy to guess, as a sentence continues after "it"; `None` when it is strong.

    The estimate takes its characters as random ones of the smallest usual alphabet that has them all.
    """
    plain = key.casefold()
    if any(word in plain and len(key) - len(word) < _FEWEST_CHARACTERS for word in _WELL_KNOWN):
        return "is, or is little more than, a well-known password"
    if len(key) < _FEWEST_CHARACTERS:
        return f"has fewer than {_FEWEST_CHARACTERS} characters"
    if len(set(key)) < _FEWEST_DIFFERENT:
        return f"has fewer than {_FEWEST_DIFFERENT} different characters"
    if key in (key + key)[1:-1]:
        return "repeats itself"
    alphabet = next((size for pattern, size in _ALPHABETS if pattern.fullmatch(key)), 94)
    fewest = math.ceil(MINIMUM_BITS / math.log2(alphabet))
    if len(key) < fewest:
        return f"has fewer than {MINIMUM_BITS} bits; of such characters it needs {fewest}"
    return None


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


def _checksum(body: str) -> str:
    crc = zlib.crc32(body.encode())
    return _PAIRS[crc // 62**4] + _PAIRS[crc // 62**2 % 62**2] + _PAIRS[crc % 62**2]


def _to_base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = _BASE62[digit] + text
    return text
