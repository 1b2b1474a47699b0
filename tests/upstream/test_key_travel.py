"""Each way in which a key travels, as the provider sees it on the wire; what cannot travel is said and never shown."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from pointsman.core.catalog.catalog import Auth
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.upstream.auth.aws_sigv4 import AwsKeys, Signable, find_region, parse_keys, sign
from pointsman.upstream.auth.key_headers import KEY_HEADERS
from pointsman.upstream.head import compose_head
from pointsman.upstream.origin import parse_origin
from upstream.scripted_provider import PLAIN, Keys, Peer, ScriptedProvider, deploy, open_upstream, post

Run = Callable[[Coroutine[Any, Any, None]], None]

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PAIR = f"AKIDEXAMPLE0000000:{SECRET}"
AT_S = 1_440_938_160.0
"""2015-08-30 12:36:00 UTC, the time of the test suite that AWS publishes."""

REGION_HOST = "bedrock-runtime.us-east-1.amazonaws.com"


def test_every_way_has_its_line() -> None:
    assert KEY_HEADERS.keys() == set(get_args(Auth))


@pytest.mark.parametrize(
    ("auth", "key", "line"),
    [
        ("bearer", "k-1", b"authorization: Bearer k-1"),
        ("x-api-key", "k-1", b"x-api-key: k-1"),
        ("x-goog-api-key", "k-1", b"x-goog-api-key: k-1"),
        ("api-key", "k-1", b"api-key: k-1"),
        ("google_oauth", "ya29.token", b"authorization: Bearer ya29.token"),
        ("aws_sigv4", "ABSKbedrock=", b"authorization: Bearer ABSKbedrock="),
        ("none", "k-1", None),
    ],
)
def test_the_key_stands_in_one_header(run: Run, auth: Auth, key: str, line: bytes | None) -> None:
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        heads.append((await peer.request())[0])
        await peer.send(PLAIN)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream(Keys(KEY=key)) as upstream:
            await post(upstream, replace(deploy(provider.port, credential="KEY"), auth=auth))

    run(scenario())
    assert [each for each in heads[0].split(b"\r\n") if key.encode() in each] == ([line] if line else [])


def test_each_request_with_a_pair_of_keys_is_signed_for_its_own_body(run: Run) -> None:
    seen: list[tuple[bytes, bytes]] = []

    async def script(peer: Peer) -> None:
        for _ in range(2):
            seen.append(await peer.request())
            await peer.send(PLAIN)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream(Keys(KEY=f"{PAIR}:token")) as upstream:
            deployment = replace(deploy(provider.port, credential="KEY"), auth="aws_sigv4")
            for body in (b"{}", b'{"a":1}'):
                await post(upstream, deployment, body)

    run(scenario())
    signatures = set()
    for head, body in seen:
        headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        stamp = headers[b"x-amz-date"].decode()
        assert headers[b"x-amz-security-token"] == b"token"
        assert SECRET.encode() not in head
        signed = {"host": headers[b"host"].decode(), "content-type": "application/json"}
        keys = parse_keys(f"{PAIR}:token")
        assert keys is not None
        request = Signable("POST", "/v1/chat/completions", signed, body)
        expected = dict(sign(keys, request, "us-east-1", _read_stamp(stamp)))
        assert headers[b"authorization"].decode() == expected["authorization"]
        signatures.add(headers[b"authorization"])
    assert len(signatures) == 2


def _read_stamp(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("method", "path", "signature"),
    [
        ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-vanilla-query-order-key-case"],
)
def test_signatures_are_those_of_the_suite_that_aws_publishes(method: str, path: str, signature: str) -> None:
    keys = AwsKeys("AKIDEXAMPLE", SECRET)
    headers = sign(keys, Signable(method, path, {"host": "example.amazonaws.com"}, b""), "us-east-1", AT_S, "service")
    assert headers == [
        ("x-amz-date", "20150830T123600Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            f"SignedHeaders=host;x-amz-date, Signature={signature}",
        ),
    ]


@pytest.mark.parametrize(
    ("path", "token", "signature"),
    [
        (
            "/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse",
            "",
            "40f11609b51d318bc71127993eb5b075cc12b3bde24aa11d2a25186d1fc1d196",
        ),
        (
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aimported-model%2Fabc/converse",
            "SESSION/TOKEN+x==",
            "6d00431847f98c20309c976b5a6ec7557909455679790f7d0b1186a1b751ea59",
        ),
    ],
)
def test_an_id_with_a_colon_is_encoded_once_more_for_the_signature(path: str, token: str, signature: str) -> None:
    """The figures are those of AWS's own Python library for the same requests."""
    headers = {"host": REGION_HOST, "content-type": "application/json"}
    keys = AwsKeys("AKIDEXAMPLE0000000", SECRET, token)
    signed = dict(sign(keys, Signable("POST", path, headers, b'{"messages":[]}'), "us-east-1", AT_S))
    assert signed["authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (REGION_HOST, "us-east-1"),
        ("bedrock-runtime.eu-central-1.amazonaws.com", "eu-central-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("vpce-0a1b.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"),
        ("127.0.0.1", "us-east-1"),
        ("notbedrock-runtime.eu-west-1.example", "us-east-1"),
    ],
)
def test_the_region_is_the_one_of_the_host(host: str, region: str) -> None:
    assert find_region(host) == region


@pytest.mark.parametrize(
    ("secret", "keys"),
    [
        (PAIR, AwsKeys("AKIDEXAMPLE0000000", SECRET)),
        (f"{PAIR}:a:b", AwsKeys("AKIDEXAMPLE0000000", SECRET, "a:b")),
        ("bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29tLw", None),
        ("AKIDEXAMPLE0000000:", None),
        ("AKIDEXAMPLE0000000", None),
        ("user:password", None),
    ],
)
def test_a_pair_of_keys_is_told_from_an_api_key(secret: str, keys: AwsKeys | None) -> None:
    assert parse_keys(secret) == keys


@pytest.mark.parametrize("secret", ["k\r\nx-evil: 1", "schlüssel", '{"private_key":"canary"}'])
@pytest.mark.parametrize("auth", get_args(Auth))
def test_what_is_no_key_never_leaves(auth: Auth, secret: str) -> None:
    deployment = replace(deploy(1, credential="env:HOUSE_KEY"), auth=auth)
    with pytest.raises(UpstreamFailure) as caught:
        compose_head(deployment, parse_origin(deployment), "/x", secret)
    assert caught.value.kind is FailureKind.CREDENTIAL_MISSING
    assert not caught.value.sent
    assert "env:HOUSE_KEY" in caught.value.detail
    assert secret not in caught.value.detail


@pytest.mark.parametrize("auth", sorted({*get_args(Auth)} - {"aws_sigv4"}))
def test_a_secret_key_that_signs_is_never_sent(auth: Auth) -> None:
    deployment = replace(deploy(1, credential="env:AWS_ACCESS_KEY_ID+AWS_SECRET_ACCESS_KEY"), auth=auth)
    with pytest.raises(UpstreamFailure) as caught:
        compose_head(deployment, parse_origin(deployment), "/x", PAIR)
    assert caught.value.kind is FailureKind.CREDENTIAL_MISSING
    assert SECRET not in caught.value.detail


def test_nothing_that_holds_a_key_shows_it() -> None:
    deployment = replace(deploy(1, credential="KEY"), auth="aws_sigv4")
    head = compose_head(deployment, parse_origin(deployment), "/x", f"{PAIR}:session-token")
    assert SECRET not in repr(head)
    assert "session-token" not in repr(head)
    plain = compose_head(replace(deployment, auth="x-api-key"), parse_origin(deployment), "/x", "canary")
    assert "canary" not in repr(plain)


def test_a_new_key_counts_at_the_next_request(run: Run) -> None:
    heads: list[bytes] = []
    keys = Keys(KEY="one")

    async def script(peer: Peer) -> None:
        for _ in range(2):
            heads.append((await peer.request())[0])
            await peer.send(PLAIN)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream(keys) as upstream:
            deployment = replace(deploy(provider.port, credential="KEY"), auth="api-key")
            await post(upstream, deployment)
            keys.values["KEY"] = "two"
            await post(upstream, deployment)

    run(scenario())
    assert [b"api-key: one\r\n" in head for head in heads] == [True, False]
    assert b"api-key: two\r\n" in heads[1]
