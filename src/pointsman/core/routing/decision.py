"""What `decide` answers: the attempts in order and what was dropped and why, or a refusal that says what to do."""

from typing import Literal

import msgspec

from pointsman.core.config.snapshot import Agent, Model

DecidedBy = Literal["agent", "interaction", "task", "forced", "override"]


class Facts(msgspec.Struct, frozen=True):
    """All that routing may know of a request.

    Attributes:
        target: the request's `model`: a model's name or `agent:NAME`.
        agent: the agent named beside it (`x-pointsman-agent`), or `None`.
    """

    target: str
    agent: str | None = None


class Attempt(msgspec.Struct, frozen=True):
    """One try: which model, and why it stands at this place of the order."""

    model: Model
    why: str


class Drop(msgspec.Struct, frozen=True):
    """A candidate that may not serve this request, with a stable code and a sentence."""

    model: str
    code: str
    reason: str


class Decision(msgspec.Struct, frozen=True):
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


class Refusal(msgspec.Struct, frozen=True):
    """Nothing may serve this request; `code` is the client's error code, `message` says what to do next."""

    code: str
    message: str
    dropped: tuple[Drop, ...] = ()
