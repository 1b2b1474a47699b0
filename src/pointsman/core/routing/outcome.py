"""How a request ended: the one record that usage rows, the ledger, metrics and log lines are made from."""

from typing import Literal

import msgspec

from pointsman.core.chat.request import Operation
from pointsman.core.chat.usage import Usage

CLIENT_DISCONNECTED = "client_disconnected"
"""The failure code of a call whose client left before the end."""

CUT_AT_LIMIT = "cut_at_limit"
"""The failure code of a stream that was ended because what it may cost was used up; its client sees a whole answer that
has reached its limit of tokens."""

CRASHED = "gateway_crashed"
"""The failure code of a call that was under way when its gateway was killed."""

CostStatus = Literal["actual", "estimated", "orphan_estimated", "unknown", "none"]
"""`actual`: the provider reported usage; `estimated`: from the bytes seen; `orphan_estimated`: from what was known when
the gateway was killed; `unknown`: no price, or no usage to go by; `none`: no provider may have done any work, so the
cost is 0."""

ChargeKind = Literal["charge", "possibly_billed"]
"""`possibly_billed` is noted to be compared with the provider's bill, and counts nowhere."""

Doubt = Literal["", "conflict", "rejected"]

Part = Literal["answer", "failed", "replaced", "check"]
"""What came of an attempt: the answer that the client got (or what there was of it), a failure, an answer that another
one replaced, or a verdict about an answer."""


class AttemptCharge(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one upstream call used and cost.

    Attributes:
        attempt: 1 for the first that was started, and so on.
        model: our name of the model that was called.
        provider: who served it.
        upstream_model: the provider's id of the model.
        location: where that model is.
        part: what came of it.
        usage: what was consumed, or `None` when nothing is known.
        cost_nusd: nano-dollars, or `None` when `status` is `unknown`.
        status: how sure the cost is.
        prices: where the prices come from, such as `pointsman.yaml` or `catalogue 2026-10-12`; `""` without a price.
        failure: the failure's code, or `""` when it went well.
        kind: whether it counts.
        doubt: what was wrong with its provider's report of usage: two contradicted each other, so that the larger
            counts stand; or it could not be true, so that it was not believed; or `""`.
    """

    attempt: int
    model: str
    provider: str
    upstream_model: str
    location: Literal["local", "cloud"]
    part: Part
    usage: Usage | None
    cost_nusd: int | None
    status: CostStatus
    prices: str = ""
    failure: str = ""
    kind: ChargeKind = "charge"
    doubt: Doubt = ""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finished request, whatever its end.

    Attributes:
        request_id: ours, as in `x-request-id`.
        at_ms: when it arrived, in milliseconds since the Unix epoch; what decides in which window it counts.
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
        tags: of agent, key and request.
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
        charges: one for each upstream call that was started; those of kind `charge` add up to `cost_nusd`.
        cached: whether the answer is one that was given before, so that nobody was called.
        operation: what was asked for.
        task: the type of task, or `""`.
        experiment: the experiment that drew its variant, or `""`.
        session: the session that it belongs to, or `""`.
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
    charges: tuple[AttemptCharge, ...] = ()
    cached: bool = False
    operation: Operation = "chat"
    task: str = ""
    experiment: str = ""
    session: str = ""
