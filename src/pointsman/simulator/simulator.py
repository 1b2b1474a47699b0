"""The simulator without its sockets: a recorded provider surface under `/v1`, and the control surface beside it."""

import asyncio
import hmac
import time
from collections.abc import Callable
from urllib.parse import parse_qs
from uuid import uuid4
from zlib import crc32

import msgspec

from pointsman.simulator.answer import plan_answer
from pointsman.simulator.behaviour import Behaviours, Pace
from pointsman.simulator.calls import Call, CallLog
from pointsman.simulator.chat import Envelope, write_completion, write_stream
from pointsman.simulator.connection import Reply, Request
from pointsman.simulator.faults import FAULTS, refuse
from pointsman.simulator.models import LISTED, find_model
from pointsman.simulator.player import Player
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.request import read_chat_request
from pointsman.simulator.settings import SimulatorSettings
from pointsman.simulator.steps import JSON_TYPE, Script, write_document

AT_ONCE = Pace(latency_ms=0, tokens_per_second=0)


class Simulator:
    """Answers requests; knows nothing of sockets."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        self._behaviours = Behaviours(Pace(settings.latency_ms, settings.tokens_per_second))
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
        if request.path.startswith("/v1/"):
            await self._answer_call(request, reply)
        else:
            self._answer_control(request, reply)

    async def _answer_call(self, request: Request, reply: Reply) -> None:
        call = self._calls.open(request)
        script, pace = self._prepare(request, call)
        try:
            await Player(reply, pace, call).play(script)
        except asyncio.CancelledError:
            call.end("client_disconnected")
            raise
        call.end("fault" if call.fault else "completed")

    def _prepare(self, request: Request, call: Call) -> tuple[Script, Pace]:
        try:
            self._check_key(request)
            if (request.method, request.path) == ("POST", "/v1/chat/completions"):
                return self._prepare_chat(request, call)
            return _show_models(request), AT_ONCE
        except Refusal as refusal:
            return refuse(refusal), AT_ONCE

    def _check_key(self, request: Request) -> None:
        demanded = self._settings.api_key
        shown = request.header("authorization")
        if demanded is not None and not hmac.compare_digest(shown.encode(), f"Bearer {demanded}".encode()):
            raise Refusal(401, "Incorrect API key provided.", code="invalid_api_key")

    def _prepare_chat(self, request: Request, call: Call) -> tuple[Script, Pace]:
        if not request.header("content-type").lower().startswith("application/json"):
            raise Refusal(415, "The 'content-type' of a request must be 'application/json'.")
        asked = read_chat_request(request.body)
        call.model, call.stream = asked.model, bool(asked.stream)
        behaviour = self._behaviours.find(asked.model)
        answer = plan_answer(asked, self._settings.seed, behaviour.reply)
        call.prompt_tokens, call.reasoning_tokens = answer.prompt_tokens, answer.reasoning_tokens
        pace = self._behaviours.pace(behaviour)
        envelope = self._make_envelope(asked.model)
        if asked.stream:
            script = write_stream(asked, answer, envelope, pace.tokens_per_second)
        else:
            script = write_completion(asked, answer, envelope)
        call.fault = behaviour.take_fault()
        return FAULTS[call.fault](script, behaviour.after_tokens) if call.fault else script, pace

    def _make_envelope(self, model: str) -> Envelope:
        fingerprint = f"fp_{crc32(f'{self._settings.seed} {model}'.encode()):08x}"
        return Envelope(f"chatcmpl-{uuid4().hex}", int(time.time()), model, fingerprint)

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


def _show_models(request: Request) -> Script:
    if request.method == "GET" and request.path == "/v1/models":
        document: object = {"object": "list", "data": [model.describe() for model in LISTED]}
    elif request.method == "GET" and request.path.startswith("/v1/models/"):
        document = find_model(request.path.removeprefix("/v1/models/")).describe()
    else:
        raise _unknown_url(request)
    return write_document(200, msgspec.json.encode(document))


def _unknown_url(request: Request) -> Refusal:
    return Refusal(404, f"Unknown request URL: {request.method} {request.path}.", code="unknown_url")
