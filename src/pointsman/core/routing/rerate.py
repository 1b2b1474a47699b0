"""What a charge would be at the prices that count now for its day; a correction is an entry of its own."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from pointsman.core.config.snapshot import Model
from pointsman.core.pricing.prices import PriceTable, cost_nusd
from pointsman.core.routing.ledger_entry import LedgerEntry


class BookedCharge(msgspec.Struct, frozen=True):
    """The charge of an upstream call, and what was corrected of it since.

    Attributes:
        seq: of its entry in the ledger; grows from entry to entry.
        entry: the charge, with the usage that its last correction knew.
        booked_nusd: what it and its corrections add up to, refunds aside; `None` while none of them knows a cost.
        adjustments: the number of its last correction, 0 when there is none.
    """

    seq: int
    entry: LedgerEntry
    booked_nusd: int | None
    adjustments: int


class ModelFinder:
    """Finds the model that a charge is of: by our name, else by what its provider calls it."""

    __slots__ = ("_by_deployment", "_models")

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = models
        self._by_deployment = {
            (model.deployment.provider, model.deployment.upstream_model): model for model in models.values()
        }

    def find_prices(self, entry: LedgerEntry) -> PriceTable | None:
        """What the model cost when the request arrived, or `None` when nobody knows, or it is not configured."""
        served = (entry.provider, entry.upstream_model)
        model = self._models.get(entry.model)
        if model is None or (model.deployment.provider, model.deployment.upstream_model) != served:
            model = self._by_deployment.get(served)
        return None if model is None else model.prices_at(entry.at_ms)


def find_cost(charge: BookedCharge, prices: PriceTable | None) -> int | None:
    """What the charge would be, in nano-dollars; `None` when nobody knows.

    What no provider has asked anything for (status `none`) stays as it is.
    """
    if charge.entry.status == "none":
        return charge.booked_nusd
    usage = charge.entry.usage
    return None if usage is None or prices is None else cost_nusd(usage, prices)


def correct_charge(charge: BookedCharge, prices: PriceTable | None, booked_at_ms: int) -> LedgerEntry | None:
    """The entry that makes a charge what it would be, or `None` when it is that already or nobody knows.

    A cost that was unknown counts as estimated: whether its usage was reported is not on record.
    """
    cost = find_cost(charge, prices)
    if cost is None or prices is None or cost == charge.booked_nusd:
        return None
    return replace(
        charge.entry,
        kind=f"adjust:{charge.adjustments + 1}",
        booked_at_ms=booked_at_ms,
        cost_nusd=cost - (charge.booked_nusd or 0),
        status="estimated" if charge.entry.status == "unknown" else charge.entry.status,
        prices=prices.source,
    )
