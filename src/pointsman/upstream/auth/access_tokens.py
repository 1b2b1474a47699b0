"""Access tokens for keys that are traded for one: kept in memory only, renewed in the background before they end."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import pointsman
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deadlines, Deployment
from pointsman.upstream.auth.google_oauth import (
    AccessToken,
    ServiceAccount,
    UnusableAccount,
    is_account,
    parse_account,
    read_answer,
    write_question,
)
from pointsman.upstream.auth.unusable import refuse_key
from pointsman.upstream.origin import parse_origin
from pointsman.upstream.pool import Pool

TRADE_S = 10.0
"""How long it may take to get a token, name look-up and all."""
RENEW_BEFORE_S = 300.0
AGAIN_AFTER_S = 30.0
"""How long a token that still holds is used on after it could not be renewed, before that is tried again."""
MOST_TOKENS = 64
MOST_ANSWER_BYTES = 64 * 1024

_MS = 1_000
_DEADLINES = Deadlines(*[int(TRADE_S * _MS)] * 5)


@dataclass(slots=True)
class _Kept:
    """What is known of one key."""

    account: ServiceAccount
    token: AccessToken | None = None
    renew_s: float = 0.0
    ends_s: float = 0.0
    trade: asyncio.Task[AccessToken] | None = field(default=None, repr=False)


class AccessTokens:
    """The tokens of at most `MOST_TOKENS` keys.

    Args:
        pool: the way to the token endpoints; its guard judges them as it judges the provider itself.
        now_s: the wall clock, in seconds since the Unix epoch.
    """

    def __init__(self, pool: Pool, now_s: Callable[[], float] = time.time) -> None:
        self._pool = pool
        self._now_s = now_s
        self._kept: dict[str, _Kept] = {}

    async def find(self, deployment: Deployment, secret: str) -> str:
        """The access token for a key; the key itself where it is no service account.

        Raises:
            UpstreamFailure: CREDENTIAL_MISSING for an account that cannot be used or is refused; what keeps the token
                endpoint from being reached as it is. Nothing was sent to the provider.
        """
        if not is_account(secret):
            return secret
        kept = self._kept.get(secret) or self._remember(deployment, secret)
        now_s = self._now_s()
        if kept.token is None or now_s >= kept.ends_s:
            # One caller that gives up must not take the token away from the others.
            return (await asyncio.shield(self._begin(kept, deployment))).value
        if now_s >= kept.renew_s:
            kept.renew_s = now_s + AGAIN_AFTER_S
            self._begin(kept, deployment)
        return kept.token.value

    async def close(self) -> None:
        """End what is under way and forget everything."""
        trades = [kept.trade for kept in self._kept.values() if kept.trade is not None]
        self._kept.clear()
        for trade in trades:
            trade.cancel()
        await asyncio.gather(*trades, return_exceptions=True)

    def _remember(self, deployment: Deployment, secret: str) -> _Kept:
        try:
            account = parse_account(secret)
        except UnusableAccount as why:
            raise refuse_key(deployment, str(why)) from None
        if len(self._kept) >= MOST_TOKENS:
            idle = [secret for secret, kept in self._kept.items() if kept.trade is None]
            for each in idle or list(self._kept):
                del self._kept[each]
        kept = self._kept[secret] = _Kept(account)
        return kept

    def _begin(self, kept: _Kept, deployment: Deployment) -> "asyncio.Task[AccessToken]":
        """The trade under way, or a new one."""
        if kept.trade is None:
            kept.trade = asyncio.create_task(self._trade(kept, deployment), name="get an access token")
            kept.trade.add_done_callback(lambda trade: _finish(kept, trade))
        return kept.trade

    async def _trade(self, kept: _Kept, deployment: Deployment) -> AccessToken:
        asked_s = self._now_s()
        try:
            async with asyncio.timeout(TRADE_S):
                token = await self._ask(kept.account, deployment, asked_s)
        except TimeoutError:
            detail = f"no access token for {deployment.credential} within {TRADE_S:g} s"
            raise UpstreamFailure(FailureKind.CONNECT_TIMEOUT, detail, sent=False) from None
        kept.token, kept.ends_s = token, asked_s + token.lasts_s
        kept.renew_s = kept.ends_s - RENEW_BEFORE_S
        return token

    async def _ask(self, account: ServiceAccount, deployment: Deployment, at_s: float) -> AccessToken:
        place = _place_endpoint(account, deployment)
        origin = parse_origin(place)
        head = (
            f"POST {urlsplit(account.token_url).path or '/'} HTTP/1.1\r\n"
            f"host: {origin.authority}\r\n"
            f"user-agent: pointsman/{pointsman.__version__}\r\n"
            "accept: application/json\r\n"
            "accept-encoding: identity\r\n"
            "content-type: application/x-www-form-urlencoded\r\n"
            "content-length: "
        ).encode("ascii")
        body = await asyncio.to_thread(write_question, account, at_s)
        due_s = asyncio.get_running_loop().time() + TRADE_S
        # A connection of its own each time: tokens are asked for once an hour, and none would wait that long.
        lane = self._pool.find_lane(origin)
        connection = await lane.open(TRADE_S)
        try:
            response = await connection.carry(head, body, place, due_s)
            answer = await response.read_all()
        except UpstreamFailure as failure:
            # Whatever the endpoint saw, the provider has seen nothing.
            raise UpstreamFailure(failure.kind, f"the token endpoint: {failure.detail}", sent=False) from None
        finally:
            connection.abort()
        if response.status != 200:
            raise refuse_key(deployment, f"is refused: its token endpoint answers {response.status}")
        try:
            return read_answer(answer)
        except ValueError:
            detail = f"the token endpoint of {deployment.credential} answers without a token"
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, detail, sent=False) from None


def _finish(kept: _Kept, trade: "asyncio.Task[AccessToken]") -> None:
    kept.trade = None
    if not trade.cancelled():
        # Whoever waits is told; in the background it is tried again, and must not be reported as forgotten.
        trade.exception()


def _place_endpoint(account: ServiceAccount, deployment: Deployment) -> Deployment:
    """The token endpoint as the pool knows places: as near or far as the provider that the token is for."""
    parts = urlsplit(account.token_url)
    fits = account.token_url.isascii() and account.token_url.isprintable() and " " not in account.token_url
    if not fits or parts.query or (parts.scheme != "https" and deployment.location != "local"):
        raise refuse_key(deployment, "has a token_uri that is not a plain https URL")
    return replace(deployment, base_url=account.token_url, deadlines=_DEADLINES, max_response_bytes=MOST_ANSWER_BYTES)
