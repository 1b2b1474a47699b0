"""The models the simulator serves: three with a card, and any other name that begins with `simulated-`."""

from dataclasses import dataclass
from typing import Any

from pointsman.simulator.refusal import Refusal

PREFIX = "simulated-"
CREATED_EPOCH_S = 1_767_225_600


@dataclass(frozen=True, slots=True)
class SimulatedModel:
    """A model and how many tokens of prompt it takes."""

    id: str
    context_tokens: int = 128_000

    def describe(self) -> dict[str, Any]:
        """The model as `GET /v1/models` shows it."""
        return {"id": self.id, "object": "model", "created": CREATED_EPOCH_S, "owned_by": "pointsman-simulator"}


LISTED = (
    SimulatedModel("simulated-large", 1_000_000),
    SimulatedModel("simulated-small"),
    SimulatedModel("simulated-local", 32_000),
)


def find_model(name: str) -> SimulatedModel:
    """The model of that name.

    Raises:
        Refusal: 404 `model_not_found`.
    """
    if not name.startswith(PREFIX):
        message = f"The model `{name}` does not exist or you do not have access to it."
        raise Refusal(404, message, code="model_not_found", param="model")
    return next((model for model in LISTED if model.id == name), SimulatedModel(name))
