"""Which files there are and which requests need them; a file goes when nobody does."""

from collections.abc import Iterator, Sequence, Set
from itertools import takewhile

from pointsman.journal.segment import Segment

NEWEST = 4
"""Calls under way may stay in the files of so many numbers; those in older ones are noted anew."""


class Segments:
    """The files of a journal, oldest first; the last one is being added to.

    Attributes:
        all: these files.
        older_bytes: what all of them but the newest take, together with files that are left alone.
    """

    def __init__(self, segments: Sequence[Segment], left_alone_bytes: int = 0) -> None:
        self.all = list(segments)
        self.older_bytes = left_alone_bytes + sum(segment.size for segment in self.all[:-1])

    @property
    def newest(self) -> Segment:
        return self.all[-1]

    def add(self, segment: Segment) -> None:
        """Begin with a new file."""
        self.older_bytes += self.newest.size
        self.all.append(segment)

    def remove(self, segment: Segment) -> None:
        """It is not the newest, and is about to go."""
        self.all.remove(segment)
        self.older_bytes -= segment.size

    def end(self, request_ids: Sequence[str]) -> Set[str]:
        """Nobody needs these requests any more.

        Returns:
            those of them that were needed until now.
        """
        given = set(request_ids)
        known: set[str] = set()
        for segment in self.all:
            here = segment.live & given
            segment.live -= here
            segment.ended |= here
            known |= here
        return known

    def end_in_old(self, request_id: str) -> None:
        """What old files say of a request no longer counts."""
        for segment in self._list_old():
            if request_id in segment.live:
                segment.live.discard(request_id)
                segment.ended.add(request_id)

    def list_needless(self) -> list[Segment]:
        """Files that may go, oldest first."""
        return [segment for segment in self.all[:-1] if not segment.live]

    def find_stale(self, segment: Segment) -> list[str]:
        """Requests that have ended and of which older files would tell otherwise, were it not for this one."""
        stale: set[str] = set()
        for older in self.all[: self.all.index(segment)]:
            stale |= segment.ended & older.ended
        return [request_id for request_id in stale if not any(request_id in each.live for each in self.all)]

    def list_holding_back(self, underway: Set[str], most: int) -> list[str]:
        """Requests under way that alone keep old files from going."""
        return list(self._find_holding_back(underway, most))

    def _list_old(self) -> list[Segment]:
        last = self.newest.number - NEWEST
        return list(takewhile(lambda segment: segment.number <= last, self.all))

    def _find_holding_back(self, underway: Set[str], most: int) -> Iterator[str]:
        for segment in self._list_old():
            if segment.live <= underway:
                some = sorted(segment.live)[:most]
                yield from some
                most -= len(some)
