"""`route_by_capability(ModelCapability.SIMPLE)`: the cheapest model that is taken for a class of work; nothing is sent.

Of a configuration all models that may serve count; without one, the well-known models of the catalogue.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict

from pydantic import BaseModel, ConfigDict

from pointsman.control.configuration import find_catalog
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.routing.capability import ModelCapability
from pointsman.core.routing.cost_efficiency import refuse_offers, sort_offers
from pointsman.core.routing.decision import Drop
from pointsman.core.routing.estimate_cost import USUAL_INPUT_TOKENS, USUAL_OUTPUT_TOKENS
from pointsman.library.model_info import ModelInfo, describe_model, find_known_model, list_well_known
from pointsman.router.decision import InvalidRequest, LeftOut, RoutingRefused, build_refusal

MOST_FALLBACKS = 3


class Wishes(TypedDict, total=False):
    """What else may be asked of the model.

    Attributes:
        provider: who shall serve it.
        local_only: whether prompts must stay on machines of the operator's own.
        max_cost_usd: what a call may cost at most, in dollars.
        input_tokens: how long the prompt will be; 1,000 unless said.
        output_tokens: how long the answer will be; 500 unless said.
    """

    provider: str
    local_only: bool
    max_cost_usd: Decimal | float | str
    input_tokens: int
    output_tokens: int


class RouteDecision(BaseModel):
    """A model for a class of work.

    Attributes:
        model: as it can be asked for.
        provider: who serves it.
        capability: the class.
        reason: why this one.
        estimated_cost_usd: dollars of a call of the length that was said, an exact decimal.
        fallbacks: the next cheapest, in order.
        dropped: models that may not serve, each with its reason.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    model: str
    provider: str
    capability: ModelCapability
    reason: str
    estimated_cost_usd: Decimal
    fallbacks: tuple[str, ...] = ()
    dropped: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    info: ModelInfo
    cost_usd: Decimal
    quality: float = 0.0

    @property
    def rank(self) -> tuple[Decimal, bool, float]:
        """The cheapest first; of these those at home, then the best."""
        return self.cost_usd, self.info.location != "local", -self.quality


def choose_by_capability(snapshot: Snapshot | None, capability: ModelCapability | str, wishes: Wishes) -> RouteDecision:
    """The cheapest model for a class of work.

    Raises:
        InvalidRequest: there is no such class, or a wish cannot be so.
        RoutingRefused: no model may serve.
    """
    wanted = read_capability(capability)
    _check(wishes)
    dropped: list[LeftOut] = []
    offered = _list_known(wishes, dropped) if snapshot is None else _list_configured(snapshot, wishes, dropped)
    fits = [each for each in offered if _fits(each, wanted, wishes, dropped)]
    if not fits:
        message = f"No model is taken for {wanted} work here; write it among the `capabilities` of one under `models`."
        raise RoutingRefused("no_model_available", message, tuple(dropped))
    fits.sort(key=lambda each: each.rank)
    first, *others = fits
    known = "" if snapshot is not None else ", of those that are well known, for there is no configuration"
    cost = "it is free" if first.cost_usd == 0 else f"${first.cost_usd.normalize():f} for a call of this length"
    return RouteDecision(
        model=first.info.name,
        provider=first.info.provider,
        capability=wanted,
        reason=f"the cheapest for {wanted} work: {cost}{known}",
        estimated_cost_usd=first.cost_usd,
        fallbacks=tuple(each.info.name for each in others[:MOST_FALLBACKS]),
        dropped=tuple(dropped),
    )


def read_capability(capability: object) -> ModelCapability:
    """The class of work that is meant.

    Raises:
        InvalidRequest: there is none of that name.
    """
    for known in ModelCapability:
        if capability == known:
            return known
    guess = suggest_name(str(capability), list(ModelCapability))
    hint = f"did you mean {guess}?" if guess else f"there are {', '.join(ModelCapability)}"
    raise InvalidRequest("capability", f"there is no class of work {str(capability)[:64]!r}; {hint}")


def today() -> str:
    """The day by which prices count, as an ISO date."""
    return datetime.now(UTC).date().isoformat()


def _check(wishes: Wishes) -> None:
    for name in wishes:
        if name not in Wishes.__annotations__:
            guess = suggest_name(name, Wishes.__annotations__)
            hint = f"did you mean {guess}?" if guess else f"there are {', '.join(Wishes.__annotations__)}"
            raise TypeError(f"nothing is called {name!r} here; {hint}")
    for count in (wishes.get("input_tokens", 0), wishes.get("output_tokens", 0)):
        if type(count) is not int or count < 0:
            raise InvalidRequest("tokens", "input_tokens and output_tokens are whole numbers from 0 up")


def _list_configured(snapshot: Snapshot, wishes: Wishes, dropped: list[LeftOut]) -> Iterator[_Candidate]:
    offers, drops, limits = sort_offers(snapshot)
    if not offers:
        raise build_refusal(refuse_offers(drops, limits))
    dropped += map(_leave_out, drops)
    for offer in offers:
        info = describe_model(offer.model, snapshot.routing)
        yield _Candidate(info, _cost(info, wishes), offer.quality or 0.0)


def _list_known(wishes: Wishes, dropped: list[LeftOut]) -> Iterator[_Candidate]:
    catalog, day = find_catalog(os.environ), today()
    for known in list_well_known():
        info = find_known_model(catalog, known.id, known.provider, day)
        if info is None or info.input_cost_per_1k is None:
            dropped.append(LeftOut(known.id, "price_unknown", "nobody knows what it costs"))
        elif info.is_retired:
            dropped.append(LeftOut(known.id, "model_unavailable", f"{known.provider} no longer serves it"))
        else:
            yield _Candidate(info, _cost(info, wishes))


def _fits(each: _Candidate, wanted: ModelCapability, wishes: Wishes, dropped: list[LeftOut]) -> bool:
    """Whether a candidate is for this work and as it is wished; why it is not is put down."""
    info, most = each.info, wishes.get("max_cost_usd")
    if wanted not in info.capabilities:
        dropped.append(LeftOut(info.name, "capability_missing", f"is not taken for {wanted} work"))
    elif "provider" in wishes and info.provider != wishes["provider"]:
        dropped.append(LeftOut(info.name, "provider", f"is served by {info.provider}"))
    elif wishes.get("local_only") and info.location != "local":
        dropped.append(LeftOut(info.name, "cloud_forbidden", "a cloud model, and a local one is asked for"))
    elif most is not None and each.cost_usd > Decimal(str(most)):
        dropped.append(LeftOut(info.name, "max_cost", f"a call costs ${each.cost_usd.normalize():f}"))
    else:
        return True
    return False


def _cost(info: ModelInfo, wishes: Wishes) -> Decimal:
    tokens_in = wishes.get("input_tokens", USUAL_INPUT_TOKENS)
    tokens_out = wishes.get("output_tokens", USUAL_OUTPUT_TOKENS)
    return ((info.input_cost_per_1k or 0) * tokens_in + (info.output_cost_per_1k or 0) * tokens_out) / Decimal(1_000)


def _leave_out(drop: Drop) -> LeftOut:
    return LeftOut(drop.model, drop.code, drop.reason)
