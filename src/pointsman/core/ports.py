"""What the core and the relay ask of the outside; adapters implement these and `assembly.py` joins them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pointsman.core.config.snapshot import Deployment

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

    async def send(self, deployment: Deployment, path: str, body: bytes, *, stream: bool) -> UpstreamResponse:
        """POST `body` as JSON to the deployment and wait for the head of the answer, whatever its status.

        Cancelling the call aborts the connection at once.

        Args:
            deployment: where to; it carries base URL, credential reference and deadlines.
            path: what follows the base URL, such as `/chat/completions`.
            body: the request, already encoded.
            stream: whether an event stream was asked for; picks the total deadline.

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
    """

    id: str
    name: str
    display: str
    digest: bytes = field(repr=False)
    pepper_id: str
    created_at_ms: int
    revoked_at_ms: int | None = None


class KeyStore(Protocol):
    """Where keys survive a restart."""

    async def insert(self, key: KeyRecord) -> None:
        """Store a new key."""

    async def revoke(self, key_id: str, at_ms: int) -> bool:
        """Mark a key as revoked; false when no live key has this id."""

    async def list_live(self) -> Sequence[KeyRecord]:
        """The keys that are not revoked."""
