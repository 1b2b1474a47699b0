"""Usage as it is answered: exact decimal dollars, `null` for what nobody knows, and the same names everywhere."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pointsman.core.chat.money import format_usd
from pointsman.core.chat.safe_csv import Cell, write_csv_line
from pointsman.server.admin.signature import write_time
from pointsman.storage.usage_questions import Dimension, UsageGroup, UsageSum

_TEXTS_OF_REQUEST = ("agent", "interaction", "task", "team", "user", "experiment", "session")
_TEXTS_OF_CALL = ("model", "provider", "upstream_model", "location", "operation")
_TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")


def view_sum(total: UsageSum) -> dict[str, Cell]:
    """The figures of some calls."""
    latency, cost, share = total.avg_latency_ms, total.nusd_per_success, total.estimated_share
    return {
        "calls": total.calls,
        "successes": total.successes,
        "failures": total.failures,
        "cached_answers": total.cached_answers,
        "input_tokens": total.input_tokens,
        "output_tokens": total.output_tokens,
        "cached_input_tokens": total.cached_input_tokens,
        "cache_write_tokens": total.cache_write_tokens,
        "reasoning_tokens": total.reasoning_tokens,
        "cost_usd": format_usd(total.cost_nusd),
        "unknown_cost_calls": total.unknown_cost_calls,
        "estimated_share": None if share is None else round(share, 4),
        "possibly_billed_usd": format_usd(total.possibly_billed_nusd),
        "avg_latency_ms": None if latency is None else round(latency, 3),
        "tokens_per_usd": total.tokens_per_usd,
        "cost_per_success_usd": None if cost is None else format_usd(cost),
    }


FIGURES = tuple(view_sum(UsageSum()))


def view_group(by: Sequence[Dimension], group: UsageGroup) -> dict[str, Cell]:
    """The names of a group, and its figures."""
    names: dict[str, Cell] = dict(zip(by, group.names, strict=True))
    return names | view_sum(group.sum)


def write_group(by: Sequence[Dimension], group: UsageGroup) -> str:
    """The same as a line of CSV."""
    return write_csv_line(list(view_group(by, group).values()))


def view_request(row: Mapping[Any, Any]) -> dict[str, object]:
    """A request as its row has it; `""` names nobody."""
    first = row["first_content_us"]
    return {
        "request_id": row["request_id"],
        "at": write_time(row["at_ms"]),
        **{name: row[name] for name in (*_TEXTS_OF_REQUEST, *_TEXTS_OF_CALL)},
        "key": row["key_id"],
        "tags": json.loads(row["tags"]),
        "revision": row["revision"],
        "status": row["status"],
        "failure": row["failure"] or None,
        "stream": bool(row["stream"]),
        "attempts": row["attempts"],
        **{name: row[name] for name in _TOKENS},
        "cost_usd": _view_cost(row["cost_nusd"]),
        "cost_status": row["cost_status"],
        "latency_ms": row["latency_us"] / 1_000,
        "first_content_ms": None if first is None else first / 1_000,
    }


def view_entry(row: Mapping[Any, Any]) -> dict[str, object]:
    """An entry of the ledger."""
    return {
        "attempt": row["attempt"],
        "kind": row["kind"],
        "booked_at": write_time(row["booked_at_ms"]),
        **{name: row[name] for name in _TEXTS_OF_CALL},
        "part": row["part"],
        "failure": row["failure"] or None,
        **{name: row[name] for name in _TOKENS},
        "cost_usd": _view_cost(row["cost_nusd"]),
        "cost_status": row["status"],
        "prices": row["prices"] or None,
    }


def _view_cost(cost_nusd: int | None) -> str | None:
    return None if cost_nusd is None else format_usd(cost_nusd)
