"""`ChatPointsman(agent="writer")`: a LangChain chat model whose every call runs through the relay."""

import copy
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from decimal import Decimal
from typing import Any, Literal, Self, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.load.serializable import SerializedConstructor, SerializedNotImplemented
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import Field, SecretStr, model_validator

from pointsman.core.privacy.labels import LABELS, raise_label
from pointsman.core.routing.estimate_tokens import estimate_tokens_of_texts
from pointsman.langchain.count_tokens import estimate_payload
from pointsman.langchain.receipts import Receipt
from pointsman.langchain.sdk_clients import BASE_URL, NO_KEY, SdkOptions, build_sdk_clients
from pointsman.langchain.settled import count_remote_call, own_errors
from pointsman.library.engine import AnyEngine, get_engine
from pointsman.library.options import build_chat

Privacy = Literal["low", "medium", "high"]

SAID = (
    "task", "task_id", "user", "session", "privacy", "strategy", "max_cost_usd", "budget_mode", "no_cache"
)  # fmt: skip
"""What is said to the relay beside the request; fields of a model, and arguments of each call."""

_NOT_OURS = frozenset(
    ("base_url", "openai_api_base", "api_key", "openai_api_key", "http_client", "http_async_client", "openai_proxy")
)
_CLIENTS = ("client", "async_client", "root_client", "root_async_client", "http_client", "http_async_client")


class ChatPointsman(ChatOpenAI):
    """A chat model of LangChain that runs through the relay in this process, or through the gateway at `POINTSMAN_URL`.

    Whatever `ChatOpenAI` takes and does, this takes and does; keys and addresses of providers stand in the
    configuration. `response_metadata` has `cost_usd`, `cost_nusd`, `model`, `decision` and `request_id`, too.

    Attributes:
        agent: whose models, rules and budgets count; without `model` its own models answer.
        task: its type, or a mapping with all that is known of it.
        task_id: names the task for an operator's override.
        user: on whose behalf.
        session: for experiments.
        privacy: how private the requests are at least.
        strategy: what orders the candidates.
        max_cost_usd: what a request may cost at most, in dollars.
        budget_mode: whether to save.
        no_cache: whether an answer that was given before will not do.
        tags: of traces and of usage.
        known_tags: those of them that are not sent because the relay knows them by itself.
        engine: that answers; by default the one of this process.
    """

    agent: str | None = None
    task: str | dict[str, Any] | None = None
    task_id: str | None = None
    user: str | None = None
    session: str | None = None
    privacy: Privacy | None = None
    strategy: str | None = None
    max_cost_usd: Decimal | str | None = None
    budget_mode: bool | None = None
    no_cache: bool | None = None
    known_tags: list[str] = Field(default_factory=list, repr=False)
    engine: Any = Field(default=None, exclude=True, repr=False)

    stream_usage: bool | None = True
    use_responses_api: bool | None = False
    openai_api_key: Any = Field(default=None, alias="api_key", exclude=True, repr=False)
    openai_api_base: str | None = Field(default=None, alias="base_url", exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def name_target(cls, values: Any) -> Any:
        """Find out what is asked for, and refuse what belongs into the configuration."""
        if not isinstance(values, dict):
            return values
        named = dict(values)
        for name in sorted(_NOT_OURS & named.keys()):
            if named.pop(name) is not None:
                raise ValueError(
                    f"{name} is not for ChatPointsman: keys and addresses of providers stand in the configuration, and"
                    " those of a gateway in POINTSMAN_URL and POINTSMAN_API_KEY"
                )
        if not (named.get("model") or named.get("model_name")):
            if not named.get("agent"):
                raise ValueError('say who or what shall answer: agent="NAME", model="NAME", or model="auto"')
            named.pop("model_name", None)
            named["model"] = f"agent:{named['agent']}"
        if isinstance(cost := named.get("max_cost_usd"), int | float) and not isinstance(cost, bool):
            named["max_cost_usd"] = format(Decimal(str(cost)), "f")
        return named

    @model_validator(mode="before")
    @classmethod
    def validate_temperature(cls, values: Any) -> Any:
        """Leave parameters as they are: what a model cannot take, the relay knows by what it is and not by its name."""
        return values

    @model_validator(mode="after")
    def validate_environment(self) -> Self:
        """Put the relay behind OpenAI's SDK; nothing of the environment is read."""
        self._build_clients()
        return self

    @property
    def _llm_type(self) -> str:
        return "pointsman"

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Where LangChain finds the class again."""
        return ["pointsman", "langchain"]

    def to_json(self) -> SerializedConstructor | SerializedNotImplemented:
        """As LangChain writes it down, without key and address: those of the SDK mean nothing here."""
        written = super().to_json()
        arguments = written.get("kwargs")
        if isinstance(arguments, dict):
            for name in _NOT_OURS & arguments.keys():
                del arguments[name]
        return written

    def get_num_tokens(self, text: str) -> int:
        """About how many tokens a text has, whichever model answers; nothing is downloaded for it."""
        return estimate_tokens_of_texts([text])

    def get_num_tokens_from_messages(
        self, messages: Sequence[BaseMessage], tools: Sequence[Any] | None = None, **kwargs: Any
    ) -> int:
        """The same of messages."""
        bound = {"tools": list(tools)} if tools else {}
        return estimate_payload(super()._get_request_payload(list(messages), **bound))

    def bound_engine(self) -> AnyEngine:
        """The engine that answers the next call."""
        engine: AnyEngine = self.engine if self.engine is not None else get_engine()
        return engine

    def _build_clients(self) -> None:
        self.openai_api_key, self.openai_api_base = SecretStr(NO_KEY), BASE_URL
        options = SdkOptions(self.request_timeout, self.max_retries, self.default_headers, self.default_query)
        self.root_client, self.root_async_client = build_sdk_clients(self.bound_engine, options)
        self.client = self.root_client.chat.completions
        self.async_client = self.root_async_client.chat.completions

    def _resolve_model_profile(self) -> None:
        """Its name says nothing of what it can do: that is for the configuration to say."""

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "pointsman"
        return params

    def _get_request_payload(
        self, input_: LanguageModelInput, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        said = {name: kwargs.pop(name) for name in SAID if name in kwargs}
        agent = kwargs.pop("agent", None)
        if agent is not None:
            kwargs.setdefault("model", f"agent:{agent}")
        payload = super()._get_request_payload(input_, stop=stop, **kwargs)
        own = self._write_headers(str(payload["model"]), said, agent or self.agent)
        payload["extra_headers"] = own | dict(payload.get("extra_headers") or {})
        return payload

    def _write_headers(self, model: str, said: Mapping[str, Any], agent: str | None) -> dict[str, str]:
        words = {name: getattr(self, name) for name in SAID} | dict(said)
        if said.get("privacy") is not None and said["privacy"] in LABELS:
            words["privacy"] = raise_label(self.privacy, said["privacy"])
        words["tags"] = [tag for tag in self.tags or () if tag not in self.known_tags]
        if agent and model != f"agent:{agent}":
            words["agent"] = agent
        return build_chat((), model, words, stream=False).headers

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        receipt = Receipt()
        with own_errors(receipt):
            result = super()._generate(messages, stop, run_manager, **receipt.add_to(kwargs))
        return self._add_receipt(result, receipt)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        receipt = Receipt()
        with own_errors(receipt):
            result = await super()._agenerate(messages, stop, run_manager, **receipt.add_to(kwargs))
        return self._add_receipt(result, receipt)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        receipt = Receipt()
        given = receipt.add_to(kwargs)
        usage = None
        with own_errors(receipt), closing(_generator(super()._stream(messages, stop, run_manager, **given))) as chunks:
            for chunk in chunks:
                usage = _usage_of(chunk) or usage
                yield chunk
        receipt.await_end()
        last = self._build_last_chunk(receipt, usage)
        if run_manager:
            run_manager.on_llm_new_token("", chunk=last)
        yield last

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        receipt = Receipt()
        given = receipt.add_to(kwargs)
        usage = None
        with own_errors(receipt):
            async with aclosing(_async_generator(super()._astream(messages, stop, run_manager, **given))) as chunks:
                async for chunk in chunks:
                    usage = _usage_of(chunk) or usage
                    yield chunk
        await receipt.await_end_async()
        last = self._build_last_chunk(receipt, usage)
        if run_manager:
            await run_manager.on_llm_new_token("", chunk=last)
        yield last

    def _add_receipt(self, result: ChatResult, receipt: Receipt) -> ChatResult:
        told = receipt.describe()
        for generation in result.generations:
            generation.generation_info = (generation.generation_info or {}) | told
        first = result.generations[0].message if result.generations else None
        count_remote_call(receipt, self.agent, first.usage_metadata if isinstance(first, AIMessage) else None)
        return result

    def _build_last_chunk(self, receipt: Receipt, usage: UsageMetadata | None) -> ChatGenerationChunk:
        """What is known only at the end of a stream, such as its cost."""
        count_remote_call(receipt, self.agent, usage)
        return ChatGenerationChunk(message=AIMessageChunk(content=""), generation_info=receipt.describe())

    def __getstate__(self) -> dict[Any, Any]:
        """All but the SDK clients, which are built anew."""
        state = super().__getstate__()
        return {**state, "__dict__": {**state["__dict__"], **dict.fromkeys(_CLIENTS)}}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Build the SDK clients anew."""
        super().__setstate__(state)
        self._build_clients()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For pickling, which cannot take an engine along.

        Raises:
            TypeError: when it has an engine of its own: elsewhere another one would answer.
        """
        if self.engine is not None:
            raise TypeError(
                "an engine cannot be pickled; leave `engine` out, then the process that unpickles uses its own"
            )
        return super().__reduce_ex__(protocol)

    def __copy__(self) -> Self:
        """A copy with SDK clients of its own and the same engine."""
        twin = type(self).__new__(type(self))
        twin.__setstate__(self.__getstate__())
        return twin

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """The same, deep; engine and callbacks are shared, for both are alive."""
        known = {} if memo is None else memo
        for alive in (self.engine, self.callbacks):
            known[id(alive)] = alive
        twin = type(self).__new__(type(self))
        twin.__setstate__(copy.deepcopy(self.__getstate__(), known))
        return twin


def _usage_of(chunk: ChatGenerationChunk) -> UsageMetadata | None:
    return chunk.message.usage_metadata if isinstance(chunk.message, AIMessageChunk) else None


def _generator(chunks: Iterator[ChatGenerationChunk]) -> Generator[ChatGenerationChunk, None, None]:
    return cast("Generator[ChatGenerationChunk, None, None]", chunks)


def _async_generator(chunks: AsyncIterator[ChatGenerationChunk]) -> AsyncGenerator[ChatGenerationChunk, None]:
    return cast("AsyncGenerator[ChatGenerationChunk, None]", chunks)
