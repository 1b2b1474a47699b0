"""What is to be asked, whomever it is asked of: encoded anew for each model, refused where that loses too much."""

import msgspec

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import FailureKind, ShownError, UpstreamFailure
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.config.snapshot import Model, Terms
from pointsman.core.dialects.dialect import Asking, Parameters, Target
from pointsman.core.dialects.passage import Passage, open_passage
from pointsman.core.routing.decision import Decision
from pointsman.relay.call import Progress

MOST_NAMED = 20
MOST_NAME_CHARACTERS = 100


class Order(msgspec.Struct, frozen=True):
    """One thing to ask.

    Attributes:
        decision: whose label and locality hold.
        asking: the request, and what its answer is written for.
        parameters: used where the request states none.
        terms: what may happen to it on the way into a provider's format.
    """

    decision: Decision
    asking: Asking
    parameters: Parameters = ()
    terms: Terms = Terms()

    @property
    def request(self) -> ChatRequest:
        """What is asked."""
        return self.asking.request


def place_order(progress: Progress, decision: Decision, request: ChatRequest) -> Order:
    """The order of a client's call."""
    call, agent = progress.call, decision.agent
    asking = Asking(request, call.request_id, call.arrived_at_ms // 1_000, call.passed)
    return Order(decision, asking, agent.parameters if agent else (), find_terms(progress, decision))


def find_terms(progress: Progress, decision: Decision) -> Terms:
    """What configuration and key say of changes and losses for whoever asks; strict is what either of them makes so."""
    terms = decision.agent.terms if decision.agent else progress.snapshot.settings.terms
    return terms if terms.is_strict or not progress.call.policy.strict else Terms(is_strict=True, on_loss=terms.on_loss)


def address_order(order: Order, model: Model) -> Passage:
    """Encode an order for a model.

    Raises:
        UpstreamFailure: UNTRANSLATABLE where the provider's format cannot say the request at all, or not as much of it
            as the terms of the caller demand; another candidate's may.
    """
    deployment = model.deployment
    target = Target(deployment.upstream_model, model.max_output_tokens, deployment.quirks, order.parameters)
    try:
        passage = open_passage(order.request, deployment.dialect, target, order.asking)
    except ClientError as error:
        shown = ShownError(error.message, error.code, error.param)
        raise UpstreamFailure(FailureKind.UNTRANSLATABLE, error.code, sent=False, shown=shown) from None
    encoded = passage.encoded
    if encoded.imposed or encoded.losses:
        _mind_terms(order.terms, encoded, model)
    return passage


def _mind_terms(terms: Terms, encoded: Encoded, model: Model) -> None:
    if terms.is_strict and encoded.imposed:
        raise _refuse("change_refused", "renamed, clamped or left out", encoded.imposed, model)
    if encoded.losses and (terms.is_strict or terms.on_loss == "refuse"):
        raise _refuse("loss_refused", "lost, since its provider's format cannot say it", encoded.losses, model)


def _refuse(code: str, what: str, names: tuple[str, ...], model: Model) -> UpstreamFailure:
    named = ", ".join([name[:MOST_NAME_CHARACTERS] for name in names[:MOST_NAMED]])
    message = (
        f'On the way to the model "{model.name}" this would be {what}: {named}. Leave it out, ask for another model,'
        " or have the operator change `policy.strict` or `policy.on_loss`."
    )
    shown = ShownError(message, code, names[0].lstrip("-").partition("=")[0][:MOST_NAME_CHARACTERS])
    # The names are the client's own words, which stay out of the log.
    return UpstreamFailure(FailureKind.UNTRANSLATABLE, f"{code}, {len(names)} members", sent=False, shown=shown)
