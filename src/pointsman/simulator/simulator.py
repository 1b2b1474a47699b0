"""The simulator without its sockets: the recorded surfaces of the providers, and the control surface beside them."""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs

import msgspec

from pointsman.simulator.behaviour import Behaviours, Pace
from pointsman.simulator.calls import Call, CallLog
from pointsman.simulator.connection import Reply, Request
from pointsman.simulator.openai_surface import OPENAI_CHAT
from pointsman.simulator.player import Player
from pointsman.simulator.prompt_cache import PromptCache
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.responses_store import ResponseStore
from pointsman.simulator.settings import SimulatorSettings
from pointsman.simulator.steps import JSON_TYPE, Script
from pointsman.simulator.surface import AT_ONCE, Surface, Workshop
from pointsman.simulator.surfaces import SURFACES


class Simulator:
    """Answers requests; knows nothing of sockets."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        self._behaviours = Behaviours(Pace(settings.latency_ms, settings.tokens_per_second))
        self._prompts, self._responses = PromptCache(), ResponseStore()
        self._calls = CallLog()
        self._control: dict[tuple[str, str], Callable[[Request], object]] = {
            ("GET", "/health"): lambda request: {"status": "ok"},
            ("GET", "/simulator/behaviour"): lambda request: self._behaviours.show(),
            ("PUT", "/simulator/behaviour"): lambda request: self._behaviours.put(request.body),
            ("DELETE", "/simulator/behaviour"): lambda request: self._behaviours.reset(),
            ("GET", "/simulator/calls"): self._list_calls,
            ("DELETE", "/simulator/calls"): lambda request: self._calls.clear(),
        }

    async def answer(self, request: Request, reply: Reply) -> None:
        """Answer one request; cancel it when the client is gone."""
        if request.path == "/health" or request.path.startswith("/simulator/"):
            self._answer_control(request, reply)
        else:
            await self._answer_call(request, reply)

    async def _answer_call(self, request: Request, reply: Reply) -> None:
        call = self._calls.open(request)
        surface = _find_surface(request)
        script, pace = self._prepare(surface, request, call)
        try:
            await Player(reply, pace, call, surface.stamp).play(script)
        except asyncio.CancelledError:
            call.end("client_disconnected")
            raise
        call.end("fault" if call.fault else "completed")

    def _prepare(self, surface: Surface, request: Request, call: Call) -> tuple[Script, Pace]:
        demanded = self._settings.api_key
        try:
            if demanded is not None and not surface.check_key(request, demanded):
                raise Refusal(401, "Incorrect API key provided.", code="invalid_api_key")
            if request.method != surface.method or not surface.path.fullmatch(request.path):
                raise _unknown_url(request)
            return surface.answer(request, call, self._equip(surface))
        except Refusal as refusal:
            return surface.errors.refuse(refusal), AT_ONCE

    def _equip(self, surface: Surface) -> Workshop:
        return Workshop(surface, self._settings, self._behaviours, self._prompts, self._responses)

    def _answer_control(self, request: Request, reply: Reply) -> None:
        try:
            control = self._control.get((request.method, request.path))
            if control is None:
                raise _unknown_url(request)
            status, data = 200, msgspec.json.encode(control(request))
        except Refusal as refusal:
            status, data = refusal.status, refusal.encode()
        reply.write_head(status, (JSON_TYPE,), len(data))
        reply.write(data)
        reply.end()

    def _list_calls(self, request: Request) -> dict[str, list[Call]]:
        after = parse_qs(request.target.partition("?")[2]).get("after", ["0"])[-1]
        if not after.isdecimal() or len(after) > 18:
            raise Refusal(400, "'after' must be the sequence of a call.", param="after")
        return {"calls": self._calls.list(int(after))}


def _find_surface(request: Request) -> Surface:
    """The surface that answers; where none does, one of the same path, else OpenAI chat: it words the 404."""
    fitting = [surface for surface in SURFACES if surface.path.fullmatch(request.path) and surface.accepts(request)]
    exact = [surface for surface in fitting if surface.method == request.method]
    return (exact or fitting or [OPENAI_CHAT])[0]


def _unknown_url(request: Request) -> Refusal:
    return Refusal(404, f"Unknown request URL: {request.method} {request.path}.", code="unknown_url")
