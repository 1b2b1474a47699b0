"""Calls by provider and model: each runs through the relay, with a configuration or with none."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import cast

from pointsman.library.chat_stream import AsyncChatStream, ChatChunk, ChatStream
from pointsman.library.client import Pointsman
from pointsman.library.engine import AnyEngine, Engine, get_engine
from pointsman.library.llm_config import LLMConfig
from pointsman.library.llm_response import LLMResponse, describe_reply
from pointsman.library.options import ChatOptions, Messages
from pointsman.library.replies import ChatReply
from pointsman.library.served_model import find_served

NOTHING: Mapping[str, object] = {"version": 1, "providers": {}}
"""The document of a program that has none: providers come to it from the catalogue as they are asked for."""

_OPTIONS = (
    "temperature",
    "max_tokens",
    "top_p",
    "stop",
    "seed",
    "tool_choice",
    "response_format",
    "timeout_s",
    "max_cost_usd",
    "min_quality",
    "agent",
    "privacy",
)
_LISTS = ("tools", "fallback_models", "tags")


class ResponseStream:
    """The pieces of an answer, for a thread; `response` has all of it at the end."""

    def __init__(self, stream: ChatStream, completions: "Completions") -> None:
        self._stream = stream
        self._completions = completions

    @property
    def response(self) -> LLMResponse:
        """The whole answer, once the stream has ended."""
        return self._completions.describe(self._stream.reply)

    def __iter__(self) -> Iterator[ChatChunk]:
        return self._stream

    def __enter__(self) -> "ResponseStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the call upstream unless it has ended."""
        self._stream.close()


class AsyncResponseStream:
    """The same for a task."""

    def __init__(self, stream: AsyncChatStream, completions: "Completions") -> None:
        self._stream = stream
        self._completions = completions

    @property
    def response(self) -> LLMResponse:
        """The whole answer, once the stream has ended."""
        return self._completions.describe(self._stream.reply)

    def __aiter__(self) -> AsyncIterator[ChatChunk]:
        return self._stream

    async def __aenter__(self) -> "AsyncResponseStream":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the call upstream unless it has ended."""
        await self._stream.aclose()


class Completions:
    """Calls of one router.

    Args:
        place: its configuration; `None` for the usual one, which need not be there.
        is_there: whether there is one.
    """

    def __init__(self, place: Path | None, *, is_there: bool) -> None:
        self._place = place
        self._is_there = is_there
        self._lock = Lock()
        self._own: Engine | None = None
        self._is_asked = False

    def find_engine(self) -> AnyEngine:
        """The engine of these calls, made when it is first asked for."""
        self._is_asked = True
        is_gateway = self._place is None and os.environ.get("POINTSMAN_URL", "").strip()
        if is_gateway or (self._place is None and self._is_there):
            return get_engine()
        if self._place is None:
            return _get_plain_engine()
        with self._lock:
            if self._own is None or self._own.is_closed:
                self._own = Engine(self._place)
            return self._own

    def reload(self) -> None:
        """Read the configuration anew for the calls that follow; from now on there is one."""
        self._is_there = True
        engine = self.find_engine() if self._is_asked else None
        if isinstance(engine, Engine):
            engine.reload()

    def close(self) -> None:
        """End what is under way, unless others use the engine too."""
        if self._own is not None:
            self._own.close()

    def complete(self, messages: Messages, config: LLMConfig) -> LLMResponse:
        """Ask, and wait for the whole answer."""
        client, name = self._aim(config)
        return self.describe(client.chat(messages, model=name, **_list_options(config)))

    async def acomplete(self, messages: Messages, config: LLMConfig) -> LLMResponse:
        """The same with `await`."""
        client, name = self._aim(config)
        return self.describe(await client.achat(messages, model=name, **_list_options(config)))

    def stream(self, messages: Messages, config: LLMConfig) -> ResponseStream:
        """Ask, and read the answer as it arrives."""
        client, name = self._aim(config)
        return ResponseStream(client.stream(messages, model=name, **_list_options(config)), self)

    def astream(self, messages: Messages, config: LLMConfig) -> AsyncResponseStream:
        """The same with `async for`."""
        client, name = self._aim(config)
        return AsyncResponseStream(client.astream(messages, model=name, **_list_options(config)), self)

    def describe(self, reply: ChatReply) -> LLMResponse:
        """A reply with its provider, and its cost in parts as far as it is known."""
        served = find_served(self.find_engine(), reply.model)
        return describe_reply(reply, served.provider, served.prices)

    def _aim(self, config: LLMConfig) -> tuple[Pointsman, str]:
        """Whom to ask, and for which model by our name of it."""
        if not isinstance(config, LLMConfig):
            raise TypeError('say what shall answer: LLMConfig(provider=LLMProvider.OPENAI, model="gpt-4o-mini")')
        engine = self.find_engine()
        if config.provider is None or not isinstance(engine, Engine):
            return Pointsman.over(engine), config.model
        return Pointsman.over(engine), engine.name_model(config.provider, config.model)


def _list_options(config: LLMConfig) -> ChatOptions:
    options: dict[str, object] = {name: value for name in _OPTIONS if (value := getattr(config, name)) is not None}
    lists: dict[str, Sequence[object]] = {name: getattr(config, name) for name in _LISTS}
    options |= {name: list(value) for name, value in lists.items() if value}
    if config.user:
        options["user"] = config.user
    if config.extra_body:
        options["extra_body"] = dict(config.extra_body)
    # Each name is one of the options, and pydantic has checked each value.
    return cast(ChatOptions, options)


_plain_engine: Engine | None = None
_lock = Lock()


def _get_plain_engine() -> Engine:
    """The engine of all routers without a configuration, made when it is first asked for."""
    global _plain_engine
    with _lock:
        if _plain_engine is None or _plain_engine.is_closed:
            _plain_engine = Engine(NOTHING)
        return _plain_engine


def _forget_lock() -> None:
    """In the child after a fork, where the thread that held it may not be."""
    global _lock
    _lock = Lock()


os.register_at_fork(after_in_child=_forget_lock)
