"""The simulator's strict readers in this process: they share no code with the codecs; what they refuse is wrong."""

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.dialects.table import DIALECTS
from pointsman.simulator.behaviour import Behaviours, Pace
from pointsman.simulator.calls import CallLog
from pointsman.simulator.connection import Request
from pointsman.simulator.prompt_cache import PromptCache
from pointsman.simulator.settings import SimulatorSettings
from pointsman.simulator.steps import Piece
from pointsman.simulator.surface import Surface, Workshop
from pointsman.simulator.surfaces import SURFACES

BASES = {
    "openai_chat": "/v1",
    "openai_responses": "/v1",
    "anthropic_messages": "/v1",
    "gemini": "/v1beta",
    "cohere": "/v2",
    "bedrock_converse": "",
}
_HEADERS = (("content-type", "application/json"), ("anthropic-version", "2023-06-01"))


def ask_simulator(dialect: str, fields: JsonObject, model: str, stream: bool) -> bytes:
    """What the simulated provider of a format answers to a body.

    Raises:
        Refusal: where the request is not what its format's documentation allows.
    """
    provider = DIALECTS[dialect].provider
    assert provider is not None
    target = BASES[dialect] + provider.find_path(model, stream)
    headers = _HEADERS if dialect == "anthropic_messages" else _HEADERS[:1]
    request = Request("POST", target, headers, msgspec.json.encode(fields))
    surface = find_surface(request)
    settings = SimulatorSettings(latency_ms=0, tokens_per_second=0)
    workshop = Workshop(surface, settings, Behaviours(Pace(0, 0)), PromptCache())
    script, _ = surface.answer(request, CallLog().open(request), workshop)
    return b"".join([step.data for step in script if isinstance(step, Piece)])


def find_surface(request: Request) -> Surface:
    """The first of the list that fits."""
    return next(
        surface
        for surface in SURFACES
        if surface.method == "POST" and surface.path.fullmatch(request.path) and surface.accepts(request)
    )
