"""Reads finished requests back from a journal that is in use; waits for the disk, so call it from a thread."""

from collections.abc import Container
from pathlib import Path

from pointsman.core.routing.outcome import Outcome
from pointsman.journal.read_segment import read_segment
from pointsman.journal.recover import Recollection
from pointsman.journal.segment import list_segments, read_file


def read_back(folder: Path, request_ids: Container[str]) -> list[Outcome]:
    """The outcomes of these requests, as far as they have ended and are not forgotten.

    What is being written at this moment may be missing or half there; all that ended before is read.
    """
    recollection = Recollection()
    for path in list_segments(folder):
        try:
            data = read_file(path)
        except FileNotFoundError:  # Nobody needed it any more, so none of these was in it.
            continue
        recollection.take_in(path.name, read_segment(path.name, data), follows=False)
    recovery = recollection.conclude()
    return [
        outcome
        for outcome in recovery.outcomes
        if outcome.request_id in request_ids and outcome.request_id not in recovery.orphans
    ]
