"""Health and metrics: what machines ask every few seconds, mostly answered from memory."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from pointsman.server.access import AdminAccess
from pointsman.telemetry.exposition import CONTENT_TYPE, Exposition
from pointsman.telemetry.metrics import Metrics, TokenReport


def build_operations(
    metrics: Metrics,
    exposition: Exposition,
    access: AdminAccess,
    opens_metrics: Callable[[], bool],
    report_all: Callable[[], Awaitable[TokenReport]] | None = None,
) -> APIRouter:
    """The routes of health and metrics.

    Args:
        metrics: of this process.
        exposition: the same in Prometheus' format.
        access: asks for the admin key.
        opens_metrics: whether metrics are open without it.
        report_all: the tokens of all replicas, where there may be others; else those of this process are all.
    """
    router = APIRouter(tags=["operations"])

    def require_key(authorization: Annotated[str | None, Header()] = None) -> None:
        if not opens_metrics():
            access.require(authorization)

    guards = [Depends(require_key)]

    @router.get("/livez")
    @router.get("/readyz")
    @router.get("/health")
    async def tell_health() -> dict[str, str]:
        """Whether the process answers. It serves only once it has a configuration, so answering is being ready."""
        return {"status": "ok"}

    @router.get("/metrics", dependencies=guards, response_class=Response)
    async def expose_metrics() -> Response:
        """Prometheus' text format."""
        return Response(exposition.render(), media_type=CONTENT_TYPE)

    @router.get("/metrics/tokens", dependencies=guards)
    async def report_tokens() -> TokenReport:
        """Tokens, cost and calls per agent, up to the last finished request; over all replicas at most a second old."""
        if report_all is not None:
            return await report_all()
        return metrics.token_report(datetime.now(UTC))

    return router
