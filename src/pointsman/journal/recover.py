"""What a journal of an earlier run says must be in the ledger; the last word about a request counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from pointsman.core.routing.admitted import Admitted
from pointsman.core.routing.outcome import Outcome
from pointsman.journal.payloads import Forgotten, Payload, Progress, Sent, can_read, read_payload
from pointsman.journal.read_segment import NEWER, Damage, SegmentContent
from pointsman.journal.records import Record
from pointsman.journal.underway import Underway


@dataclass(frozen=True, slots=True)
class Recovery:
    """What an earlier run left.

    Attributes:
        outcomes: what must be written to the ledger, each request once; some may be there already.
        orphans: the ids of those that were under way when the gateway was killed.
        damage: what could not be read; each may hide a request.
    """

    outcomes: list[Outcome]
    orphans: frozenset[str]
    damage: tuple[Damage, ...]


class Recollection:
    """Segments in the order they were written, taken in one by one."""

    def __init__(self) -> None:
        self.last_sequence = 0
        self.damage: list[Damage] = []
        self._settled: dict[str, Outcome] = {}
        self._underway: dict[str, Underway] = {}
        self._places: dict[str, tuple[str, int]] = {}
        self._is_unbroken = False

    def take_in(self, name: str, content: SegmentContent, *, follows: bool) -> set[str]:
        """Read the records of one more segment.

        Args:
            name: of its file.
            content: what it holds.
            follows: whether it is the next one after that before, so that nothing may be missing between them.

        Returns:
            the ids of the requests that it says anything about.
        """
        first, expected = content.first_sequence, self.last_sequence + 1
        if follows and self._is_unbroken and first is not None and first > expected:
            self.damage.append(Damage(name, 0, f"{first - expected:,} records before it are missing"))
        self.damage.extend(content.damage)
        self._is_unbroken = not content.damage
        mentioned: set[str] = set()
        for record in content.records:
            if can_read(record):
                mentioned.update(self._take_record(name, record))
        self._report_unknown(name, [record for record in content.records if not can_read(record)])
        if content.records:
            self.last_sequence = max(self.last_sequence, content.records[-1].sequence)
        elif first is not None:
            self.last_sequence = max(self.last_sequence, first - 1)
        return mentioned

    def conclude(self) -> Recovery:
        """What came of it all."""
        orphans = {request_id: each for request_id, each in self._underway.items() if each.admitted}
        for request_id in self._underway.keys() - orphans.keys():
            self.damage.append(Damage(*self._places[request_id], f"who began request {request_id!r} is not on record"))
        outcomes = [*self._settled.values(), *(each.book() for each in orphans.values())]
        return Recovery(outcomes, frozenset(orphans), tuple(self.damage))

    def _take_record(self, name: str, record: Record) -> tuple[str, ...]:
        try:
            payload = read_payload(record)
        except (msgspec.MsgspecError, ValueError) as error:
            self.damage.append(Damage(name, record.offset, f"it cannot be understood: {error}"))
            return ()
        request_ids = self._take_payload(payload)
        for request_id in request_ids:
            self._places.setdefault(request_id, (name, record.offset))
        return request_ids

    def _take_payload(self, payload: Payload) -> tuple[str, ...]:
        match payload:
            case Forgotten(request_ids):
                for request_id in request_ids:
                    self._underway.pop(request_id, None)
                    self._settled.pop(request_id, None)
                return request_ids
            case Outcome():
                self._underway.pop(payload.request_id, None)
                self._settled[payload.request_id] = payload
            case _ if payload.request_id not in self._settled:
                self._note(payload, self._underway.setdefault(payload.request_id, Underway()))
        return (payload.request_id,)

    def _note(self, payload: Admitted | Sent | Progress, underway: Underway) -> None:
        match payload:
            case Admitted():
                underway.admitted += (payload,)
            case Sent():
                underway.sent += (payload.attempt,)
            case Progress():
                underway.note_progress(payload.attempt, payload.content_bytes)

    def _report_unknown(self, name: str, unknown: Sequence[Record]) -> None:
        # One line for each kind: a whole segment of them would bury everything else.
        counts = Counter((record.kind, record.format) for record in unknown)
        first = {(record.kind, record.format): record.offset for record in reversed(unknown)}
        for (kind, form), count in counts.items():
            why = f"{count:,} records are {NEWER} (kind {kind}, format {form}); start that one to have them read"
            self.damage.append(Damage(name, first[kind, form], why))
