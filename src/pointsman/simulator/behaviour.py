"""How the simulator behaves for a model: its pace and its fault, set from outside while it runs."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from pointsman.simulator.faults import FAULTS
from pointsman.simulator.refusal import Refusal

EVERY_MODEL = "*"
MOST_BEHAVIOURS = 1_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an answer comes.

    Attributes:
        latency_ms: from the request's last byte to the answer's first.
        tokens_per_second: after that; 0 is as fast as possible.
    """

    latency_ms: float
    tokens_per_second: float

    def due_s(self, tokens_before: int) -> float:
        """When, in seconds since the request, the token after `tokens_before` others is due."""
        passed_s = tokens_before / self.tokens_per_second if self.tokens_per_second else 0.0
        return self.latency_ms / 1000 + passed_s


class Behaviour(Struct, forbid_unknown_fields=True):
    """The body of `PUT /simulator/behaviour`; what is left out is as the simulator was started.

    Attributes:
        model: a model's name, or `*` for all that have no behaviour of their own.
        latency_ms: see `Pace`.
        tokens_per_second: see `Pace`.
        fault: a name of `faults.FAULTS`, or `None`.
        times: after how many calls the fault heals; `None` is never.
        after_tokens: how many tokens a stream sends before the fault strikes.
        reply: what every answer says, word for word, in place of one made up; `None`: made up.
    """

    model: str = EVERY_MODEL
    latency_ms: Annotated[float, Meta(ge=0, le=600_000)] | None = None
    tokens_per_second: Annotated[float, Meta(ge=0)] | None = None
    fault: str | None = None
    times: Annotated[int, Meta(ge=1)] | None = None
    after_tokens: Annotated[int, Meta(ge=0)] = 3
    reply: Annotated[str, Meta(max_length=100_000)] | None = None

    def take_fault(self) -> str | None:
        """The fault that the next call meets; the last of its `times` heals it."""
        fault = self.fault
        if fault is not None and self.times is not None:
            self.times -= 1
            if self.times == 0:
                self.fault, self.times = None, None
        return fault


class Behaviours:
    """The behaviours in force, at most one for each model."""

    def __init__(self, default: Pace) -> None:
        self._default = default
        self._by_model: dict[str, Behaviour] = {}

    def put(self, body: bytes) -> Behaviour:
        """Set the behaviour that `body` describes in place of the model's former one.

        Raises:
            Refusal: 400 when it is not a behaviour or names an unknown fault.
        """
        try:
            behaviour = msgspec.json.decode(body, type=Behaviour)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal(400, f"This is not a behaviour: {error}") from None
        if behaviour.fault is not None and behaviour.fault not in FAULTS:
            raise Refusal(400, f"Unknown fault '{behaviour.fault}'; there are: {', '.join(FAULTS)}.", param="fault")
        if len(self._by_model) >= MOST_BEHAVIOURS and behaviour.model not in self._by_model:
            raise Refusal(400, f"At most {MOST_BEHAVIOURS} models can have a behaviour; DELETE resets them all.")
        self._by_model[behaviour.model] = behaviour
        return behaviour

    def reset(self) -> None:
        """Behave for every model as started."""
        self._by_model.clear()

    def show(self) -> dict[str, object]:
        """The behaviours in force, and the names of all faults."""
        return {"behaviours": list(self._by_model.values()), "faults": list(FAULTS)}

    def find(self, model: str) -> Behaviour:
        """The model's own behaviour, else that of every model, else an empty one."""
        return self._by_model.get(model) or self._by_model.get(EVERY_MODEL) or Behaviour(model)

    def pace(self, behaviour: Behaviour) -> Pace:
        """The pace of a behaviour, filled up from how the simulator was started."""
        latency_ms, rate = behaviour.latency_ms, behaviour.tokens_per_second
        return Pace(
            self._default.latency_ms if latency_ms is None else latency_ms,
            self._default.tokens_per_second if rate is None else rate,
        )
