"""The configuration in force: one reference, replaced in one assignment, so that no request ever sees two."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pointsman.control.configuration import Loaded
from pointsman.control.ingredients import Ingredients
from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot


@dataclass(slots=True)
class CurrentConfiguration:
    """What new requests run on.

    Attributes:
        snapshot: pinned by each request at its start.
        loaded: what the snapshot was compiled from and how.
        ingredients: the files, stored values and overrides of it.
        number: of its revision; 0 before the first one is stored.
        rejected: what is wrong with the newest files, while older ones stay in force; empty when nothing is.
        unlike: in what this replica differs from the newest revision, or `None` when it does not.
    """

    snapshot: Snapshot
    loaded: Loaded
    ingredients: Ingredients
    number: int = 0
    rejected: Sequence[Problem] = field(default=())
    unlike: Problem | None = None

    @property
    def environment(self) -> str:
        """The name of the environment whose overlay applies; it stays as it was at the start."""
        return self.loaded.environment

    def pin(self) -> Snapshot:
        """The snapshot for one request, from start to end."""
        return self.snapshot

    def replace(self, snapshot: Snapshot, loaded: Loaded, ingredients: Ingredients, number: int) -> None:
        """Put another configuration into force; requests look at the last of these assignments alone."""
        self.loaded, self.ingredients, self.number = loaded, ingredients, number
        self.snapshot = snapshot
