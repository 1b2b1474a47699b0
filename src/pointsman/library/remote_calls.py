"""Counts what a gateway has answered in this process's `token_tracker`; an engine in this process counts by itself."""

import logging
from decimal import Decimal

from pointsman.library.engine import AnyEngine, Engine
from pointsman.library.exchange import Fields, find_header
from pointsman.library.replies import Reply
from pointsman.library.token_tracker import token_tracker

UNANSWERED = ("", "0")
"""Upstream calls for an answer that nobody was called for: one that was given before, or an estimate."""

_log = logging.getLogger(__name__)


def count_remote_reply(engine: AnyEngine, agent: str, headers: Fields, reply: Reply) -> None:
    """Count the reply to one call; never fails."""
    tokens = reply.input_tokens or 0, reply.output_tokens or 0
    count_remote_answer(engine, agent, headers, tokens, reply.cost_usd, reply.latency_ms / 1_000)


def count_remote_answer(
    engine: AnyEngine,
    agent: str,
    headers: Fields,
    tokens: tuple[int, int],
    cost_usd: Decimal | None,
    latency_s: float,
) -> None:
    """Count one answer as its gateway counts it; never fails.

    Args:
        engine: that was asked.
        agent: whose call it was, or `""`.
        headers: of the answer.
        tokens: of prompt and answer, 0 where nobody said.
        cost_usd: dollars, or `None` when unknown.
        latency_s: how long it took.
    """
    if isinstance(engine, Engine) or find_header(headers, "x-pointsman-attempts") in UNANSWERED:
        return
    try:
        token_tracker.track(agent, *tokens, cost_usd, latency_s)
    except Exception as error:  # Numbers from afar may be anything, and none is worth the answer that was paid for.
        request_id = find_header(headers, "x-request-id")
        _log.error("the answer to call %s was not counted: %s", request_id, type(error).__name__)
