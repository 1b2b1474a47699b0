"""What the core and the relay ask of the outside; adapters implement these and `assembly` joins them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pointsman.core.config.snapshot import Deployment
from pointsman.core.routing.key_policy import NO_POLICY, KeyPolicy
from pointsman.core.tenant_ports import FormerKey

Headers = Sequence[tuple[bytes, bytes]]
"""Header fields in order; names in lower case."""


class UpstreamResponse(Protocol):
    """An answer whose head has arrived and whose body may still be on its way."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Headers: ...

    def header(self, name: bytes) -> bytes:
        """The first value of the field, or `b""`. `name` is in lower case."""

    async def read(self) -> bytes:
        """Wait for the next bytes of the decoded body; `b""` once it has ended properly.

        Raises:
            UpstreamFailure: INTERRUPTED when the connection broke or the framing was wrong, STALLED when
                nothing came for the idle time, DEADLINE when the total time is over, BAD_RESPONSE when
                a limit of size was passed.
        """

    async def read_all(self) -> bytes:
        """Wait for the whole body. Raises as `read` does."""

    async def pump(self, take: Callable[[bytes], bool]) -> bool:
        """Hand the body on, each piece the moment it arrives, until `take` says `False` or the body ends.

        `take` runs within the connection's own callback, without a switch of tasks: it must not wait. What it raises
        comes out here.

        Returns:
            Whether the body has ended properly and all of it was handed on.

        Raises:
            UpstreamFailure: as `read` does, after all that came before was handed on.
        """

    def release(self) -> None:
        """Say that all that matters of the body has been read, such as a stream up to its own end mark.

        The connection goes back to the pool when the body then ends within a second with nothing more of
        substance, else it is aborted. Does not wait. Idempotent; `close` after it does nothing.
        """

    def close(self) -> None:
        """Give the connection back when the body has ended properly, else abort it at once. Idempotent."""


class Upstream(Protocol):
    """Carries one request to a provider; the only way out of the process for a prompt."""

    async def send(
        self,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: Callable[[], None] | None = None,
        headers: Headers = (),
    ) -> UpstreamResponse:
        """POST `body` as JSON to the deployment and wait for the head of the answer, whatever its status.

        Cancelling the call aborts the connection at once.

        Args:
            deployment: where to; it carries base URL, credential reference and deadlines.
            path: what follows the base URL, such as `/chat/completions`.
            body: the request, already encoded.
            stream: whether an event stream was asked for; picks the total deadline.
            note_sending: called just before the first byte goes out; whoever cancels knows by it what that may cost.
            headers: of this call, beside the deployment's own.

        Raises:
            UpstreamFailure: when no proper head arrived; `sent` tells whether the provider may have seen it.
        """


class Client(Protocol):
    """Takes an answer to the client, whatever the wire in between."""

    @property
    def is_behind(self) -> bool:
        """Whether the client reads so slowly that it should be waited for with `drain`."""

    def start(self, status: int, headers: Headers, *, body_bytes: int | None = None) -> None:
        """Send the head of the answer; `body_bytes` is the length of the body where it is known."""

    def write(self, data: bytes) -> None:
        """Send the next bytes of the body."""

    def end(self, data: bytes = b"") -> None:
        """Send the last bytes of the body."""

    async def drain(self) -> None:
        """Wait until the client has caught up; a client that makes no progress for a minute is cut off."""


class Secrets(Protocol):
    """Turns references into secret values; the values live in memory only."""

    def reveal(self, reference: str) -> str | None:
        """The value behind a reference such as `env:OPENAI_API_KEY`, or `None` when it is not set."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key.

    Attributes:
        id: stable, public.
        name: free text of whoever made it.
        display: what may be shown of the key.
        digest: HMAC-SHA-256 of the key under the pepper.
        pepper_id: which pepper; a digest under another one matches no key.
        created_at_ms: in milliseconds since the Unix epoch.
        revoked_at_ms: likewise, or `None` while it is live.
        policy: what it may ask for and what holds for its requests; `UNREADABLE` where what is stored of it is no
            policy, so that the key opens nothing.
        expires_at_ms: from when on it opens nothing, or `None` when it does not expire.
        disabled: whether it opens nothing for now.
        version: 1 for a new key, and one more with each change.
        rotated_at_ms: when it was given its present text, or `None` where that is its first one.
        last_used_at_ms: when it last opened something, to the minute, or `None` when it never has.
        former: its earlier texts that still open something.
    """

    id: str
    name: str
    display: str
    digest: bytes = field(repr=False)
    pepper_id: str
    created_at_ms: int
    revoked_at_ms: int | None = None
    policy: KeyPolicy = NO_POLICY
    expires_at_ms: int | None = None
    disabled: bool = False
    version: int = 1
    rotated_at_ms: int | None = None
    last_used_at_ms: int | None = None
    former: tuple[FormerKey, ...] = ()


class KeyStore(Protocol):
    """Where keys survive a restart."""

    async def insert(self, key: KeyRecord) -> None:
        """Store a new key."""

    async def list_live(self) -> Sequence[KeyRecord]:
        """The keys that are not revoked."""


RevisionOrigin = Literal["file", "api", "rollback", "override", "start"]
"""What brought a revision about."""

OverrideKind = Literal["agent", "strategy", "task", "interaction_user"]
"""What an override is for."""

MOST_LISTED = 200
"""Records that one question to a store may ask for; `before` asks for the next ones."""

MOST_LIVE_OVERRIDES = 1_000
"""Of one kind, so that a thousand forced tasks do not stand in the way of an agent's override."""


class StorageUnavailable(Exception):
    """What is stored cannot be reached for now, and may be soon; the message says what to do."""


class StaleRevision(Exception):
    """A change was made on top of a revision that is no longer the newest one; nothing was stored.

    Attributes:
        current: the number of the newest revision, or `None` when there is none.
    """

    def __init__(self, current: int | None) -> None:
        newest = f"revision {current} is the newest one" if current else "there is no revision"
        super().__init__(f"{newest}, so this change was made on top of another: read it again, then repeat the change")
        self.current = current


class TooManyOverrides(Exception):
    """As many overrides of a kind as may be live are live; nothing was stored."""

    def __init__(self) -> None:
        super().__init__(f"there are {MOST_LIVE_OVERRIDES:,} overrides of this kind already: cancel some of them")


@dataclass(frozen=True, slots=True)
class NewRevision:
    """A revision before it has a number.

    Attributes:
        author: who made the change.
        reason: why; `""` when nobody said.
        at_ms: when, in milliseconds since the Unix epoch.
        id: the compiled snapshot's, 12 hex digits.
        origin: what brought it about.
        file_document: what the files say, as canonical JSON.
        stored_layer: what was changed by API, console or command line, as canonical JSON.
        environment: the name of the environment whose overlay applies.
        details: what the audit says beside all this, in a few hundred bytes; JSON values only, never a secret.
    """

    author: str
    reason: str
    at_ms: int
    id: str
    origin: RevisionOrigin
    file_document: str = field(repr=False)
    stored_layer: str = field(repr=False)
    environment: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RevisionSummary:
    """A revision without its documents.

    Attributes:
        number: 1, 2, 3 and so on, without gaps.
        parent: the number of the revision that it was made on top of, `None` for the first one.
        author, reason, at_ms, id, origin, environment: as in `NewRevision`.
    """

    number: int
    parent: int | None
    author: str
    reason: str
    at_ms: int
    id: str
    origin: RevisionOrigin
    environment: str


@dataclass(frozen=True, slots=True)
class RevisionRecord(RevisionSummary):
    """A revision; both documents are as in `NewRevision`."""

    file_document: str = field(repr=False)
    stored_layer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One change and who made it.

    Attributes:
        seq: grows from change to change.
        at_ms: in milliseconds since the Unix epoch.
        author: who made the change.
        action: such as `revision.commit` or `override.cancel`.
        subject: what was changed, such as `revision:17` or `agent:writer`.
        reason: why; `""` when nobody said.
        details: more of it, by name; `left_out` counts what was too large to be kept.
    """

    seq: int
    at_ms: int
    author: str
    action: str
    subject: str
    reason: str
    details: Mapping[str, object]


class ConfigStore(Protocol):
    """Where configurations survive a restart: revisions, and the audit of all that was changed."""

    async def commit(self, base: int | None, revision: NewRevision) -> RevisionRecord:
        """Store a revision on top of `base`, and its audit row with it; both or neither.

        Args:
            base: the number of the revision that the change was made on top of, `None` for the very first one.
            revision: what to store.

        Raises:
            StaleRevision: when `base` is not the newest revision.
            ValueError: when a text is longer than any that is kept.
        """

    async def newest(self) -> RevisionRecord | None:
        """The last revision, or `None` before the first one."""

    async def get(self, number: int) -> RevisionRecord | None:
        """A revision by its number, or `None` when there is none or it is no longer kept."""

    async def list_revisions(self, limit: int, before: int | None = None) -> Sequence[RevisionSummary]:
        """The revisions below number `before`, or all, newest first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """

    async def prune(self, keep: int = 1_000) -> int:
        """Drop all but the newest `keep` revisions and what only those held; the next number stays what it was.

        Returns:
            How many revisions were dropped.

        Raises:
            ValueError: when `keep` is less than 1.
        """

    async def list_audit(self, limit: int, before: int | None = None) -> Sequence[AuditRecord]:
        """The changes below seq `before`, or all, newest first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """


@dataclass(frozen=True, slots=True)
class OverrideRecord:
    """A change that counts above everything written, until it ends.

    Attributes:
        id: stable, public.
        kind: what it is for.
        target: the name of the agent, the id of the task, `routing` for the strategy, or the user's interaction.
        value: what it sets, such as `{"model": "gpt-4o"}` or `{"strategy": "balanced"}`; JSON values only.
        author: who made it.
        reason: why; `""` when nobody said.
        created_at_ms: in milliseconds since the Unix epoch.
        expires_at_ms: when it ends by itself, likewise, or `None` when it does not.
        ended_at_ms: when it was ended before that, likewise, or `None`.
        ended_by: who ended it, or `None`.
        end_reason: why it was ended, or `None`.
    """

    id: str
    kind: OverrideKind
    target: str
    value: Mapping[str, object]
    author: str
    reason: str
    created_at_ms: int
    expires_at_ms: int | None = None
    ended_at_ms: int | None = None
    ended_by: str | None = None
    end_reason: str | None = None


class OverrideStore(Protocol):
    """Where overrides survive a restart; each change comes with its audit row."""

    async def add(self, override: OverrideRecord) -> None:
        """Store a new override, live from its `created_at_ms` on.

        An agent, a task and the strategy have one live override each at most: a new one ends the former.

        Raises:
            TooManyOverrides: when as many of its kind as may be are live.
            ValueError: when a text or the value is larger than any that is kept.
        """

    async def cancel(self, override_id: str, author: str, at_ms: int, reason: str = "") -> bool:
        """End an override; false when none with this id is live at that time.

        Raises:
            ValueError: when a text is longer than any that is kept.
        """

    async def list_live(self, now_ms: int) -> Sequence[OverrideRecord]:
        """Those that have not ended, oldest first."""

    async def list_recent(self, limit: int) -> Sequence[OverrideRecord]:
        """The last ones made, ended or not, newest first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """

    async def list_ended(self, now_ms: int, limit: int) -> Sequence[OverrideRecord]:
        """Those that have ended, by themselves or by somebody, the last one first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """
