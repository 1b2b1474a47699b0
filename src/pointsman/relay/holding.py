"""Takes what a call may cost from every limit that applies to it, before anything of it goes out."""

from typing import NamedTuple

from msgspec.structs import replace

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.money import format_usd
from pointsman.core.config.snapshot import Model
from pointsman.core.dialects.limit_output import limit_output
from pointsman.core.limits.claims import Claim, Hold, Place, Shortage, ShortOf
from pointsman.core.routing.bound_call import (
    LEAST_FITTED_TOKENS,
    CallBound,
    bound_call,
    fit_output,
    lower_output,
    tokens_until,
)
from pointsman.core.routing.outcome import Outcome
from pointsman.relay.call import Progress, Relay
from pointsman.relay.charges import BYTES_PER_TOKEN
from pointsman.relay.order import Order
from pointsman.relay.settle import list_charges

MOST_FETCHES = 3
"""How often the store is asked for more on behalf of one call; each has a deadline of its own."""


class LimitReached(ClientError):
    """A call may not be made, because a limit has nothing left for it.

    Attributes:
        shortage: what is short.
    """

    def __init__(self, shortage: Shortage) -> None:
        status, code, message = _describe(shortage)
        super().__init__(status, code, message, _name_param(shortage))
        self.shortage = shortage
        self.retry_after_s = shortage.retry_after_s

    @property
    def leaves_others(self) -> bool:
        """Whether another model could still serve."""
        shortage = self.shortage
        return shortage.is_of_place or shortage.of == "price" or shortage.on_exceed == "local_only"


async def take_hold(relay: Relay, progress: Progress, order: Order, model: Model, beside_nusd: int = 0) -> Order:
    """Hold what a call may cost at most, and have its answer limited to that.

    Args:
        relay: the limits.
        progress: of the request; holds what its calls before this one were given.
        order: what is to be asked.
        model: of whom.
        beside_nusd: what a call that is under way at the same time may cost.

    Returns:
        The order, with a limit to the answer where nobody stated one.

    Raises:
        LimitReached: when a limit has not enough left; nothing was taken then.
    """
    progress.guard = None
    cap_nusd = progress.facts.max_cost_nusd if progress.facts is not None else None
    if not relay.limits.has_any and cap_nusd is None:
        return order
    request, agent, at_ms = order.request, order.decision.agent, progress.call.arrived_at_ms
    bound = bound_call(request, len(request.body), model, agent, at_ms)
    spent_nusd = _count_spent(progress) + beside_nusd
    if relay.limits.has_any:
        try:
            await _hold(relay, progress, model, bound, spent_nusd)
        except LimitReached as reached:
            limit = _fit(progress, reached.shortage, bound, model)
            if limit is None:
                raise
            order = _limit_answer(order, bound, limit)
            bound = lower_output(bound, limit, model)
            await _hold(relay, progress, model, bound, spent_nusd)
            progress.clamped = limit
    held_nusd = progress.hold.most_nusd if progress.hold is not None else None
    lefts_nusd = [each - spent_nusd for each in (held_nusd, cap_nusd) if each is not None]
    if not lefts_nusd or not bound.output_limit:
        return order
    if request.stream:
        progress.guard = SpendGuard(model, bound, min(lefts_nusd), can_grow=cap_nusd is None)
    if not bound.injects_output_limit or progress.clamped is not None:
        return order
    limit = bound.output_limit if cap_nusd is None else fit_output(bound, cap_nusd - spent_nusd, model)
    return _limit_answer(order, bound, limit or LEAST_FITTED_TOKENS)


def _fit(progress: Progress, shortage: Shortage, bound: CallBound, model: Model) -> int | None:
    """To how many tokens an answer has to be cut so that it may be paid for, where the key allows that."""
    if not progress.call.policy.clamp or shortage.of != "money":
        return None
    return fit_output(bound, shortage.left, model)


def _limit_answer(order: Order, bound: CallBound, limit: int) -> Order:
    if bound.injects_output_limit:
        return replace(order, parameters=(*order.parameters, ("max_tokens", limit)))
    return replace(order, asking=replace(order.asking, request=limit_output(order.request, limit)))


class SpendGuard:
    """What a stream may still cost.

    Attributes:
        most_bytes: of content; beyond it the stream has used up what is held, or `None` where it cannot.
    """

    __slots__ = ("_bound", "_can_grow", "_left_nusd", "_model", "most_bytes")

    def __init__(self, model: Model, bound: CallBound, left_nusd: int, *, can_grow: bool) -> None:
        self._model = model
        self._bound = bound
        self._left_nusd = left_nusd
        self._can_grow = can_grow
        self.most_bytes = self._find_most_bytes()

    async def extend(self, relay: Relay, progress: Progress) -> bool:
        """Hold more for an answer that turns out longer than its tokens say; whether limits allowed that."""
        most_nusd = self._bound.most_nusd
        if not self._can_grow or most_nusd is None or progress.payer is None:
            return False
        step_nusd = max(most_nusd // 4, 1)
        spent_nusd = sum(each.cost_nusd or 0 for each in progress.charges)
        claim = _claim(progress, self._model, self._bound, self._left_nusd + step_nusd, spent_nusd)
        answer = await _ask(relay, progress, claim)
        if isinstance(answer, Shortage):
            return False
        progress.hold = answer
        self._left_nusd += step_nusd
        before = self.most_bytes
        self.most_bytes = self._find_most_bytes()
        return before is None or self.most_bytes is None or self.most_bytes > before

    def _find_most_bytes(self) -> int | None:
        tokens = tokens_until(self._bound, self._left_nusd, self._model)
        return None if tokens is None else BYTES_PER_TOKEN * tokens


async def _hold(relay: Relay, progress: Progress, model: Model, bound: CallBound, spent_nusd: int) -> None:
    if progress.payer is None:
        progress.payer = progress.whose().as_payer(progress.call.key_id, None)
    answer = await _ask(relay, progress, _claim(progress, model, bound, bound.most_nusd, spent_nusd))
    if isinstance(answer, Shortage):
        raise LimitReached(answer)
    progress.hold = answer


async def _ask(relay: Relay, progress: Progress, claim: Claim) -> Hold | Shortage | None:
    """Ask the limits, and where they are shared the store behind them for more."""
    answer = relay.limits.hold(claim, progress.hold)
    for _ in range(MOST_FETCHES):
        if not isinstance(answer, Shortage) or not answer.can_wait or not await relay.limits.fetch(claim, answer):
            break
        answer = relay.limits.hold(claim, progress.hold)
    return answer


def _count_spent(progress: Progress) -> int:
    """What the calls of a request so far have cost, or may be billed, with the one whose answer there is already."""
    return sum([each.cost_nusd or 0 for each in list_charges(progress)])


def _claim(progress: Progress, model: Model, bound: CallBound, most_nusd: int | None, spent_nusd: int) -> Claim:
    place = model.deployment
    assert progress.payer is not None, "it is found before the first claim"
    return Claim(
        progress.payer,
        Place(model.name, place.provider, place.location),
        progress.call.arrived_at_ms,
        spent_nusd,
        most_nusd,
        bound.tokens,
    )


def release_hold(relay: Relay, progress: Progress, outcome: Outcome) -> None:
    """Give back what the request was given; what it cost is counted by whoever records it, at the same moment."""
    if progress.hold is not None:
        usage = outcome.usage
        tokens = usage.input_tokens + usage.output_tokens if usage is not None else 0
        known_nusd = sum(each.cost_nusd or 0 for each in outcome.charges if each.kind == "charge")
        relay.limits.release(progress.hold, outcome.cost_nusd, tokens, known_nusd)


class _Answer(NamedTuple):
    """What a client is told."""

    status: int
    code: str
    message: str


_LATER = "send the request again later"
_ANSWERS: dict[ShortOf, _Answer] = {
    "money": _Answer(
        429,
        "budget_exceeded",
        'The budget "{name}" has ${left_usd} of its ${limit_usd} left, which is less than this request may cost;'
        " limit the length of its answer, wait for the next window, or ask the operator for more.",
    ),
    "price": _Answer(
        503,
        "price_unknown",
        'Nobody knows what this model costs, and the budget "{name}" must hold; ask for another model, or have the'
        " operator write its price.",
    ),
    "names": _Answer(
        503,
        "accounting_unavailable",
        f'The limit "{{name}}" counts as many names as it can at the moment, and yours is another one; {_LATER}.',
    ),
    "requests": _Answer(
        429,
        "rate_limit_exceeded",
        f'The limit "{{name}}" of {{limit:,}} requests a minute is reached; {_LATER}.',
    ),
    "tokens": _Answer(
        429,
        "rate_limit_exceeded",
        f'The limit "{{name}}" of {{limit:,}} tokens a minute is reached; {_LATER}.',
    ),
    "concurrency": _Answer(
        429,
        "rate_limit_exceeded",
        'The limit "{name}" of {limit:,} calls at the same time is reached; send the request again when one has ended.',
    ),
    "store": _Answer(
        503,
        "accounting_unavailable",
        f'What is left of "{{name}}" cannot be found out at the moment; {_LATER}.',
    ),
}
"""By what is short."""


def _describe(shortage: Shortage) -> tuple[int, str, str]:
    status, code, words = _ANSWERS[shortage.of]
    left_usd, limit_usd = format_usd(max(0, shortage.left)), format_usd(shortage.limit)
    return status, code, words.format(name=shortage.name, limit=shortage.limit, left_usd=left_usd, limit_usd=limit_usd)


def _name_param(shortage: Shortage) -> str:
    kind = "budget" if shortage.of in ("money", "price", "store") else "limit"
    scope = shortage.scope.replace(":", "/")
    return f"{kind}:{scope}/{shortage.window}" if shortage.window else f"{kind}:{scope}"
