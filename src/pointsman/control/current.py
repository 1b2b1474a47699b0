"""The configuration in force: one reference, replaced in one assignment, so that no request ever sees two."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot


@dataclass(slots=True)
class CurrentConfiguration:
    """What new requests run on.

    Attributes:
        snapshot: pinned by each request at its start.
        rejected: what is wrong with the newest document, while an older one stays in force; empty when nothing is.
    """

    snapshot: Snapshot
    rejected: Sequence[Problem] = field(default=())

    def pin(self) -> Snapshot:
        """The snapshot for one request, from start to end."""
        return self.snapshot
