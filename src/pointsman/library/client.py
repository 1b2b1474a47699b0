"""`Pointsman("pointsman.yaml").chat("Hello", agent="writer")`: the relay for programs, with and without `await`."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack, cast

from pointsman.library.chat_stream import AsyncChatStream, ChatStream
from pointsman.library.configuration import Configuration
from pointsman.library.engine import AnyEngine, Engine, get_engine
from pointsman.library.errors import PointsmanError
from pointsman.library.exchange import Exchange
from pointsman.library.failed import build_error
from pointsman.library.gateway_engine import GatewayEngine
from pointsman.library.options import ChatOptions, Messages, Ready, build_chat, build_embedding
from pointsman.library.remote_calls import count_remote_reply
from pointsman.library.replies import ChatReply, EmbeddingReply, Told, read_chat_reply, read_embedding_reply

MOST_AT_ONCE = 8
"""Requests of a batch that are under way at a time, unless it says otherwise."""

Request = Messages | Mapping[str, object]


class Pointsman:
    """Chats, streams, embeddings and batches; any number of threads and event loops may use one.

    Args:
        config: a file or folder in any form that Pointsman reads, or a document as a mapping. Without it, and without
            `url`, the engine of this process is used: that of `POINTSMAN_URL`, else of the configuration found here.
        url: of a gateway that shall be asked instead.
        api_key: for that gateway.
        home: where usage, budgets and decisions are kept as a gateway keeps them; by default nothing is written.

    Raises:
        FileNotFoundError: when there is no configuration.
        ConfigurationError: when it cannot be used.
    """

    def __init__(
        self,
        config: Configuration = None,
        *,
        url: str | None = None,
        api_key: str | None = None,
        home: str | Path | None = None,
    ) -> None:
        if url is not None and (config is not None or home is not None):
            raise TypeError("a gateway has a configuration and a home of its own; leave url out, or the other two")
        if url is None and api_key is not None:
            raise TypeError("api_key is for a gateway; name it with url. Keys of providers stand in the configuration")
        self._is_own = url is not None or config is not None or home is not None
        self.engine: AnyEngine
        if url is not None:
            self.engine = GatewayEngine(url, api_key or "")
        else:
            self.engine = Engine(config, home=home) if self._is_own else get_engine()

    @classmethod
    def over(cls, engine: AnyEngine) -> Self:
        """A client of an engine that belongs to somebody else, and stays when this is closed."""
        client = cls.__new__(cls)
        client._is_own = False
        client.engine = engine
        return client

    def chat(self, messages: Messages, *, model: str | None = None, **options: Unpack[ChatOptions]) -> ChatReply:
        """Ask, and wait for the whole answer.

        Args:
            messages: a text, or messages as OpenAI's chat completions have them.
            model: a model's name, `agent:NAME`, or `auto`; not needed where `agent` is given.
            options: see `ChatOptions`.

        Raises:
            TypeError: for an option that is not known.
            RequestRefused, MissingCredential, ProviderFailed, RequestTimedOut, GatewayUnreachable: see `errors`.
        """
        return self._ask(build_chat(messages, model, options, stream=False))

    async def achat(self, messages: Messages, *, model: str | None = None, **options: Unpack[ChatOptions]) -> ChatReply:
        """The same with `await`; cancelling it ends the call upstream."""
        return await self._aask(build_chat(messages, model, options, stream=False))

    def stream(self, messages: Messages, *, model: str | None = None, **options: Unpack[ChatOptions]) -> ChatStream:
        """Ask, and iterate over the answer as it arrives; its `reply` has all of it at the end.

        Arguments and errors are those of `chat`; `timeout_s` is for each next piece.
        """
        ready = build_chat(messages, model, options, stream=True)
        stream = self.engine.stream(ready.path, ready.body, ready.headers, timeout_s=ready.timeout_s)
        return ChatStream(self.engine, stream, ready.agent)

    def astream(
        self, messages: Messages, *, model: str | None = None, **options: Unpack[ChatOptions]
    ) -> AsyncChatStream:
        """The same with `async for`."""
        ready = build_chat(messages, model, options, stream=True)
        stream = self.engine.stream_async(ready.path, ready.body, ready.headers, timeout_s=ready.timeout_s)
        return AsyncChatStream(self.engine, stream, ready.agent)

    def embed(self, texts: str | Sequence[str], model: str | None = None, **options: object) -> EmbeddingReply:
        """Vectors for texts, in their order.

        Args:
            texts: one or more.
            model: a model's name or `agent:NAME`.
            options: `dimensions`, and those of `ChatOptions` that say something about the request.
        """
        ready = build_embedding([texts] if isinstance(texts, str) else texts, model, options)
        began_s = time.monotonic()
        answer = self.engine.post(ready.path, ready.body, ready.headers, timeout_s=ready.timeout_s)
        reply = read_embedding_reply(self._check(answer).body, _tell(answer, began_s))
        count_remote_reply(self.engine, ready.agent, answer.headers, reply)
        return reply

    async def aembed(self, texts: str | Sequence[str], model: str | None = None, **options: object) -> EmbeddingReply:
        """The same with `await`."""
        ready = build_embedding([texts] if isinstance(texts, str) else texts, model, options)
        began_s = time.monotonic()
        answer = await self.engine.post_async(ready.path, ready.body, ready.headers, timeout_s=ready.timeout_s)
        reply = read_embedding_reply(self._check(answer).body, _tell(answer, began_s))
        count_remote_reply(self.engine, ready.agent, answer.headers, reply)
        return reply

    def batch(
        self,
        requests: Sequence[Request],
        *,
        model: str | None = None,
        most_at_once: int = MOST_AT_ONCE,
        **options: Unpack[ChatOptions],
    ) -> list[ChatReply | PointsmanError]:
        """Ask many things, some at a time; one that fails keeps no other from its answer.

        Args:
            requests: texts, lists of messages, or mappings with `messages` and options of their own.
            model: for those that name none.
            most_at_once: how many are under way at a time.
            options: for those that do not say otherwise.

        Returns:
            Replies and errors, in the order of the requests.

        Raises:
            TypeError: for an option that is not known; nothing was asked then.
        """
        ready = [_build_one(request, model, options) for request in requests]
        if not ready:
            return []
        with ThreadPoolExecutor(_check_width(most_at_once, len(ready)), thread_name_prefix="batch") as threads:
            return list(threads.map(self._try, ready))

    async def abatch(
        self,
        requests: Sequence[Request],
        *,
        model: str | None = None,
        most_at_once: int = MOST_AT_ONCE,
        **options: Unpack[ChatOptions],
    ) -> list[ChatReply | PointsmanError]:
        """The same with `await`; cancelling it ends all that is under way."""
        ready = [_build_one(request, model, options) for request in requests]
        places = asyncio.Semaphore(_check_width(most_at_once, max(1, len(ready))))

        async def attempt(one: Ready) -> ChatReply | PointsmanError:
            async with places:
                return await self._atry(one)

        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(attempt(one)) for one in ready]
        return [task.result() for task in asked]

    def close(self) -> None:
        """End what is under way; the engine of this process, which others may use, stays."""
        if self._is_own:
            self.engine.close()

    async def aclose(self) -> None:
        """The same without keeping the event loop waiting."""
        await asyncio.to_thread(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _check(self, answer: Exchange) -> Exchange:
        if answer.status != 200:
            raise build_error(self.engine, answer.status, answer.headers, answer.body)
        return answer

    def _ask(self, ready: Ready) -> ChatReply:
        began_s = time.monotonic()
        answer = self.engine.post(ready.path, ready.body, ready.headers, timeout_s=ready.timeout_s)
        return self._read(ready, answer, began_s)

    async def _aask(self, ready: Ready) -> ChatReply:
        began_s = time.monotonic()
        answer = await self.engine.post_async(ready.path, ready.body, ready.headers, timeout_s=ready.timeout_s)
        return self._read(ready, answer, began_s)

    def _read(self, ready: Ready, answer: Exchange, began_s: float) -> ChatReply:
        reply = read_chat_reply(self._check(answer).body, _tell(answer, began_s))
        count_remote_reply(self.engine, ready.agent, answer.headers, reply)
        return reply

    def _try(self, ready: Ready) -> ChatReply | PointsmanError:
        try:
            return self._ask(ready)
        except PointsmanError as error:
            return error

    async def _atry(self, ready: Ready) -> ChatReply | PointsmanError:
        try:
            return await self._aask(ready)
        except PointsmanError as error:
            return error


def _tell(answer: Exchange, began_s: float) -> Told:
    return Told(answer.headers, answer.outcome, (time.monotonic() - began_s) * 1_000)


def _build_one(request: Request, model: str | None, options: ChatOptions) -> Ready:
    shared: dict[str, object] = {**options}
    if not isinstance(request, Mapping):
        return build_chat(request, model, shared, stream=False)
    own = dict(request)
    messages = own.pop("messages", None)
    if messages is None:
        raise TypeError('a request of a batch that is a mapping has "messages"')
    named = own.pop("model", None if "agent" in own else model)
    return build_chat(cast(Messages, messages), cast("str | None", named), shared | own, stream=False)


def _check_width(most_at_once: int, requests: int) -> int:
    if most_at_once < 1:
        raise ValueError("most_at_once is a whole number from 1 up")
    return min(most_at_once, requests)
