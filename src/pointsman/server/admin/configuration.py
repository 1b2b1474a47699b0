"""`GET /api/v1/configuration`: which revision is in force, and what is wrong with a newer document, if anything."""

from fastapi import APIRouter
from pydantic import BaseModel

from pointsman.control.current import CurrentConfiguration


class ProblemView(BaseModel):
    """One problem of a rejected document."""

    file: str
    line: int
    column: int
    path: str
    code: str
    severity: str
    message: str
    suggestion: str | None


class ConfigurationView(BaseModel):
    """The configuration in force. `rejected` is empty unless a newer document was refused."""

    revision: str
    environment: str
    agents: list[str]
    models: list[str]
    rejected: list[ProblemView]


def build_configuration(current: CurrentConfiguration) -> APIRouter:
    """The configuration resource."""
    router = APIRouter(prefix="/api/v1/configuration", tags=["configuration"])

    @router.get("")
    async def read_configuration() -> ConfigurationView:
        """The revision that new requests see."""
        snapshot = current.pin()
        return ConfigurationView(
            revision=snapshot.revision,
            environment=snapshot.environment,
            agents=list(snapshot.agents),
            models=list(snapshot.models),
            rejected=[ProblemView.model_validate(problem, from_attributes=True) for problem in current.rejected],
        )

    return router
