"""One upstream call as the live state sees it: it begins once and ends once, however it ends."""

from collections.abc import Callable

from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Headers
from pointsman.relay.live import LiveState


class Visit:
    """A call under way; whoever ends it first says how it ended."""

    __slots__ = ("_clock_s", "_deployment", "_is_over", "_live", "_started_s")

    def __init__(self, live: LiveState, deployment: Deployment, clock_s: Callable[[], float]) -> None:
        self._live = live
        self._deployment = deployment
        self._clock_s = clock_s
        self._started_s = clock_s()
        self._is_over = False
        live.begin(deployment, self._started_s)

    def note_content(self) -> float:
        """The first content of a stream has come; answers when, by the monotonic clock."""
        now_s = self._clock_s()
        self._live.note_content(self._deployment, now_s, started_s=self._started_s)
        return now_s

    def succeed(self, usage: Usage | None, headers: Headers, first_content_s: float | None = None) -> None:
        """The whole answer has come."""
        if not self._is_over:
            self._is_over = True
            self._live.end(
                self._deployment,
                self._clock_s(),
                started_s=self._started_s,
                failure=None,
                usage=usage,
                first_content_s=first_content_s,
                headers=headers,
            )

    def fail(self, failure: UpstreamFailure, headers: Headers | None) -> None:
        """No good answer, or half of one."""
        if not self._is_over:
            self._is_over = True
            self._live.end(
                self._deployment,
                self._clock_s(),
                started_s=self._started_s,
                failure=failure.kind,
                sent=failure.sent,
                retry_after_s=failure.retry_after_s,
                headers=headers,
            )

    def give_up(self, *, sent: bool = True) -> None:
        """We ended it ourselves: the client has gone, another call was faster, or it never went out."""
        if not self._is_over:
            self._is_over = True
            now_s = self._clock_s()
            self._live.end(self._deployment, now_s, started_s=self._started_s, failure=None, sent=sent, aborted=True)
