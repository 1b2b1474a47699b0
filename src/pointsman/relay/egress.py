"""The gate: the one place in the program that hands a request to a provider, and only where its label is cleared."""

import logging
from collections.abc import Awaitable, Callable

from pointsman.core.chat.client_json import ClientError
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Headers, Upstream, UpstreamResponse
from pointsman.core.privacy.labels import is_cleared
from pointsman.core.routing.decision import Decision

_log = logging.getLogger(__name__)


class EgressRefused(ClientError):
    """A decision would have sent a request where it may not go; nothing was sent."""

    def __init__(self) -> None:
        message = (
            "This request may not go where it was about to be sent, so it was sent nowhere. "
            "Tell the operator, who finds its request_id in the gateway's log."
        )
        super().__init__(503, "privacy_unavailable", message)


class EgressGate:
    """Lets requests out; belongs to the event loop's thread.

    Routing leaves out what a request may not reach, so whatever is refused here is a fault of ours.

    Attributes:
        refused: how many requests were held back since the start; anything but 0 is an alarm.
    """

    __slots__ = ("refused",)

    def __init__(self) -> None:
        self.refused = 0

    def send(
        self,
        upstream: Upstream,
        decision: Decision,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: Callable[[], None] | None = None,
        headers: Headers = (),
    ) -> Awaitable[UpstreamResponse]:
        """Send a request, or anything made from it, as `Upstream.send` does; to be awaited.

        Args:
            upstream: carries it.
            decision: whose label and locality hold for all that is made from the request.
            deployment: where to.
            path: what follows the base URL.
            body: already encoded.
            stream: whether an event stream is asked for.
            note_sending: called just before the first byte goes out.
            headers: of this call, beside the deployment's own.

        Raises:
            EgressRefused: at once, before anything is awaited, when it may not go there.
        """
        is_at_home = decision.stays_local is None or deployment.location == "local"
        if not (is_at_home and is_cleared(decision.label, deployment.clearance)):
            self.refused += 1
            _log.error("a request labelled %s was about to go to %s: not sent", decision.label, deployment.id)
            raise EgressRefused
        # No coroutine of our own around this one: each call would pay for it.
        return upstream.send(deployment, path, body, stream=stream, note_sending=note_sending, headers=headers)
