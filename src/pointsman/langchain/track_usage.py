"""Counts the calls of a vendor's own class as the relay counts its own: usage, cost by our prices, latency."""

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from pointsman.core.chat.usage import Usage, read_count
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.pricing.prices import cost_nusd
from pointsman.core.routing.estimate_tokens import estimate_tokens_of_texts
from pointsman.core.routing.outcome import Outcome
from pointsman.library.calls import KEY_ID
from pointsman.library.engine import Engine
from pointsman.library.tracking_switch import tracking
from pointsman.server.request_ids import new_request_id

_log = logging.getLogger(__name__)

MOST_RUNS = 10_000
"""Calls under way that are remembered; of more the oldest is forgotten, and never counted."""


@dataclass(frozen=True, slots=True)
class _Began:
    """A call under way; its messages are kept to estimate by where nobody tells its usage."""

    at_ms: int
    clock_s: float
    messages: list[list[BaseMessage]]


class TrackUsage(BaseCallbackHandler):
    """Tells an engine of each call that ends.

    Args:
        engine: whose books have it then.
        agent: whose calls they are.
        model: that is called.
        user: on whose behalf, or `""`.
    """

    def __init__(self, engine: Engine, agent: Agent, model: Model, user: str = "") -> None:
        self._engine = engine
        self._agent = agent
        self._model = model
        self._user = user
        self._under_way: OrderedDict[UUID, _Began] = OrderedDict()

    def __deepcopy__(self, memo: dict[int, Any]) -> "TrackUsage":
        """Itself: the books are the same."""
        return self

    def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Note when a call began; one that is not noted is not counted."""
        if not tracking.is_on:
            return
        if len(self._under_way) >= MOST_RUNS:
            self._under_way.popitem(last=False)
        self._under_way[run_id] = _Began(time.time_ns() // 1_000_000, time.monotonic(), messages)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Count a call that went well."""
        began = self._under_way.pop(run_id, None)
        if began is not None:
            usage = _read_usage(response)
            self._record(began, usage or _estimate_usage(began, response), 200, "", is_told=usage is not None)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Count a call that failed."""
        status = getattr(error, "status_code", None)
        began = self._under_way.pop(run_id, None)
        if began is not None:
            self._record(began, None, status if type(status) is int else 502, "upstream_error")

    def _record(self, began: _Began, usage: Usage | None, status: int, failure: str, *, is_told: bool = False) -> None:
        prices, deployment = self._model.prices, self._model.deployment
        cost = cost_nusd(usage, prices) if usage is not None and prices is not None else None
        outcome = Outcome(
            request_id=new_request_id(),
            at_ms=began.at_ms,
            agent=self._agent.name,
            model=self._model.name,
            provider=deployment.provider,
            upstream_model=deployment.upstream_model,
            key_id=KEY_ID,
            revision=self._engine.revision,
            status=status,
            failure=failure,
            stream=False,
            attempts=1,
            usage=usage,
            cost_nusd=cost,
            cost_status="unknown" if cost is None else "actual" if is_told else "estimated",
            latency_ms=(time.monotonic() - began.clock_s) * 1_000,
            first_content_ms=None,
            tags=self._agent.tags,
            user=self._user,
            location=deployment.location,
            decided_by="agent",
            decision_name="direct",
        )
        try:
            self._engine.record(outcome)
        except Exception as error:  # Such as an engine that was closed: the call has its answer all the same.
            _log.error("a call of %s was not counted: %s", self._model.name, type(error).__name__)


def _read_usage(response: LLMResult) -> Usage | None:
    """What the vendor's class says was consumed, or `None` when it does not."""
    first = response.generations[0][0] if response.generations and response.generations[0] else None
    message = first.message if isinstance(first, ChatGeneration) else None
    told: Any = message.usage_metadata if isinstance(message, AIMessage) else None
    if not told:
        return None
    sent, answered = read_count(told.get("input_tokens")), read_count(told.get("output_tokens"))
    if sent is None or answered is None:
        return None
    inside, outside = told.get("input_token_details") or {}, told.get("output_token_details") or {}
    return Usage(
        sent,
        answered,
        cached_input_tokens=read_count(inside.get("cache_read")) or 0,
        reasoning_tokens=read_count(outside.get("reasoning")) or 0,
        cache_write_tokens=read_count(inside.get("cache_creation")) or 0,
    )


def _estimate_usage(began: _Began, response: LLMResult) -> Usage:
    asked = [str(message.text) for batch in began.messages for message in batch]
    answered = [generation.text for choices in response.generations for generation in choices]
    return Usage(estimate_tokens_of_texts(asked), estimate_tokens_of_texts(answered))
