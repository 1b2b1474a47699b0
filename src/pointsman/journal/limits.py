"""What the journal may take of the disk and of time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JournalLimits:
    """Bounds of a journal.

    Attributes:
        segment_bytes: a file is not added to beyond this; at most `LARGEST_SEGMENT_BYTES`.
        most_bytes: of all files together; beyond it no call is admitted, while those under way still are noted.
        warn_percent: of `most_bytes`, from where the log warns.
        sync_after_ms: how long after a write the disk is asked to keep it.
        close_timeout_ms: how long closing waits for the disk.
    """

    segment_bytes: int = 16 * 1_048_576
    most_bytes: int = 1_024 * 1_048_576
    warn_percent: int = 80
    sync_after_ms: int = 80
    close_timeout_ms: int = 10_000
