"""Notices a document that is valid and has lost most of its models and agents: usually a file cut off, not a wish."""

from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot

FEWEST_COUNTED = 10
"""Entries below which losing half of them is ordinary work."""


def find_shrinkage(old: Snapshot, new: Snapshot, file: str) -> Problem | None:
    """What has to be confirmed before a new configuration takes the place of the one in force, if anything.

    Counted are models, agents, interactions and tasks by name; a renamed one is a lost one.

    Args:
        old: in force.
        new: to be in force.
        file: the document, as messages name it.
    """
    before, after = _name_entries(old), _name_entries(new)
    lost = len(before - after)
    if len(before) < FEWEST_COUNTED or lost * 2 <= len(before):
        return None
    what = "all" if lost == len(before) else f"{lost} of the"
    message = (
        f"{what} {len(before)} models, agents, interactions and tasks in force are gone;"
        " if that is meant, confirm it (--force), else look whether the file is complete"
    )
    return Problem(file, 1, 1, "", "suspicious_shrink", "error", message)


def _name_entries(snapshot: Snapshot) -> set[tuple[str, str]]:
    sections = (
        ("models", snapshot.models),
        ("agents", snapshot.agents),
        ("interactions", snapshot.interactions),
        ("tasks", snapshot.tasks),
    )
    return {(section, name) for section, entries in sections for name in entries}
