"""Keeps whole answers for a while, in this process's memory only; how many, how large and how old has a bound each.

Holds answers and digests of requests, never a request. Belongs to the event loop's thread.
"""

from collections import OrderedDict

import msgspec

from pointsman.core.chat.request import Encoded
from pointsman.core.config.snapshot import CacheBounds

ENTRY_BYTES = 1_024
"""What an answer takes beside its own bytes; somewhat more than was measured."""


class KeptAnswer(msgspec.Struct, frozen=True):
    """A whole, good answer.

    Attributes:
        body: as the client got it.
        content_type: of the body.
        encoded: what was said of the request that it answered: its changes and losses; without the request.
        verification: what came of showing it to a second model, or `""`.
        kept_at_s: since when, by the monotonic clock.
    """

    body: bytes
    content_type: bytes
    encoded: Encoded
    verification: str
    kept_at_s: float

    def is_too_old(self, bounds: CacheBounds, now_s: float) -> bool:
        """Whether it may not be given again any more."""
        return now_s - self.kept_at_s >= bounds.ttl_s

    def measure(self) -> int:
        """What it takes, in bytes."""
        texts = sum(len(change) for change in (*self.encoded.changes, *self.encoded.losses)) + len(self.verification)
        return ENTRY_BYTES + len(self.body) + len(self.content_type) + texts


class AnswerCache:
    """Answers by the digest of what they answer; those that were not asked for longest go first.

    The bounds come with each call, so that a changed configuration counts at once for what is kept already.

    Attributes:
        kept_bytes: what all answers together take.
    """

    __slots__ = ("_answers", "kept_bytes")

    def __init__(self) -> None:
        self.kept_bytes = 0
        self._answers: OrderedDict[bytes, KeptAnswer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, key: bytes, bounds: CacheBounds, now_s: float) -> KeptAnswer | None:
        """The answer kept under a digest, or `None` when there is none or it has become too old."""
        self._shed(bounds, now_s)
        answer = self._answers.get(key)
        if answer is None:
            return None
        if answer.is_too_old(bounds, now_s):
            self._drop(key)
            return None
        self._answers.move_to_end(key)
        return answer

    def keep(self, key: bytes, answer: KeptAnswer, bounds: CacheBounds) -> bool:
        """Keep an answer in place of any other under the same digest; false when it is larger than all may be."""
        if key in self._answers:
            self._drop(key)
        if answer.measure() > bounds.max_bytes:
            return False
        self._answers[key] = answer
        self.kept_bytes += answer.measure()
        self._shed(bounds, answer.kept_at_s)
        return True

    def _shed(self, bounds: CacheBounds, now_s: float) -> None:
        """Let go of what is too much or too old, as far as nothing that is neither was asked for before it."""
        while self._answers:
            key, answer = next(iter(self._answers.items()))
            is_too_much = self.kept_bytes > bounds.max_bytes or len(self._answers) > bounds.max_entries
            if not is_too_much and not answer.is_too_old(bounds, now_s):
                return
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        self.kept_bytes -= self._answers.pop(key).measure()
