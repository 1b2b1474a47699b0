"""How long something is left alone after failures: a table says which failure brings which rest about.

The client's own mistakes, and deadlines that it sets, never count: nobody can shut a provider off for others.
"""

from collections import deque
from dataclasses import dataclass

from pointsman.core.chat.failures import FailureKind

ROW_WITHIN_S = 30.0
"""Failures in a row count together when they come within this time."""
LONGEST_ROW = 3
PROBE_S = 30.0
"""How long the call that tries again after a rest keeps the others away, at most."""
LONGEST_HINT_S = 300.0
"""A provider that asks for more is asked again after this."""
MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a failure leads to.

    Attributes:
        first_s: the first rest; each further one without a good call between is twice as long.
        most_s: the longest rest.
        row: how many failures in a row bring the first rest about.
        heeds_hint: whether the wait that the provider asks for counts instead.
        probes: whether one call alone tries again after a rest.
        whole_provider: whether all deployments of the provider rest, because they share what is at fault.
    """

    first_s: float
    most_s: float
    row: int = 1
    heeds_hint: bool = False
    probes: bool = True
    whole_provider: bool = False


THROTTLED = Reaction(1, 60, heeds_hint=True, probes=False)
BROKEN = Reaction(5, 30, row=LONGEST_ROW, heeds_hint=True)
MISCONFIGURED = Reaction(60, 60)
KEY_REFUSED = Reaction(60, 60, whole_provider=True)
QUOTA_SPENT = Reaction(300, 300, whole_provider=True)

REACTIONS: dict[FailureKind, Reaction] = {
    FailureKind.RATE_LIMITED: THROTTLED,
    FailureKind.OVERLOADED: BROKEN,
    FailureKind.SERVER_ERROR: BROKEN,
    FailureKind.BAD_RESPONSE: BROKEN,
    FailureKind.UNREACHABLE: BROKEN,
    FailureKind.TLS: BROKEN,
    FailureKind.CONNECT_TIMEOUT: BROKEN,
    FailureKind.FIRST_BYTE_TIMEOUT: BROKEN,
    FailureKind.STALLED: BROKEN,
    FailureKind.INTERRUPTED: BROKEN,
    FailureKind.FORBIDDEN: MISCONFIGURED,
    FailureKind.MODEL_MISSING: MISCONFIGURED,
    FailureKind.REDIRECT: MISCONFIGURED,
    FailureKind.ADDRESS_FORBIDDEN: MISCONFIGURED,
    FailureKind.NOT_INSTALLED: MISCONFIGURED,
    FailureKind.AUTHENTICATION: KEY_REFUSED,
    FailureKind.CREDENTIAL_MISSING: KEY_REFUSED,
    FailureKind.QUOTA_EXHAUSTED: QUOTA_SPENT,
}
"""Failures that count against the deployment or its provider. The others are the client's mistakes, or say nothing."""


class Cooling:
    """The rests of one deployment or provider. All times are of the monotonic clock, in seconds.

    Attributes:
        is_calm: nothing has failed since the last good call; `begin`, `end` and `succeed` may be left out then.
        until_s: when the rest ends that it is in, or was in last.
    """

    __slots__ = ("_failed_s", "_probe_ends_s", "_probe_s", "_reaction", "_rested_s", "_rests", "is_calm", "until_s")

    def __init__(self) -> None:
        self.is_calm = True
        self.until_s = float("-inf")
        self._rested_s = float("-inf")
        self._failed_s: deque[float] = deque(maxlen=LONGEST_ROW)
        self._reaction = BROKEN
        self._rests = 0
        self._probe_s: float | None = None
        self._probe_ends_s = float("-inf")

    def begin(self, now_s: float) -> None:
        """A call begins; after a rest it is the one that tries, and the others stay away until it has ended."""
        if self._rests and now_s >= self.until_s and self._reaction.probes:
            self._probe_s = now_s
            self._probe_ends_s = self.until_s = now_s + PROBE_S

    def end(self, started_s: float, now_s: float) -> None:
        """A call has ended; this comes before `fail` and `succeed`, which are left out when the end says nothing."""
        if self._probe_s is not None and self._probe_s == started_s:
            self._probe_s = None
            if self.until_s == self._probe_ends_s:
                self.until_s = min(self.until_s, now_s)

    def fail(self, reaction: Reaction, started_s: float, now_s: float, retry_after_s: float | None) -> None:
        """A call has ended in a failure that counts."""
        self.is_calm = False
        hint_s = _read_hint(retry_after_s) if reaction.heeds_hint else 0.0
        if hint_s:
            self.until_s, self._rested_s = max(self.until_s, now_s + hint_s), now_s
            return
        if started_s < self._rested_s:
            return  # It began before the last rest, so it knows nothing new: many calls may fail at once.
        if reaction is not self._reaction:
            self._reaction, self._rests = reaction, 0
        row = self._failed_s
        row.append(now_s)
        if not self._rests and (len(row) < reaction.row or now_s - row[-reaction.row] > ROW_WITHIN_S):
            return
        rest_s = min(reaction.first_s * 2**self._rests, reaction.most_s)
        self._rests = min(self._rests + 1, MOST_DOUBLINGS)
        self.until_s, self._rested_s = max(self.until_s, now_s + rest_s), now_s

    def succeed(self, started_s: float, now_s: float) -> None:
        """A call has ended well; one that began before the last rest says nothing about now."""
        if started_s >= self._rested_s:
            self.is_calm = True
            self._rests = 0
            self._probe_s = None
            self._failed_s.clear()
            self.until_s = min(self.until_s, now_s)

    def left_ms(self, now_s: float) -> int:
        """How long the rest still is; 0 when there is none."""
        return max(1, int((self.until_s - now_s) * 1_000)) if self.until_s > now_s else 0


def _read_hint(retry_after_s: float | None) -> float:
    """The wait that was asked for, or 0 where it is none: a hint is hostile until clamped."""
    return min(retry_after_s, LONGEST_HINT_S) if retry_after_s is not None and retry_after_s > 0 else 0.0
