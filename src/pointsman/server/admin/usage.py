"""`GET /api/v1/usage`: tokens, cost and latency by agent, model, provider or key."""

from typing import Annotated, get_args

from fastapi import APIRouter, Query
from pydantic import BaseModel

from pointsman.core.chat.money import format_usd
from pointsman.server.errors import OperatorError
from pointsman.storage.usage_reader import Dimension, UsageReader, UsageSum

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


class UsageFigures(BaseModel):
    """What some calls add up to; costs are exact decimal dollars."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: str
    unknown_cost_calls: int
    avg_latency_ms: float | None


class UsageRow(UsageFigures):
    """One group; only the dimensions asked for are set."""

    agent: str | None = None
    model: str | None = None
    provider: str | None = None
    key: str | None = None


class UsageAnswer(BaseModel):
    """The groups, dearest first, and the sum over all of them."""

    rows: list[UsageRow]
    totals: UsageFigures


def build_usage(reader: UsageReader) -> APIRouter:
    """The usage resource."""
    router = APIRouter(prefix="/api/v1/usage", tags=["usage"])

    @router.get("", response_model_exclude_unset=True)
    async def read_usage(
        by: Annotated[str, Query(description="agent, model, provider, key; several with commas")] = "agent",
        since_ms: Annotated[int, Query(ge=0, le=2**53, description="milliseconds since the Unix epoch")] = 0,
    ) -> UsageAnswer:
        """What was used since a moment, per group."""
        dimensions = _parse_dimensions(by)
        report = await reader.usage_by(dimensions, since_ms)
        rows = [
            UsageRow.model_validate(dict(zip(dimensions, group.names, strict=True)) | _figures(group.sum))
            for group in report.groups
        ]
        return UsageAnswer(rows=rows, totals=UsageFigures.model_validate(_figures(report.total)))

    return router


def _parse_dimensions(by: str) -> list[Dimension]:
    names: list[Dimension] = []
    for name in by.split(","):
        if name not in DIMENSIONS or name in names:
            detail = f'"{name[:32]}" is not something to group by; choose from {", ".join(DIMENSIONS)}, each once.'
            raise OperatorError(400, "invalid_dimension", detail)
        names.append(name)
    return names


def _figures(sum_: UsageSum) -> dict[str, object]:
    latency = sum_.avg_latency_ms
    return {
        "calls": sum_.calls,
        "input_tokens": sum_.input_tokens,
        "output_tokens": sum_.output_tokens,
        "cost_usd": format_usd(sum_.cost_nusd),
        "unknown_cost_calls": sum_.unknown_cost_calls,
        "avg_latency_ms": None if latency is None else round(latency, 3),
    }
