"""Carries calls to providers called `litellm/NAME`; LiteLLM is told where to go and with which key, and never asked."""

import asyncio
from collections.abc import Callable
from typing import Final

from pointsman.core.catalog.long_tail import find_long_tail
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.base_url import ForbiddenUrl, read_base_url
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Headers, Secrets
from pointsman.upstream.head import read_key
from pointsman.upstream.long_tail.answer import LongTailAnswer, end_of_time
from pointsman.upstream.long_tail.arguments import Json, read_arguments
from pointsman.upstream.long_tail.exchange import Exchange, Opened
from pointsman.upstream.long_tail.library import Library
from pointsman.upstream.long_tail.way_out import ANYWHERE, Way
from pointsman.upstream.long_tail.worker import Worker
from pointsman.upstream.origin import parse_origin
from pointsman.upstream.targets import reveal_key

LOADING_S: Final = 60.0
CHAT_PATH: Final = "/chat/completions"

NO_KEY: Final = "none"
"""Sent where no key is needed: with none at all, LiteLLM looks for one in the environment."""


class LongTail:
    """Carries chats in OpenAI's format.

    Args:
        secrets: where provider keys come from.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._worker = Worker()

    async def carry(
        self,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: Callable[[], None] | None = None,
        headers: Headers = (),
    ) -> LongTailAnswer:
        """Do as `Upstream.send` does; what is sent, and when, is LiteLLM's business from `note_sending` on.

        Raises:
            UpstreamFailure: when no answer came; NOT_INSTALLED without the extra `litellm`.
        """
        if path != CHAT_PATH:
            detail = f"LiteLLM is asked for chats only, not for {path}"
            raise UpstreamFailure(FailureKind.UNPROCESSABLE, detail, sent=False)
        now_s = asyncio.get_running_loop().time
        deadlines = deployment.deadlines
        due_s = now_s() + (deadlines.stream_total_ms if stream else deadlines.total_ms) / 1000
        arguments = _complete(read_arguments(body), deployment, self._find_key(deployment), headers)
        library = await self._load(due_s)
        _check_target(library, arguments, deployment)
        arguments["timeout"] = due_s - now_s()
        origin = parse_origin(deployment) if deployment.base_url else ANYWHERE
        exchange = Exchange(library, arguments, Way(origin, deadlines.connect_ms / 1000))
        if note_sending is not None:
            note_sending()
        until_s = min(now_s() + (deadlines.connect_ms + deadlines.first_byte_ms) / 1000, due_s)
        opened = await self._open(exchange, until_s, deployment, due_s)
        return LongTailAnswer(opened, exchange, self._worker, deployment, due_s)

    async def close(self) -> None:
        """Interrupt what is under way and let the library go."""
        await self._worker.close()

    def _find_key(self, deployment: Deployment) -> str:
        key = reveal_key(self._secrets, deployment)
        if key is not None:
            read_key(deployment, key)
            return key
        if deployment.location == "local" or deployment.auth == "none":
            return NO_KEY
        detail = f"provider {deployment.provider} has no api_key, and LiteLLM may not look for one"
        raise UpstreamFailure(FailureKind.CREDENTIAL_MISSING, detail, sent=False)

    async def _load(self, due_s: float) -> Library:
        try:
            async with asyncio.timeout_at(min(asyncio.get_running_loop().time() + LOADING_S, due_s)):
                return await self._worker.load()
        except TimeoutError:
            detail = "LiteLLM took too long to be imported"
            raise UpstreamFailure(FailureKind.CONNECT_TIMEOUT, detail, sent=False) from None

    async def _open(self, exchange: Exchange, until_s: float, deployment: Deployment, due_s: float) -> Opened:
        try:
            async with asyncio.timeout_at(until_s):
                return await self._worker.run(exchange.open())
        except TimeoutError:
            self._worker.abandon(exchange)
            if until_s == due_s:
                raise end_of_time() from None
            detail = f"no answer within {deployment.deadlines.first_byte_ms} ms"
            raise UpstreamFailure(FailureKind.FIRST_BYTE_TIMEOUT, detail, sent=True) from None
        except asyncio.CancelledError:
            self._worker.abandon(exchange)
            raise


def _complete(arguments: Json, deployment: Deployment, key: str, headers: Headers) -> Json:
    """What LiteLLM would otherwise make out by itself: whom to call, where, with which key, and how often."""
    fields = dict(deployment.headers) | {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    arguments |= {
        "model": f"{find_long_tail(deployment.provider)}/{deployment.upstream_model}",
        "api_key": key,
        "num_retries": 0,
        "max_retries": 0,
        # Otherwise tools make it look for tools of its own, for which it needs a package that it does not ask for.
        "_skip_mcp_handler": True,
    }
    if deployment.base_url:
        arguments["api_base"] = deployment.base_url
    if fields:
        arguments["extra_headers"] = fields
    return arguments


def _check_target(library: Library, arguments: Json, deployment: Deployment) -> None:
    """Ask where LiteLLM would go and with which key, as far as it knows that beforehand.

    Raises:
        UpstreamFailure: MODEL_MISSING for a provider that it does not know, ADDRESS_FORBIDDEN and CREDENTIAL_MISSING
            where its environment has made something else of what it was told.
    """
    key, base_url = arguments["api_key"], arguments.get("api_base")
    try:
        _, _, own_key, own_url = library.find_provider(model=arguments["model"], api_base=base_url, api_key=key)
    except Exception:  # It raises the same for everything that it does not know, and quotes the model.
        detail = f"LiteLLM knows no provider {find_long_tail(deployment.provider)}"
        raise UpstreamFailure(FailureKind.MODEL_MISSING, detail, sent=False) from None
    if own_key not in (None, "", key):
        detail = f"LiteLLM would send another key to {deployment.provider} than its api_key"
        raise UpstreamFailure(FailureKind.CREDENTIAL_MISSING, detail, sent=False)
    if base_url is None and own_url and not _is_public(own_url):
        detail = f"a variable leads LiteLLM's {deployment.provider} to an address that is not public; write base_url"
        raise UpstreamFailure(FailureKind.ADDRESS_FORBIDDEN, detail, sent=False)


def _is_public(url: object) -> bool:
    try:
        found = read_base_url(str(url))
    except ForbiddenUrl:
        return False
    return found.reach == "public" and found.encrypted
