"""The ledger's entries: one per upstream call, and one more for each correction; none is ever changed."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from pointsman.core.chat.request import Operation
from pointsman.core.chat.usage import Usage
from pointsman.core.routing.outcome import CostStatus, Outcome, Part


class LedgerEntry(msgspec.Struct, frozen=True):
    """One movement of money; unique by `request_id`, `attempt` and `kind`.

    Attributes:
        request_id: the request that it belongs to.
        attempt: the upstream call of that request, from 1.
        kind: `charge`, `possibly_billed` (counts nowhere), `adjust:1`, `adjust:2` and so on, `refund:1` and so on.
        at_ms: when the request arrived, in milliseconds since the Unix epoch: the windows that it counts in.
        booked_at_ms: when the entry was made, likewise; 0 for that of a charge, which is that of its row.
        agent, interaction, task, team, user, key_id, experiment, session: whose it is; `""` names nobody.
        tags: of agent, key and request, each once.
        model, provider, upstream_model, location: what was called.
        operation: what was asked for.
        part: what came of the call.
        failure: the failure's code, or `""`.
        usage: what was consumed, or `None` when unknown; in a correction what was consumed all told.
        cost_nusd: nano-dollars, negative where a correction gives money back; `None` when `status` is `unknown`.
        status: how sure the cost is.
        prices: where the prices come from.
    """

    request_id: str
    attempt: int
    kind: str
    at_ms: int
    booked_at_ms: int
    agent: str
    interaction: str
    task: str
    team: str
    user: str
    key_id: str
    experiment: str
    session: str
    tags: tuple[str, ...]
    model: str
    provider: str
    upstream_model: str
    location: Literal["local", "cloud"]
    operation: Operation
    part: Part
    failure: str
    usage: Usage | None
    cost_nusd: int | None
    status: CostStatus
    prices: str

    @property
    def counts(self) -> bool:
        """Whether its cost is spent, and known."""
        return self.cost_nusd is not None and self.kind != "possibly_billed"


def list_entries(outcome: Outcome, booked_at_ms: int = 0) -> Iterator[LedgerEntry]:
    """The entries of a finished request: one for each upstream call that was started."""
    tags = tuple(dict.fromkeys(outcome.tags))
    for charge in outcome.charges:
        yield LedgerEntry(
            outcome.request_id,
            charge.attempt,
            charge.kind,
            outcome.at_ms,
            booked_at_ms,
            outcome.agent,
            outcome.interaction,
            outcome.task,
            outcome.team,
            outcome.user,
            outcome.key_id,
            outcome.experiment,
            outcome.session,
            tags,
            charge.model,
            charge.provider,
            charge.upstream_model,
            charge.location,
            outcome.operation,
            charge.part,
            charge.failure,
            charge.usage,
            charge.cost_nusd,
            charge.status,
            charge.prices,
        )
