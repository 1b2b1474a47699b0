"""A call that goes well: what is sent, what is read, and which connection carries it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import pointsman
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.ports import Upstream, UpstreamResponse
from pointsman.upstream import pool
from pointsman.upstream.client import HttpUpstream
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


async def answer_forever(peer: Peer) -> None:
    while True:
        await peer.request()
        await peer.send(PLAIN)


def test_it_is_the_port(run: Run) -> None:
    async def scenario() -> None:
        async with ScriptedProvider(answer_forever) as provider, open_upstream() as upstream:
            port: Upstream = upstream
            response: UpstreamResponse = await port.send(deploy(provider.port), "/chat/completions", b"", stream=False)
            assert (response.status, response.header(b"content-type")) == (200, b"application/json")
            assert response.header(b"nothing") == b""
            assert list(response.headers) == [(b"content-type", b"application/json"), (b"content-length", b"11")]
            assert await response.read_all() == b'{"ok":true}'
            assert await response.read() == b""

    run(scenario())


def test_the_request_on_the_wire(run: Run) -> None:
    seen: list[tuple[bytes, bytes]] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.request())
        await peer.send(PLAIN)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream(Keys(KEY="sk-1")) as upstream:
            await post(upstream, deploy(provider.port, credential="env:KEY"), b'{"model":"m"}')
            port = b"%d" % provider.port
            assert seen == [
                (
                    b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:" + port + b"\r\n"
                    b"user-agent: pointsman/" + pointsman.__version__.encode() + b"\r\n"
                    b"accept: application/json, text/event-stream\r\naccept-encoding: identity\r\n"
                    b"content-type: application/json\r\nauthorization: Bearer sk-1\r\ncontent-length: 13\r\n\r\n",
                    b'{"model":"m"}',
                )
            ]

    run(scenario())


def test_a_large_request_arrives_whole_and_its_connection_is_used_again(run: Run) -> None:
    body = bytes(range(256)) * 20_000
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        while True:
            seen.append((await peer.request())[1])
            await peer.send(PLAIN)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(2):
                await post(upstream, deploy(provider.port), body)
            assert seen == [body, body]
            assert provider.connection_count == 1

    run(scenario())


def test_connections_are_reused_last_in_first_out(run: Run) -> None:
    served: list[int] = []
    both = asyncio.Event()

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            served.append(peer.place)
            if len(served) == 2:
                both.set()
            await both.wait()
            await peer.send(PLAIN)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            deployment = deploy(provider.port)
            await asyncio.gather(post(upstream, deployment), post(upstream, deployment))
            assert count(upstream) == ConnectionCounts(idle=2, active=0)
            for _ in range(5):
                await post(upstream, deployment)
            assert provider.connection_count == 2
            assert len(set(served[2:])) == 1

    run(scenario())


def test_a_changed_key_is_used_at_once(run: Run) -> None:
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        while True:
            heads.append((await peer.request())[0])
            await peer.send(PLAIN)

    async def scenario() -> None:
        keys = Keys(KEY="sk-old")
        async with ScriptedProvider(script) as provider, open_upstream(keys) as upstream:
            deployment = deploy(provider.port, credential="env:KEY")
            await post(upstream, deployment)
            keys.values["KEY"] = "sk-new"
            await post(upstream, deployment)
            assert b"Bearer sk-old\r\n" in heads[0]
            assert b"Bearer sk-new\r\n" in heads[1]

    run(scenario())


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 301 Moved\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno", b"no"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (CHUNKED_HEAD + chunk(b"one ") + chunk(b"two") + b"0\r\n\r\n", b"one two"),
        (CHUNKED_HEAD + chunk(b"one") + b"0\r\nx-trailer: 1\r\n\r\n", b"one"),
        (CHUNKED_HEAD + b"3;extension=1\r\none\r\n0\r\n\r\n", b"one"),
        (b"HTTP/1.1 100 Continue\r\nx: y\r\n\r\nHTTP/1.1 103 Early\r\n\r\n" + PLAIN, b'{"ok":true}'),
    ],
)
def test_answers_of_every_framing_keep_the_connection(run: Run, answer: bytes, body: bytes) -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(answer)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(2):
                response = await upstream.send(deploy(provider.port), "/chat/completions", b"{}", stream=False)
                assert response.status == int(answer.rpartition(b"HTTP/1.1 ")[2][:3])
                assert b"x" not in dict(response.headers)
                assert await response.read_all() == body
            assert provider.connection_count == 1
            assert count(upstream) == ConnectionCounts(idle=1, active=0)

    run(scenario())


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED_HEAD + chunk(b'{"ok"') + chunk(b":true}") + b"0\r\nt: 1\r\n\r\n"])
def test_an_answer_byte_by_byte(run: Run, answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            for place in range(len(answer)):
                await peer.send(answer[place : place + 1])
                await asyncio.sleep(0)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(2):
                assert await post(upstream, deploy(provider.port)) == b'{"ok":true}'
            assert provider.connection_count == 1

    run(scenario())


def test_a_body_without_length_ends_with_its_connection(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.0 200 OK\r\n\r\none ")
        await peer.send(b"two")

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(2):
                assert await post(upstream, deploy(provider.port)) == b"one two"
            assert provider.connection_count == 2

    run(scenario())


def test_pieces_are_read_as_they_come_and_together_when_they_waited(run: Run) -> None:
    steps = [asyncio.Event() for _ in range(3)]

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED_HEAD)
        await steps[0].wait()
        await peer.send(chunk(b"one"))
        await steps[1].wait()
        await peer.send(chunk(b"two") + chunk(b"three") + b"0\r\n\r\n")
        await steps[2].wait()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            response = await upstream.send(deploy(provider.port), "/chat/completions", b"{}", stream=True)
            steps[0].set()
            assert await response.read() == b"one"
            steps[1].set()
            await until(lambda: count(upstream).idle == 1)
            assert await response.read() == b"twothree"
            assert await response.read() == b""
            assert await response.read() == b""

    run(scenario())


def test_closing_a_finished_answer_does_not_touch_the_next_one(run: Run) -> None:
    async def scenario() -> None:
        async with ScriptedProvider(answer_forever) as provider, open_upstream() as upstream:
            deployment = deploy(provider.port)
            first = await upstream.send(deployment, "/chat/completions", b"{}", stream=False)
            await first.read_all()
            second_call = asyncio.ensure_future(upstream.send(deployment, "/chat/completions", b"{}", stream=False))
            await asyncio.sleep(0)
            first.close()
            first.close()
            assert await (await second_call).read_all() == b'{"ok":true}'
            assert provider.connection_count == 1

    run(scenario())


@pytest.mark.parametrize("surplus", [PLAIN, b"rubbish", b"HTTP"])
def test_surplus_bytes_leave_the_answer_whole_and_end_the_connection(run: Run, surplus: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(PLAIN + surplus)
        await peer.hang_up()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(2):
                assert await post(upstream, deploy(provider.port)) == b'{"ok":true}'
            assert provider.connection_count == 2
            await until(lambda: count(upstream) == ConnectionCounts(idle=0, active=0))

    run(scenario())


def test_bytes_on_an_idle_connection_end_it(run: Run) -> None:
    late = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(PLAIN)
        await late.wait()
        await peer.send(PLAIN)
        await peer.hang_up()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            await post(upstream, deploy(provider.port))
            assert count(upstream).idle == 1
            late.set()
            await until(lambda: count(upstream) == ConnectionCounts(idle=0, active=0))
            await post(upstream, deploy(provider.port))
            assert provider.connection_count == 2

    run(scenario())


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nconnection: close\r\n", b"HTTP/1.0 200 OK\r\n"])
def test_a_provider_that_wants_to_close_is_not_asked_again(run: Run, head: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(head + b"content-length: 2\r\n\r\nok")
        await peer.hang_up()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for _ in range(2):
                assert await post(upstream, deploy(provider.port)) == b"ok"
            assert provider.connection_count == 2

    run(scenario())


def test_an_answer_before_the_end_of_the_request_ends_the_connection(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        await peer.reader.read(1)
        await asyncio.Event().wait()

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            response = await upstream.send(deploy(provider.port), "/chat/completions", bytes(30_000_000), stream=False)
            assert (response.status, await response.read_all()) == (413, b"no")
            await until(lambda: count(upstream) == ConnectionCounts(idle=0, active=0))

    run(scenario())


def test_idle_connections_are_closed_in_time_and_bounded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MOST_IDLE", 3)

    async def scenario() -> None:
        async with ScriptedProvider(answer_forever) as provider, open_upstream() as upstream:
            deployment = deploy(provider.port)
            await asyncio.gather(*(post(upstream, deployment) for _ in range(8)))
            await until(lambda: count(upstream) == ConnectionCounts(idle=3, active=0))
            monkeypatch.setattr(pool, "MOST_IDLE_S", 0.01)
            await until(lambda: count(upstream) == ConnectionCounts(idle=0, active=0))

    run(scenario())


def test_back_pressure_reaches_the_provider(run: Run) -> None:
    total_bytes = 64 * 1024 * 1024
    sent_bytes = 0

    async def script(peer: Peer) -> None:
        nonlocal sent_bytes
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % total_bytes)
        piece = bytes(64 * 1024)
        while sent_bytes < total_bytes:
            await peer.send(piece)
            sent_bytes += len(piece)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            response = await upstream.send(deploy(provider.port), "/chat/completions", b"{}", stream=True)
            seen_bytes = -1
            while seen_bytes != sent_bytes:
                seen_bytes = sent_bytes
                await asyncio.sleep(0.1)
            assert sent_bytes < total_bytes // 2
            largest = received_bytes = 0
            while piece := await response.read():
                largest = max(largest, len(piece))
                received_bytes += len(piece)
            assert received_bytes == total_bytes
            assert largest < 1024 * 1024
            assert count(upstream).idle == 1

    run(scenario())


def test_nothing_is_sent_before_start_or_after_close(run: Run) -> None:
    async def scenario() -> None:
        async with ScriptedProvider(answer_forever) as provider:
            upstream = HttpUpstream(Keys())
            for _ in range(2):
                with pytest.raises(UpstreamFailure, match="not running"):
                    await post(upstream, deploy(provider.port))
                upstream.start()
                await upstream.close()
            assert provider.connection_count == 0

    run(scenario())


def test_a_provider_that_leaves_an_idle_connection_is_noticed(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(PLAIN)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            for calls in (1, 2):
                await post(upstream, deploy(provider.port))
                await until(lambda: count(upstream) == ConnectionCounts(idle=0, active=0))
                assert provider.connection_count == calls

    run(scenario())


@pytest.mark.parametrize(("rest", "connections"), [(b"0\r\n\r\n", 1), (chunk(b"more") + b"0\r\n\r\n", 2), (b"", 2)])
def test_a_released_answer_keeps_its_connection_only_if_it_just_ends(run: Run, rest: bytes, connections: int) -> None:
    """The relay has read up to the stream's own end mark; what the provider still sends decides."""
    released = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        if peer.place == 1:
            await peer.send(CHUNKED_HEAD + chunk(b"done"))
            await released.wait()
            await peer.send(rest)
            await peer.request()
        await peer.send(PLAIN)

    async def scenario() -> None:
        async with ScriptedProvider(script) as provider, open_upstream() as upstream:
            answer = await upstream.send(deploy(provider.port), "/chat/completions", b"{}", stream=True)
            assert await answer.read() == b"done"
            answer.release()
            answer.close()
            assert count(upstream).active == 1
            released.set()
            await until(lambda: count(upstream).active == 0)
            again = await upstream.send(deploy(provider.port), "/chat/completions", b"{}", stream=False)
            assert await again.read_all() == b'{"ok":true}'
            assert provider.connection_count == connections

    run(scenario())
