"""Finds agents and interactions by name, in the configuration here or in the list of a gateway."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Agent
from pointsman.core.config.suggest import suggest_name
from pointsman.library.engine import AnyEngine, Engine
from pointsman.library.errors import GatewayUnreachable, PointsmanError
from pointsman.library.gateway_engine import GatewayEngine
from pointsman.router.decision import UnknownAgent

MOST_NAMED = 20
AGENT, INTERACTION = "agent:", "interaction:"


class UnknownInteraction(UnknownAgent):
    """There is no such interaction; the message says which one was probably meant."""


def list_callers(engine: AnyEngine, kind: str = AGENT) -> list[str]:
    """The names of all agents, or of all interactions, that may be asked for.

    Raises:
        PointsmanError: when a gateway does not say.
    """
    if isinstance(engine, Engine):
        return list(engine.snapshot.agents if kind == AGENT else engine.snapshot.interactions)
    return [name.removeprefix(kind) for name in _list_targets(engine) if name.startswith(kind)]


def find_caller(engine: AnyEngine, name: str, kind: str = AGENT) -> Agent | None:
    """What is known of an agent or an interaction; `None` where a gateway has it, which keeps that to itself.

    Raises:
        UnknownAgent: there is none of that name; `UnknownInteraction` for an interaction.
        PointsmanError: when a gateway does not say.
    """
    names = list_callers(engine, kind)
    if name not in names:
        noun = kind.removesuffix(":")
        error = UnknownAgent if kind == AGENT else UnknownInteraction
        raise error(name, f"there is no {noun} {quote(name)}; {describe_choice(name, names)}")
    if isinstance(engine, GatewayEngine):
        return None
    snapshot = engine.snapshot
    return (snapshot.agents if kind == AGENT else snapshot.interactions)[name]


def describe_choice(name: str, names: Iterable[str]) -> str:
    """What may be asked for instead, as the rest of a sentence."""
    listed = list(names)
    guess = suggest_name(name, listed)
    if guess:
        return f"did you mean {guess}?"
    shown = [*islice(listed, MOST_NAMED), *(["..."] if len(listed) > MOST_NAMED else [])]
    return f"there are {', '.join(shown) or 'none'}"


def _list_targets(engine: GatewayEngine) -> list[str]:
    answer = engine.get("/v1/models")
    if answer.status != 200:
        message = f"the gateway does not list its agents (status {answer.status}); see that POINTSMAN_API_KEY is right"
        raise PointsmanError(message, status=answer.status, code="models_not_listed")
    try:
        entries = msgspec.json.decode(answer.body, type=_Listed).data
    except msgspec.DecodeError:
        raise GatewayUnreachable(f"what answers at {engine.url} is no Pointsman; correct POINTSMAN_URL") from None
    return [entry.id for entry in entries]


class _Entry(msgspec.Struct):
    id: str


class _Listed(msgspec.Struct):
    data: list[_Entry]
