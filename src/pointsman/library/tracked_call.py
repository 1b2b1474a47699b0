"""Reads what a program tracks: an answer in any of the forms that clients give, checked before it is counted."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pointsman.library.counted_numbers import read_cost, read_name, read_seconds, read_tokens
from pointsman.library.llm_response import LLMResponse
from pointsman.library.replies import Reply
from pointsman.library.sum_calls import TrackedCall

MOST_TAGS = 64

_KNOWN = "track takes what a client has answered: an LLMResponse, or the reply of Pointsman.chat"


def describe_call(response: LLMResponse | Reply, tags: Iterable[str], at: datetime | None) -> TrackedCall:
    """A call as it is kept.

    Args:
        response: its answer.
        tags: labels to find it by.
        at: when it was, or `None` for now.

    Raises:
        TypeError: for something that is no answer, or one text in place of a list of tags.
        ValueError: for more than 64 tags, a time without its zone, or a number that cannot be so.
    """
    if isinstance(tags, str):
        raise TypeError(f"tags is a list such as [{tags!r}]")
    listed = tuple(dict.fromkeys(read_name(str(tag), "a tag") for tag in tags))
    if len(listed) > MOST_TAGS:
        raise ValueError(f"a call has at most {MOST_TAGS} tags")
    check_zone(at)
    moment = at or datetime.now(UTC)
    if isinstance(response, LLMResponse):
        return _describe_response(response, listed, moment)
    if isinstance(response, Reply):
        return _describe_reply(response, listed, moment)
    raise TypeError(_KNOWN)


def check_zone(moment: datetime | None) -> None:
    """Refuse a time of which nobody knows where it holds.

    Raises:
        ValueError: it has no time zone.
    """
    if moment is not None and moment.utcoffset() is None:
        raise ValueError("a time has its time zone, such as datetime.now(UTC)")


def _describe_response(response: LLMResponse, tags: tuple[str, ...], at: datetime) -> TrackedCall:
    usage = response.usage
    return TrackedCall(
        at=at,
        provider=response.provider,
        model=response.model,
        input_tokens=read_tokens(usage.input_tokens),
        output_tokens=read_tokens(usage.output_tokens),
        cost_nusd=read_cost(usage.total_cost_usd) if usage.is_cost_known else None,
        latency_ms=read_seconds(response.latency_ms / 1_000) / 1_000,
        tags=tags,
        request_id=str(response.metadata.get("request_id", "")),
    )


def _describe_reply(reply: Reply, tags: tuple[str, ...], at: datetime) -> TrackedCall:
    return TrackedCall(
        at=at,
        provider="",
        model=reply.upstream_model or reply.model,
        input_tokens=read_tokens(reply.input_tokens or 0),
        output_tokens=read_tokens(reply.output_tokens or 0),
        cost_nusd=None if reply.cost_usd is None else read_cost(reply.cost_usd),
        latency_ms=read_seconds(reply.latency_ms / 1_000) / 1_000,
        tags=tags,
        request_id=reply.request_id,
    )
