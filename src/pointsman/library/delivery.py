"""The `Client` port within a process: an answer goes into a mailbox, and pauses where its reader falls behind."""

import asyncio
from collections.abc import Callable

from pointsman.core.chat.failures import POLICIES, FailureKind
from pointsman.core.ports import Headers
from pointsman.library.errors import MissingKey
from pointsman.library.mailbox import Mailbox

PATIENCE_SECONDS = 600.0
"""How long a reader may take nothing before the call is ended."""

MISSING = POLICIES[FailureKind.CREDENTIAL_MISSING]
_MODEL = b"x-pointsman-model"

EncodeError = Callable[[int, str, str, str | None, str], bytes]


class Delivery:
    """One answer on its way into its mailbox; written to in the engine's event loop.

    Args:
        loop: the engine's.
        encode_error: writes an error in the client's format.
        find_missing: the key that a model lacks, by the model's name, or `None`.
        is_awaited: whether somebody reads while it arrives; else all of it is held.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        encode_error: EncodeError,
        find_missing: Callable[[str], MissingKey | None],
        *,
        is_awaited: bool,
    ) -> None:
        self._room = asyncio.Event()
        self.mailbox = Mailbox(lambda: _call_in(loop, self._room.set))
        self._encode_error = encode_error
        self._find_missing = find_missing
        self._is_awaited = is_awaited
        self._correction = b""

    @property
    def is_behind(self) -> bool:
        """Whether the reader should be waited for."""
        return self._is_awaited and self.mailbox.is_full

    def start(self, status: int, headers: Headers, *, body_bytes: int | None = None) -> None:
        """Take the head. What is missing where no key is set is said to nobody but the operator, who this caller is."""
        fields = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])
        if status == MISSING.status:
            named = dict(headers)
            self._correction = self._correct(named.get(_MODEL, b""), named.get(b"x-request-id", b""))
        self.mailbox.put_head(status, fields)

    def write(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self.mailbox.put(data)

    def end(self, data: bytes = b"") -> None:
        """Take the last bytes of the body."""
        is_corrected = self._correction and MISSING.code.encode() in data
        self.mailbox.put(self._correction if is_corrected else data)

    async def drain(self) -> None:
        """Wait until the reader has caught up; one that takes nothing for ten minutes has forgotten the answer."""
        while self.is_behind:
            self._room.clear()
            if not self.mailbox.is_full:
                return
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._room.wait()
            except TimeoutError:
                error = TimeoutError(f"nobody read this answer for {PATIENCE_SECONDS:.0f} s, so the call was ended")
                self.mailbox.finish(error=error)
                working = asyncio.current_task()
                assert working is not None, "it is a task that delivers"
                working.cancel()
                return

    def _correct(self, model: bytes, request_id: bytes) -> bytes:
        missing = self._find_missing(model.decode())
        if missing is None:
            return b""
        message = f"No key was found: {missing}."
        return self._encode_error(MISSING.status, MISSING.code, message, None, request_id.decode())


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call something in the thread of a loop, unless that has ended."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)
