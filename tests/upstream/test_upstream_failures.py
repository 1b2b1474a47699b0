"""Every way a call can fail: its kind, whether the provider may have seen the request, and no connection left over."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deadlines
from pointsman.upstream import pool
from pointsman.upstream.addresses import Resolver, SocketAddress
from pointsman.upstream.pool import ConnectionCounts
from upstream.scripted_provider import (
    CHUNKED_HEAD,
    PLAIN,
    Keys,
    Peer,
    ScriptedProvider,
    chunk,
    count,
    deploy,
    open_upstream,
    post,
    until,
)

Run = Callable[[Coroutine[Any, Any, None]], None]
NONE_OPEN = ConnectionCounts(idle=0, active=0)
CERTIFICATES = Path(__file__).parent / "tls"


async def fail_to_answer(peer: Peer) -> None:
    await peer.request()
    await peer.hang_up()


def answer_with(data: bytes, *, then_wait: bool = True) -> Callable[[Peer], Coroutine[Any, Any, None]]:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(data)
        if then_wait:
            await peer.hang_up()

    return script


async def expect(kind: FailureKind, call: Coroutine[Any, Any, object], *, sent: bool = True) -> UpstreamFailure:
    with pytest.raises(UpstreamFailure) as caught:
        await call
    assert (caught.value.kind, caught.value.sent) == (kind, sent), caught.value
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>hello</html>",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: b\x00c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
        b"HTTP/1.1 099 What\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 11 + PLAIN,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 101 + b"content-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 65_536 + b"\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 200_000,
    ],
)
def test_an_unacceptable_head_is_a_bad_response(run: Run, answer: bytes) -> None:
    async def scenario() -> None:
        async with ScriptedProvider(answer_with(answer)) as provider, open_upstream() as upstream:
            await expect(FailureKind.BAD_RESPONSE, post(upstream, deploy(provider.port)))
            await until(lambda: count(upstream) == NONE_OPEN)
            assert provider.connection_count == 1

    run(scenario())


@pytest.mark.parametrize("trailers", [b"a: b\r\n" * 101, b"a: " + b"b" * 1_000_000])
def test_trailers_without_end_are_a_bad_response(run: Run, trailers: bytes) -> None:
    async def scenario() -> None:
        script = answer_with(CHUNKED_HEAD + chunk(b"one") + b"0\r\n" + trailers)
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            response = await upstream.send(deploy(provider.port), "/chat/completions", b"{}", stream=True)
            await expect(FailureKind.BAD_RESPONSE, response.read_all())
            await until(lambda: count(upstream) == NONE_OPEN)

    run(scenario())


def test_a_body_beyond_the_limit_is_a_bad_response(run: Run) -> None:
    async def scenario() -> None:
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + bytes(400_000)
        async with ScriptedProvider(answer_with(answer)) as provider, open_upstream() as upstream:
            await expect(FailureKind.BAD_RESPONSE, post(upstream, deploy(provider.port, max_response_bytes=100_000)))
            await until(lambda: count(upstream) == NONE_OPEN)

    run(scenario())


@pytest.mark.parametrize("framing", [b"zz\r\nmore\r\n", b"3\r\nmore\r\n", b"-1\r\n\r\n", b"fffffffffffffffff\r\n"])
def test_broken_framing_interrupts_after_what_was_whole(run: Run, framing: bytes) -> None:
    async def scenario() -> None:
        script = answer_with(CHUNKED_HEAD + chunk(b"one ") + framing)
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            response = await upstream.send(deploy(provider.port), "/chat/completions", b"{}", stream=True)
            assert (await response.read()).startswith(b"one ")
            await expect(FailureKind.INTERRUPTED, response.read())
            await expect(FailureKind.INTERRUPTED, response.read())
            await until(lambda: count(upstream) == NONE_OPEN)

    run(scenario())


def test_a_chunked_answer_cut_at_every_byte_never_looks_complete(run: Run) -> None:
    answer = CHUNKED_HEAD + chunk(b"data: 1\n\n") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    lengths = iter(range(len(answer)))

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer[: next(lengths)])

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(len(answer)):
                await expect(FailureKind.INTERRUPTED, post(upstream, deploy(provider.port), stream=True))
            assert provider.connection_count == len(answer)

    run(scenario())


def test_a_plain_answer_cut_at_every_byte_never_looks_complete(run: Run) -> None:
    lengths = iter(range(len(PLAIN)))

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(PLAIN[: next(lengths)])

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(len(PLAIN)):
                await expect(FailureKind.INTERRUPTED, post(upstream, deploy(provider.port)))

    run(scenario())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\n", CHUNKED_HEAD, b"HTTP/1.0 200 OK\r\n\r\nbody to the end"]
)
def test_a_reset_interrupts(run: Run, answer: bytes) -> None:
    read = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer)
        if b"\r\n\r\n" in answer:
            await read.wait()
        peer.reset()

    async def call(provider: ScriptedProvider) -> None:
        async with open_upstream() as upstream:
            response = await upstream.send(deploy(provider.port), "/chat/completions", b"{}", stream=True)
            read.set()
            await response.read_all()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider:
            await expect(FailureKind.INTERRUPTED, call(provider))
            assert provider.connection_count == 1

    run(scenario())


@pytest.mark.parametrize("with_reset", [False, True])
def test_a_stale_connection_costs_one_free_retry(run: Run, with_reset: bool) -> None:
    """The provider leaves at the very moment the second request comes, before a byte of its answer."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(PLAIN)
        if peer.place == 1:
            await peer.request()
            if with_reset:
                peer.reset()
        else:
            await peer.hang_up()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(2):
                assert await post(upstream, deploy(provider.port)) == b'{"ok":true}'
            assert provider.connection_count == 2
            assert count(upstream) == ConnectionCounts(idle=1, active=0)

    run(scenario())


def test_a_stale_connection_is_never_retried_twice(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        if peer.place == 1:
            await peer.send(PLAIN)
            await peer.request()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            await post(upstream, deploy(provider.port))
            await expect(FailureKind.INTERRUPTED, post(upstream, deploy(provider.port)))
            assert provider.connection_count == 2

    run(scenario())


def test_a_reused_connection_that_began_to_answer_is_not_retried(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(PLAIN)
        await peer.request()
        await peer.send(b"H")

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            await post(upstream, deploy(provider.port))
            await expect(FailureKind.INTERRUPTED, post(upstream, deploy(provider.port)))
            assert provider.connection_count == 1

    run(scenario())


@pytest.mark.parametrize(
    ("kind", "answer", "deadlines"),
    [
        (FailureKind.FIRST_BYTE_TIMEOUT, b"", Deadlines(first_byte_ms=150)),
        (FailureKind.STALLED, b"HTTP/1.1 200 OK\r\n", Deadlines(idle_ms=150)),
        (FailureKind.STALLED, CHUNKED_HEAD, Deadlines(idle_ms=150)),
        (FailureKind.STALLED, CHUNKED_HEAD + chunk(b"one"), Deadlines(idle_ms=150)),
        (FailureKind.DEADLINE, b"", Deadlines(total_ms=150)),
        (FailureKind.DEADLINE, CHUNKED_HEAD + chunk(b"one"), Deadlines(total_ms=150)),
    ],
)
def test_a_silent_provider_is_left_in_time(run: Run, kind: FailureKind, answer: bytes, deadlines: Deadlines) -> None:
    async def scenario() -> None:
        async with ScriptedProvider(answer_with(answer)) as provider, open_upstream() as upstream:
            started_s = asyncio.get_running_loop().time()
            await expect(kind, post(upstream, deploy(provider.port, deadlines=deadlines)))
            assert 0.14 < asyncio.get_running_loop().time() - started_s < 5
            await until(lambda: count(upstream) == NONE_OPEN)

    run(scenario())


def test_a_stream_has_its_own_total_time_whatever_trickles(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED_HEAD)
        while True:
            await peer.send(chunk(b": still here\n\n"))
            await asyncio.sleep(0.02)

    async def scenario() -> None:
        deadlines = Deadlines(total_ms=100, stream_total_ms=400, idle_ms=300)
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            started_s = asyncio.get_running_loop().time()
            await expect(FailureKind.DEADLINE, post(upstream, deploy(provider.port, deadlines=deadlines), stream=True))
            assert asyncio.get_running_loop().time() - started_s > 0.39

    run(scenario())


def test_a_reader_that_is_slow_does_not_stall_the_provider(run: Run) -> None:
    size_bytes = 8 * 1024 * 1024

    async def scenario() -> None:
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size_bytes + bytes(size_bytes)
        deadlines = Deadlines(idle_ms=150)
        async with ScriptedProvider(answer_with(answer)) as provider, open_upstream() as upstream:
            deployment = deploy(provider.port, deadlines=deadlines, max_response_bytes=size_bytes)
            response = await upstream.send(deployment, "/chat/completions", b"{}", stream=True)
            await asyncio.sleep(0.5)
            assert len(await response.read_all()) == size_bytes

    run(scenario())


def test_a_request_that_is_not_taken_counts_as_no_answer(run: Run) -> None:
    async def script(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            deployment = deploy(provider.port, deadlines=Deadlines(first_byte_ms=200))
            await expect(FailureKind.FIRST_BYTE_TIMEOUT, post(upstream, deployment, bytes(30_000_000)))

    run(scenario())


@pytest.mark.parametrize("phase", ["before the head", "in the body"])
def test_cancelling_is_seen_by_the_provider_at_once(run: Run, phase: str) -> None:
    asked = asyncio.Event()
    gone_at_s: list[float] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        if phase == "in the body":
            await peer.send(CHUNKED_HEAD + chunk(b"one"))
        asked.set()
        await peer.hang_up()
        gone_at_s.append(asyncio.get_running_loop().time())

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            call = asyncio.ensure_future(post(upstream, deploy(provider.port), stream=True))
            await asked.wait()
            await asyncio.sleep(0.01)
            cancelled_at_s = asyncio.get_running_loop().time()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await until(lambda: bool(gone_at_s))
            assert gone_at_s[0] - cancelled_at_s < 1
            await until(lambda: count(upstream) == NONE_OPEN)

    run(scenario())


def test_closing_an_unfinished_answer_is_seen_by_the_provider(run: Run) -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED_HEAD + chunk(b"one"))
        await peer.hang_up()
        gone.set()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            response = await upstream.send(deploy(provider.port), "/chat/completions", b"{}", stream=True)
            assert await response.read() == b"one"
            response.close()
            response.close()
            await asyncio.wait_for(gone.wait(), 1)
            await expect(FailureKind.INTERRUPTED, response.read())
            assert count(upstream) == NONE_OPEN

    run(scenario())


def test_closing_the_client_interrupts_what_is_under_way(run: Run) -> None:
    asked = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await peer.hang_up()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            call = asyncio.ensure_future(post(upstream, deploy(provider.port)))
            await asked.wait()
            await upstream.close()
            await expect(FailureKind.INTERRUPTED, call)  # type: ignore[arg-type]

    run(scenario())


def test_nobody_listens(run: Run) -> None:
    async def scenario() -> None:
        async with ScriptedProvider(fail_to_answer) as provider:
            port = provider.port
        async with open_upstream() as upstream:
            await expect(FailureKind.UNREACHABLE, post(upstream, deploy(port)), sent=False)

    run(scenario())


def test_too_many_connections_to_one_origin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MOST_OPEN", 2)

    async def scenario() -> None:
        async with ScriptedProvider(fail_to_answer) as provider, open_upstream() as upstream:
            deployment = deploy(provider.port)
            calls = [asyncio.ensure_future(post(upstream, deployment)) for _ in range(2)]
            await until(lambda: count(upstream).active == 2)
            await expect(FailureKind.UNREACHABLE, post(upstream, deployment), sent=False)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    run(scenario())


def resolve_to(*addresses: SocketAddress, error: OSError | None = None) -> Resolver:
    def ask(host: str, port: int) -> list[SocketAddress]:
        if error is not None:
            raise error
        return [(address[0], address[1] or port) for address in addresses]

    return Resolver(ask)


def test_a_name_without_address(run: Run) -> None:
    async def scenario() -> None:
        for resolver in (resolve_to(error=OSError(-2, "Name or service not known")), resolve_to()):
            async with open_upstream(resolver=resolver) as upstream:
                call = post(upstream, deploy(0, base_url="https://no.example/v1"))
                await expect(FailureKind.UNREACHABLE, call, sent=False)

    run(scenario())


def test_the_next_address_is_tried(run: Run) -> None:
    async def scenario() -> None:
        async with ScriptedProvider(answer_with(PLAIN)) as provider:
            resolver = resolve_to(("127.0.0.1", 1), ("127.0.0.1", 0))
            async with open_upstream(resolver=resolver) as upstream:
                deployment = deploy(0, base_url=f"http://two.example:{provider.port}/v1")
                assert await post(upstream, deployment) == b'{"ok":true}'

    run(scenario())


def test_a_resolver_that_hangs_is_a_connect_timeout(run: Run) -> None:
    async def scenario() -> None:
        release = asyncio.Event()
        loop = asyncio.get_running_loop()

        def ask(host: str, port: int) -> list[SocketAddress]:
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)
            return []

        async with open_upstream(resolver=Resolver(ask)) as upstream:
            for deadlines, kind in (
                (Deadlines(connect_ms=100), FailureKind.CONNECT_TIMEOUT),
                (Deadlines(total_ms=100), FailureKind.DEADLINE),
            ):
                deployment = deploy(0, base_url="http://slow.example/v1", deadlines=deadlines)
                await expect(kind, post(upstream, deployment), sent=False)
            release.set()

    run(scenario())


def test_one_lookup_serves_all_who_wait_for_it(run: Run) -> None:
    asked: list[str] = []

    async def scenario() -> None:
        async with ScriptedProvider(answer_with(PLAIN)) as provider:

            def ask(host: str, port: int) -> list[SocketAddress]:
                asked.append(host)
                return [("127.0.0.1", port)]

            async with open_upstream(resolver=Resolver(ask)) as upstream:
                deployment = deploy(0, base_url=f"http://shared.example:{provider.port}/v1")
                await asyncio.gather(*(post(upstream, deployment) for _ in range(5)))
                assert asked == ["shared.example"]

    run(scenario())


def test_one_bad_address_refuses_the_whole_name(run: Run) -> None:
    async def scenario() -> None:
        async with ScriptedProvider(answer_with(PLAIN)) as provider:
            for location, addresses in (
                ("cloud", (("8.8.8.8", 0), ("10.0.0.1", 0))),
                ("local", (("127.0.0.1", 0), ("169.254.169.254", 0))),
            ):
                async with open_upstream(resolver=resolve_to(*addresses)) as upstream:
                    base_url = f"http://mixed.example:{provider.port}/v1"
                    call = post(upstream, deploy(0, base_url=base_url, location=location))  # type: ignore[arg-type]
                    await expect(FailureKind.ADDRESS_FORBIDDEN, call, sent=False)
            assert provider.connection_count == 0

    run(scenario())


@pytest.mark.parametrize("host", ["127.0.0.1", "0177.1", "2130706433", "localhost", "0x7f.1"])
def test_a_cloud_provider_is_never_at_home(run: Run, host: str) -> None:
    async def scenario() -> None:
        async with ScriptedProvider(answer_with(PLAIN)) as provider, open_upstream() as upstream:
            base_url = f"http://{host}:{provider.port}/v1"
            await post(upstream, deploy(0, base_url=base_url, location="local"))
            call = post(upstream, deploy(0, base_url=base_url, location="cloud"))
            await expect(FailureKind.ADDRESS_FORBIDDEN, call, sent=False)
            assert provider.connection_count == 1

    run(scenario())


@pytest.mark.parametrize(
    "base_url",
    ["ftp://x.example", "http://", "http://u:p@x.example", "http://x.example?a=b", "http://a..b/", "http://x:99999/"],
)
def test_a_base_url_that_leads_nowhere(run: Run, base_url: str) -> None:
    async def scenario() -> None:
        async with open_upstream() as upstream:
            await expect(FailureKind.UNREACHABLE, post(upstream, deploy(0, base_url=base_url)), sent=False)

    run(scenario())


@pytest.mark.parametrize("key", [None, "", "sk-1\r\nx-evil: 1", "sk-1\n", "sk-ключ"])
def test_a_key_that_cannot_be_used(run: Run, key: str | None) -> None:
    async def scenario() -> None:
        keys = Keys() if key is None else Keys(OUR_KEY=key)
        async with ScriptedProvider(answer_with(PLAIN)) as provider, open_upstream(keys) as upstream:
            call = post(upstream, deploy(provider.port, credential="env:OUR_KEY"))
            failure = await expect(FailureKind.CREDENTIAL_MISSING, call, sent=False)
            assert "env:OUR_KEY" in failure.detail
            assert not key or key not in str(failure)
            assert provider.connection_count == 0

    run(scenario())


def serve_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "provider.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def test_tls_with_a_trusted_authority(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "authority.pem"))
    protocols: list[str | None] = []
    body = CHUNKED_HEAD + chunk(b"one ") + chunk(b"two") + b"0\r\n\r\n"

    async def script(peer: Peer) -> None:
        protocols.append(peer.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        while True:
            await peer.request()
            await peer.send(body)

    async def scenario() -> None:
        async with ScriptedProvider(script, tls=serve_tls()) as provider, open_upstream() as upstream:
            deployment = deploy(0, base_url=f"https://localhost:{provider.port}/v1")
            for _ in range(3):
                assert await post(upstream, deployment, bytes(300_000)) == b"one two"
            assert protocols == ["http/1.1"]
            assert count(upstream) == ConnectionCounts(idle=1, active=0)

    run(scenario())


@pytest.mark.parametrize(("trusted", "host"), [(False, "localhost"), (True, "127.0.0.1")])
def test_tls_that_cannot_be_trusted(run: Run, monkeypatch: pytest.MonkeyPatch, trusted: bool, host: str) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "authority.pem"))

    async def scenario() -> None:
        async with ScriptedProvider(fail_to_answer, tls=serve_tls()) as provider, open_upstream() as upstream:
            deployment = deploy(0, base_url=f"https://{host}:{provider.port}/v1")
            await expect(FailureKind.TLS, post(upstream, deployment), sent=False)
            await until(lambda: count(upstream) == NONE_OPEN)

    run(scenario())


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Plain HTTP\r\n\r\n", b""])
def test_tls_with_somebody_who_speaks_none(run: Run, greeting: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(greeting)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            deployment = deploy(0, base_url=f"https://localhost:{provider.port}/v1")
            await expect(FailureKind.TLS, post(upstream, deployment), sent=False)

    run(scenario())


def test_a_tls_handshake_that_hangs_is_a_connect_timeout(run: Run) -> None:
    async def scenario() -> None:
        async def script(peer: Peer) -> None:
            await peer.hang_up()

        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            base_url = f"https://localhost:{provider.port}/v1"
            deployment = deploy(0, base_url=base_url, deadlines=Deadlines(connect_ms=300))
            await expect(FailureKind.CONNECT_TIMEOUT, post(upstream, deployment), sent=False)

    run(scenario())


@pytest.mark.parametrize("greeting", [b"", b"220 mail.example ESMTP\r\n"])
def test_a_server_that_speaks_first_or_hangs_up_at_once(run: Run, greeting: bytes) -> None:
    """Whether the request was sent by then is a race; that the call ends at once is not."""

    async def script(peer: Peer) -> None:
        await peer.send(greeting)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(20):
                with pytest.raises(UpstreamFailure) as caught:
                    await asyncio.wait_for(post(upstream, deploy(provider.port)), 3)
                assert caught.value.kind in (
                    FailureKind.UNREACHABLE,
                    FailureKind.INTERRUPTED,
                    FailureKind.BAD_RESPONSE,
                )
            await until(lambda: count(upstream) == NONE_OPEN)

    run(scenario())


def test_many_tls_connections_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The burst takes longer than a sweep, which must not take a new connection for one that was idle for ages."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "authority.pem"))

    async def scenario() -> None:
        async with ScriptedProvider(answer_with(PLAIN), tls=serve_tls()) as provider, open_upstream() as upstream:
            deployment = deploy(0, base_url=f"https://localhost:{provider.port}/v1")
            bodies = await asyncio.gather(*(post(upstream, deployment) for _ in range(50)))
            assert set(bodies) == {b'{"ok":true}'}
            assert count(upstream) == ConnectionCounts(idle=50, active=0)

    run(scenario())


def test_a_large_answer_over_tls_with_a_slow_reader(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "authority.pem"))
    size_bytes = 8 * 1024 * 1024
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size_bytes + bytes(size_bytes)

    async def scenario() -> None:
        async with ScriptedProvider(answer_with(answer), tls=serve_tls()) as provider, open_upstream() as upstream:
            deployment = deploy(0, base_url=f"https://localhost:{provider.port}/v1", max_response_bytes=size_bytes)
            response = await upstream.send(deployment, "/chat/completions", b"{}", stream=True)
            await asyncio.sleep(0.2)
            assert len(await response.read()) < 2 * 1024 * 1024
            assert await response.read() != b""
            response.close()
            response = await upstream.send(deployment, "/chat/completions", b"{}", stream=True)
            assert len(await response.read_all()) == size_bytes
            assert count(upstream) == ConnectionCounts(idle=1, active=0)

    run(scenario())
