"""How a request ended: the one record that usage rows, metrics and log lines are made from."""

from typing import Literal

import msgspec

from pointsman.core.chat.usage import Usage

CLIENT_DISCONNECTED = "client_disconnected"
"""The failure code of a call whose client left before the end."""

CostStatus = Literal["actual", "estimated", "unknown", "none"]
"""`actual`: the provider reported usage; `estimated`: from the bytes seen; `unknown`: no price, or no usage
to go by; `none`: no provider may have done any work, so the cost is 0."""


class FurtherCost(msgspec.Struct, frozen=True):
    """What an upstream call came to that is not the answer: a check, or one that another answer replaced.

    Attributes:
        model: our name of the model that was called.
        provider: who served it.
        location: where that model is.
        cost_nusd: nano-dollars.
    """

    model: str
    provider: str
    location: Literal["local", "cloud"]
    cost_nusd: int


class Outcome(msgspec.Struct, frozen=True):
    """One finished request, whatever its end.

    Attributes:
        request_id: ours, as in `x-request-id`.
        at_ms: when it arrived, in milliseconds since the Unix epoch.
        agent: the agent it ran as, or `""` when a model was asked for by name.
        model: our name of the model that answered or was tried last; `""` when none was.
        provider: who served it; `""` when none did.
        upstream_model: the provider's id of the model.
        key_id: the virtual key that paid.
        revision: the snapshot the request saw from start to end.
        status: the HTTP status the client was given; 499 when it left before one.
        failure: the failure's code, or `""` when the call succeeded.
        stream: whether an event stream was asked for.
        attempts: how many upstream calls were started.
        usage: what was consumed, or `None` when unknown.
        cost_nusd: nano-dollars of all upstream calls together, or `None` when `cost_status` is `unknown`.
        cost_status: how sure the cost is.
        latency_ms: from arrival to the last byte.
        first_content_ms: from arrival to the first content byte, or `None` when there was none.
        tags: of the agent.
        interaction: the interaction it ran as, or `""`.
        team: whose budget it counts for, or `""`.
        user: on whose behalf, or `""`.
        location: where the model that answered or was tried last is, or `""` when none was.
        decided_by: what settled the first attempt, or `""` when nothing was decided.
        decision_name: of the rule, strategy, experiment, override or caller that did.
        strategy: the strategy that ordered the candidates, or `""`.
        degraded: how far below the caller's own choice the model that answered or was tried last stands, or `""`.
        label: how private the request is.
        kept_local_by: the rule that kept it local, or `label`, `policy`, `strategy` or `detector`; `""` when none did.
        rules_failed: rules whose conditions could not be asked.
        further: what of the cost other models than `model` caused, or other calls of it; none of it where the cost is
            unknown.
        cached: whether the answer is one that was given before, so that nobody was called.
    """

    request_id: str
    at_ms: int
    agent: str
    model: str
    provider: str
    upstream_model: str
    key_id: str
    revision: str
    status: int
    failure: str
    stream: bool
    attempts: int
    usage: Usage | None
    cost_nusd: int | None
    cost_status: CostStatus
    latency_ms: float
    first_content_ms: float | None
    tags: tuple[str, ...] = ()
    interaction: str = ""
    team: str = ""
    user: str = ""
    location: Literal["local", "cloud", ""] = ""
    decided_by: str = ""
    decision_name: str = ""
    strategy: str = ""
    degraded: str = ""
    label: str = "low"
    kept_local_by: str = ""
    rules_failed: int = 0
    further: tuple[FurtherCost, ...] = ()
    cached: bool = False
