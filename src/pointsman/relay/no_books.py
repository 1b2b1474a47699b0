"""What stands in where nothing limits requests and nothing is noted: a program without a home, and parts of a test."""

from collections.abc import Sequence

from pointsman.core.limits.claims import Claim, Hold, Limits, Place, Shortage
from pointsman.core.limits.payers import Payer
from pointsman.core.limits.rate_view import RateView
from pointsman.core.money_ports import Journal
from pointsman.core.routing.admitted import Admitted
from pointsman.core.routing.outcome import Outcome


class _NoLimits:
    """Lets everything through."""

    has_any = False
    has_other_budgets = False

    def hold(self, claim: Claim, former: Hold | None = None) -> Hold | Shortage | None:
        """Nothing applies."""
        return None

    async def fetch(self, claim: Claim, shortage: Shortage) -> bool:
        """Nothing is ever short."""
        return False

    def release(self, hold: Hold, cost_nusd: int | None, tokens: int, known_nusd: int = 0) -> None:
        """Nothing was held."""

    def describe(self, payer: Payer, place: Place, at_ms: int) -> RateView | None:
        """Nothing applies."""
        return None


class _NoJournal:
    """Forgets everything."""

    is_full = False

    def admit(self, admitted: Admitted) -> None:
        """Nothing is noted."""

    def note_sent(self, request_id: str, attempt: int) -> None:
        """Nothing is noted."""

    def note_progress(self, request_id: str, attempt: int, content_bytes: int) -> None:
        """Nothing is noted."""

    def settle(self, outcome: Outcome) -> None:
        """Nothing is noted."""

    def forget(self, request_ids: Sequence[str]) -> None:
        """Nothing was noted."""


NO_LIMITS: Limits = _NoLimits()
NO_JOURNAL: Journal = _NoJournal()
