"""Where two ways of counting the same spending come to different sums; that is told, and never corrected in silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pointsman.core.limits.scopes import ScopeKind
from pointsman.core.limits.windows import WindowKind


@dataclass(frozen=True, slots=True)
class Compared:
    """One window in both countings.

    Attributes:
        kind, name: of the scope.
        window, time_zone: which windows.
        start_ms: its first millisecond since the Unix epoch; of a rolling one that of its oldest step.
        end_ms: the first one after it.
        counted_nusd: what budgets go by.
        ledger_nusd: what the entries of the ledger add up to.
    """

    kind: ScopeKind
    name: str
    window: WindowKind
    time_zone: str
    start_ms: int
    end_ms: int
    counted_nusd: int
    ledger_nusd: int

    @property
    def drift_nusd(self) -> int:
        """How much more budgets go by than there is in the ledger; less where it is negative."""
        return self.counted_nusd - self.ledger_nusd


class Comparison(Protocol):
    """Compares both countings."""

    async def compare(self, now_ms: int) -> Sequence[Compared] | None:
        """The windows of a time in which they differ; `None` when that cannot be told now."""
