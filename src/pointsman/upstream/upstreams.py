"""Every way out of the process for a prompt: our own connections, and LiteLLM for providers called `litellm/NAME`."""

from collections.abc import Callable, Coroutine
from typing import Any

from pointsman.core.catalog.long_tail import PREFIX
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Headers, Upstream, UpstreamResponse
from pointsman.upstream.long_tail.carrier import LongTail


class Upstreams:
    """The port `Upstream` over both.

    Args:
        http: carries all but the long tail.
        long_tail: carries the rest.
    """

    __slots__ = ("_http", "_long_tail")

    def __init__(self, http: Upstream, long_tail: LongTail) -> None:
        self._http = http
        self._long_tail = long_tail

    def send(
        self,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: Callable[[], None] | None = None,
        headers: Headers = (),
    ) -> Coroutine[Any, Any, UpstreamResponse]:
        """Hand a request to the one that carries it; no coroutine of its own, which each call would pay for."""
        way = self._long_tail.carry if deployment.provider.startswith(PREFIX) else self._http.send
        return way(deployment, path, body, stream=stream, note_sending=note_sending, headers=headers)
