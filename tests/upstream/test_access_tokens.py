"""Tokens for service accounts: asked for once, shared, renewed before they end, and never waited for without end."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.upstream.addresses import Resolver
from pointsman.upstream.auth import access_tokens
from pointsman.upstream.auth.access_tokens import AccessTokens
from pointsman.upstream.dial import Dialer
from pointsman.upstream.pool import Pool
from upstream.scripted_provider import PLAIN, Keys, Peer, ScriptedProvider, deploy, open_upstream, post, until

Run = Callable[[Coroutine[Any, Any, None]], None]


@cache
def make_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def write_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def write_account(port: int, **more: object) -> str:
    account = {
        "type": "service_account",
        "client_email": "agent@project.iam.gserviceaccount.com",
        "private_key_id": "key-7",
        "private_key": write_pem(make_key()),
        "token_uri": f"http://127.0.0.1:{port}/token",
    }
    return json.dumps(account | more)


def write_answer(fields: dict[str, object], status: str = "200 OK") -> bytes:
    body = json.dumps(fields).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class Endpoint:
    """A token endpoint that counts, and answers as it is told."""

    answer: Callable[[int], Awaitable[bytes]]
    asked: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def serve(self, peer: Peer) -> None:
        self.asked.append(await peer.request())
        await peer.send(await self.answer(len(self.asked)))


def granting(lasts_s: int = 3_600) -> Endpoint:
    async def answer(count: int) -> bytes:
        return write_answer({"access_token": f"token-{count}", "expires_in": lasts_s, "token_type": "Bearer"})

    return Endpoint(answer)


@asynccontextmanager
async def open_tokens(now_s: Callable[[], float]) -> AsyncIterator[AccessTokens]:
    pool = Pool(Dialer(Resolver()))
    pool.start()
    tokens = AccessTokens(pool, now_s)
    try:
        yield tokens
    finally:
        await tokens.close()
        await pool.close()


def place() -> Deployment:
    return replace(deploy(1, credential="file:/run/secrets/account.json"), auth="google_oauth")


def test_a_call_shows_the_token_and_the_account_never_reaches_the_provider(run: Run) -> None:
    endpoint, heads = granting(), list[bytes]()

    async def script(peer: Peer) -> None:
        for _ in range(2):
            heads.append((await peer.request())[0])
            await peer.send(PLAIN)

    async def scenario() -> None:
        async with (
            ScriptedProvider(endpoint.serve) as tokens,
            ScriptedProvider(script) as provider,
            open_upstream(Keys(KEY=write_account(tokens.port))) as upstream,
        ):
            deployment = replace(deploy(provider.port, credential="KEY"), auth="google_oauth")
            for _ in range(2):
                await post(upstream, deployment)

    run(scenario())
    assert len(endpoint.asked) == 1
    assert all(b"authorization: Bearer token-1\r\n" in head and b"PRIVATE" not in head for head in heads)


def test_the_assertion_is_signed_and_says_who_asks_where_and_until_when(run: Run) -> None:
    endpoint, urls = granting(), list[str]()

    async def scenario() -> None:
        async with ScriptedProvider(endpoint.serve) as server, open_tokens(lambda: 1_000_000.5) as tokens:
            urls.append(f"http://127.0.0.1:{server.port}/token")
            assert await tokens.find(place(), write_account(server.port)) == "token-1"

    run(scenario())
    head, body = endpoint.asked[0]
    assert head.startswith(b"POST /token HTTP/1.1\r\n")
    assert b"content-type: application/x-www-form-urlencoded\r\n" in head
    form = parse_qs(body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    text, _, signature = form["assertion"][0].rpartition(".")
    make_key().public_key().verify(read_base64(signature), text.encode(), PKCS1v15(), SHA256())
    header, claims = (json.loads(read_base64(part)) for part in text.split("."))
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "key-7"}
    assert claims == {
        "iss": "agent@project.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": urls[0],
        "iat": 1_000_000,
        "exp": 1_003_600,
    }


def read_base64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_callers_at_the_same_time_share_one_question_and_one_that_leaves_takes_nothing_away(run: Run) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def answer(count: int) -> bytes:
        asked.set()
        await may_answer.wait()
        return write_answer({"access_token": f"token-{count}", "expires_in": 3_600})

    endpoint = Endpoint(answer)

    async def scenario() -> None:
        async with ScriptedProvider(endpoint.serve) as server, open_tokens(lambda: 0.0) as tokens:
            account = write_account(server.port)
            callers = [asyncio.create_task(tokens.find(place(), account)) for _ in range(3)]
            await asked.wait()
            callers[0].cancel()
            may_answer.set()
            found = await asyncio.gather(*callers, return_exceptions=True)
            assert isinstance(found[0], asyncio.CancelledError)
            assert found[1:] == ["token-1", "token-1"]

    run(scenario())
    assert len(endpoint.asked) == 1


def test_a_token_is_renewed_in_the_background_five_minutes_before_it_ends(run: Run) -> None:
    endpoint, clock = granting(), [0.0]

    async def scenario() -> None:
        async with ScriptedProvider(endpoint.serve) as server, open_tokens(lambda: clock[0]) as tokens:
            account = write_account(server.port)
            assert await tokens.find(place(), account) == "token-1"
            clock[0] = 3_299.0
            assert await tokens.find(place(), account) == "token-1"
            assert len(endpoint.asked) == 1
            clock[0] = 3_300.0
            assert await tokens.find(place(), account) == "token-1"
            async with asyncio.timeout(10):
                while await tokens.find(place(), account) != "token-2":
                    await asyncio.sleep(0.005)
            assert len(endpoint.asked) == 2

    run(scenario())


def test_a_token_that_cannot_be_renewed_is_used_until_it_ends(run: Run) -> None:
    clock = [0.0]

    async def answer(count: int) -> bytes:
        if count > 1:
            return write_answer({"error": "unavailable"}, "503 Unavailable")
        return write_answer({"access_token": "token-1", "expires_in": 3_600})

    endpoint = Endpoint(answer)

    async def scenario() -> None:
        async with ScriptedProvider(endpoint.serve) as server, open_tokens(lambda: clock[0]) as tokens:
            account = write_account(server.port)
            await tokens.find(place(), account)
            clock[0] = 3_400.0
            for _ in range(3):
                assert await tokens.find(place(), account) == "token-1"
            await until(lambda: len(endpoint.asked) == 2)
            assert await tokens.find(place(), account) == "token-1"
            assert len(endpoint.asked) == 2  # not again at once
            clock[0] = 3_600.0
            with pytest.raises(UpstreamFailure):
                await tokens.find(place(), account)

    run(scenario())


def test_an_access_token_is_taken_as_it_is(run: Run) -> None:
    async def scenario() -> None:
        async with open_tokens(lambda: 0.0) as tokens:
            assert await tokens.find(place(), "ya29.plain") == "ya29.plain"

    run(scenario())


@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        ("400 Bad Request", {"error": "invalid_grant"}, FailureKind.CREDENTIAL_MISSING),
        ("200 OK", {"token_type": "Bearer"}, FailureKind.BAD_RESPONSE),
        ("200 OK", {"access_token": "evil\r\nx: 1"}, FailureKind.BAD_RESPONSE),
        ("200 OK", {"access_token": 7}, FailureKind.BAD_RESPONSE),
    ],
)
def test_an_endpoint_that_gives_no_token(run: Run, status: str, fields: dict[str, object], kind: FailureKind) -> None:
    async def answer(count: int) -> bytes:
        return write_answer(fields, status)

    async def scenario() -> None:
        async with ScriptedProvider(Endpoint(answer).serve) as server, open_tokens(lambda: 0.0) as tokens:
            with pytest.raises(UpstreamFailure) as caught:
                await tokens.find(place(), write_account(server.port))
            assert (caught.value.kind, caught.value.sent) == (kind, False)
            assert "account.json" in caught.value.detail

    run(scenario())


def test_an_endpoint_that_is_silent_is_given_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_tokens, "TRADE_S", 0.2)

    async def scenario() -> None:
        async with ScriptedProvider(Peer.hang_up) as server, open_tokens(lambda: 0.0) as tokens:
            with pytest.raises(UpstreamFailure) as caught:
                await tokens.find(place(), write_account(server.port))
            assert caught.value.kind is FailureKind.CONNECT_TIMEOUT

    run(scenario())


@pytest.mark.parametrize(
    "more",
    [
        {"client_email": 7},
        {"private_key": "-----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----\n"},
        {"private_key": ""},
        {"private_key": write_pem(ec.generate_private_key(ec.SECP256R1()))},
        {"token_uri": "ftp://127.0.0.1/token"},
        {"token_uri": "http://127.0.0.1/token?x=1"},
        {"token_uri": "http://127.0.0.1/to ken"},
    ],
)
def test_an_account_that_cannot_be_used_is_said_without_any_of_it(run: Run, more: dict[str, object]) -> None:
    async def scenario() -> None:
        async with open_tokens(lambda: 0.0) as tokens:
            with pytest.raises(UpstreamFailure) as caught:
                await tokens.find(place(), write_account(1, **more))
            assert caught.value.kind in (FailureKind.CREDENTIAL_MISSING, FailureKind.UNREACHABLE)
            assert "BEGIN" not in caught.value.detail
            assert "gserviceaccount" not in caught.value.detail

    run(scenario())


def test_a_cloud_provider_is_not_traded_for_at_a_place_that_it_must_not_have(run: Run) -> None:
    async def scenario() -> None:
        async with open_tokens(lambda: 0.0) as tokens:
            for url, kind in (
                ("http://127.0.0.1:9/token", FailureKind.CREDENTIAL_MISSING),
                ("https://127.0.0.1:9/token", FailureKind.ADDRESS_FORBIDDEN),
            ):
                with pytest.raises(UpstreamFailure) as caught:
                    await tokens.find(replace(place(), location="cloud"), write_account(1, token_uri=url))
                assert caught.value.kind is kind

    run(scenario())


def test_only_so_many_accounts_are_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_tokens, "MOST_TOKENS", 2)
    endpoint = granting()

    async def scenario() -> None:
        async with ScriptedProvider(endpoint.serve) as server, open_tokens(lambda: 0.0) as tokens:
            accounts = [write_account(server.port, private_key_id=f"key-{number}") for number in range(3)]
            found = [await tokens.find(place(), account) for account in accounts]
            assert found == ["token-1", "token-2", "token-3"]
            assert await tokens.find(place(), accounts[2]) == "token-3"
            assert await tokens.find(place(), accounts[0]) == "token-4"

    run(scenario())
