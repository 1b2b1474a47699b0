"""OpenAI's SDK with the relay behind it: no socket is opened, no key of the environment is read or sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import openai

from pointsman.langchain.receipts import NotingEngine
from pointsman.library.engine import AnyEngine

BASE_URL = "http://pointsman/v1"
NO_KEY = "pointsman"
"""The SDK wants a key; this one goes nowhere."""


@dataclass(frozen=True, slots=True)
class SdkOptions:
    """What of an SDK client may be chosen.

    Attributes:
        timeout: as the SDK has it; `None` for its own.
        max_retries: of the SDK, which heeds what the relay says of trying again; `None` for its own.
        headers: further ones.
        query: further parameters of the URL.
    """

    timeout: Any = None
    max_retries: int | None = None
    headers: Mapping[str, str] | None = None
    query: Mapping[str, object] | None = None


def build_sdk_clients(
    find_engine: Callable[[], AnyEngine], options: SdkOptions
) -> tuple[openai.OpenAI, openai.AsyncOpenAI]:
    """A client for threads, and one for tasks."""
    engine = cast(AnyEngine, NotingEngine(find_engine))  # All of an engine that transports use.
    plain, asynchronous = _build_http_clients(engine)
    shared: dict[str, Any] = {
        "base_url": BASE_URL,
        "api_key": NO_KEY,
        "organization": "",
        "project": "",
        "default_headers": options.headers,
        "default_query": options.query,
    }
    if options.timeout is not None:
        shared["timeout"] = options.timeout
    if options.max_retries is not None:
        shared["max_retries"] = options.max_retries
    return openai.OpenAI(http_client=plain, **shared), openai.AsyncOpenAI(http_client=asynchronous, **shared)


def _build_http_clients(engine: AnyEngine) -> tuple[Any, Any]:
    """HTTP clients of the generation of httpx that the installed SDK is built on."""
    generation = {kind.__module__.partition(".")[0] for kind in openai.DefaultHttpxClient.__mro__}
    if "httpx2" in generation:
        import httpx2

        from pointsman.library import httpx2_transport

        return (
            httpx2.Client(transport=httpx2_transport.PointsmanTransport(engine), trust_env=False),
            httpx2.AsyncClient(transport=httpx2_transport.AsyncPointsmanTransport(engine), trust_env=False),
        )
    import httpx

    from pointsman.library import httpx_transport

    return (
        httpx.Client(transport=httpx_transport.PointsmanTransport(engine), trust_env=False),
        httpx.AsyncClient(transport=httpx_transport.AsyncPointsmanTransport(engine), trust_env=False),
    )
