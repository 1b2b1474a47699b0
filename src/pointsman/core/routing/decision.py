"""What `decide` answers: the attempts in order and what was dropped and why, or a refusal that says what to do."""

from dataclasses import dataclass
from typing import Literal

from pointsman.core.config.snapshot import Agent, Model

DecidedBy = Literal["agent", "forced"]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that routing may know of a request.

    Attributes:
        target: the request's `model`: a model's name or `agent:NAME`.
        agent: the agent named beside it (`x-pointsman-agent`), or `None`.
    """

    target: str
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: which model, and why it stands at this place of the order."""

    model: Model
    why: str


@dataclass(frozen=True, slots=True)
class Drop:
    """A candidate that may not serve this request, with a stable code and a sentence."""

    model: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a request goes.

    Attributes:
        agent: whose parameters and name the request carries, or `None` when a model was asked for by name.
        attempts: at least one, in the order they are tried.
        dropped: candidates left out.
        decided_by: what settled the first attempt.
        text: that reason as a sentence.
    """

    agent: Agent | None
    attempts: tuple[Attempt, ...]
    dropped: tuple[Drop, ...]
    decided_by: DecidedBy
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing may serve this request; `code` is the client's error code, `message` says what to do next."""

    code: str
    message: str
    dropped: tuple[Drop, ...] = ()
