"""The seam between the simulator and the dialects: a surface is one path of a provider, a workshop what it works with.

`surfaces.SURFACES` is the one list. A surface reads its request strictly, has the answer planned from an `Asked`, and
writes it; faults, pace, recording and keys are the same for all.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from zlib import crc32

from pointsman.simulator.answer import Answer, plan_answer
from pointsman.simulator.asked import Asked
from pointsman.simulator.behaviour import Behaviour, Behaviours, Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.connection import Request
from pointsman.simulator.faults import FAULTS, ErrorWriter
from pointsman.simulator.prompt_cache import PromptCache
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.responses_store import ResponseStore
from pointsman.simulator.seal import check_signature, open_seal, seal, sign
from pointsman.simulator.settings import SimulatorSettings
from pointsman.simulator.steps import HeaderFields, Script

AT_ONCE = Pace(latency_ms=0, tokens_per_second=0)
"""For what no model has to think about."""


def stamp_openai(request_id: str, processing_ms: int) -> HeaderFields:
    """The headers that OpenAI's API puts on every answer."""
    return (("x-request-id", request_id), ("openai-processing-ms", str(processing_ms)))


def _accept_any(request: Request) -> bool:
    return True


def _add_no_headers(refusal: Refusal) -> HeaderFields:
    return ()


@dataclass(frozen=True, slots=True)
class Surface:
    """One path of one provider's API.

    Attributes:
        name: the dialect and what is served, such as `anthropic_messages`.
        method: of HTTP.
        path: what `Request.path` must match as a whole.
        answer: reads the request strictly and gives the script of its answer; raises `Refusal`. A chat surface ends
            with `return workshop.serve(asked, call, write)`.
        refuse: an error document in the dialect's shape.
        check_key: whether the demanded key was shown in this dialect's way.
        break_stream: the error event, framed, that the dialect sends when a stream fails half-way.
        family: whose signatures it makes and accepts, such as `anthropic`; the signatures of another are wrong here.
        accepts: tells surfaces of the same path apart, by a header.
        head_error: further headers of an error.
        stamp: the headers on every answer, from the request's id and the milliseconds it took.
    """

    name: str
    method: str
    path: re.Pattern[str]
    answer: Callable[[Request, Call, "Workshop"], tuple[Script, Pace]]
    refuse: Callable[[Refusal], bytes]
    check_key: Callable[[Request, str], bool]
    break_stream: Callable[[Refusal], bytes]
    family: str
    accepts: Callable[[Request], bool] = _accept_any
    head_error: Callable[[Refusal], HeaderFields] = _add_no_headers
    stamp: Callable[[str, int], HeaderFields] = stamp_openai

    @property
    def errors(self) -> ErrorWriter:
        """How this surface writes what goes wrong."""
        return ErrorWriter(self.refuse, self.break_stream, self.head_error)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a surface works with while it answers one request.

    Attributes:
        surface: the surface at work; its writers give faults their shape.
        settings: how the simulator was started; the seed is here.
        behaviours: those in force.
        prompts: which marked prompts were seen before.
        responses: those that were stored.
    """

    surface: Surface
    settings: SimulatorSettings
    behaviours: Behaviours
    prompts: PromptCache
    responses: ResponseStore = field(default_factory=ResponseStore)

    def now(self) -> int:
        """The wall clock in whole seconds since the epoch."""
        return int(time.time())

    def fingerprint(self, model: str) -> str:
        """What stays the same as long as model and seed do."""
        return f"fp_{crc32(f'{self.settings.seed} {model}'.encode()):08x}"

    def find(self, model: str) -> Behaviour:
        """How a model behaves now."""
        return self.behaviours.find(model)

    def pace(self, behaviour: Behaviour) -> Pace:
        """How fast it does."""
        return self.behaviours.pace(behaviour)

    def serve(self, asked: Asked, call: Call, write: Callable[[Answer, Pace], Script]) -> tuple[Script, Pace]:
        """The whole way of a chat request: note it, plan the answer, have it written, and let a fault strike.

        Raises:
            Refusal: 404 for an unknown model, 400 for a prompt larger than its window or a schema that is none.
        """
        call.model, call.stream = asked.model, asked.stream
        behaviour = self.find(asked.model)
        answer = plan_answer(asked, self.settings.seed, behaviour.reply)
        answer = replace(answer, cache=self.prompts.use(asked, answer.prompt_tokens, time.monotonic()))
        call.prompt_tokens, call.reasoning_tokens = answer.prompt_tokens, answer.reasoning_tokens
        call.cache_read_tokens, call.cache_write_tokens = answer.cache.read_tokens, answer.cache.written_tokens
        pace = self.pace(behaviour)
        return self.strike(write(answer, pace), behaviour, call), pace

    def strike(self, script: Script, behaviour: Behaviour, call: Call) -> Script:
        """The script after the fault in force, if there is one; `call` notes which."""
        call.fault = behaviour.take_fault()
        if call.fault is None:
            return script
        return FAULTS[call.fault](script, behaviour.after_tokens, self.surface.errors)

    def sign(self, text: str) -> str:
        """A signature over `text` that only this family's surfaces under this seed accept."""
        return sign(self._key, text)

    def check_signature(self, signature: str, text: str, param: str) -> None:
        """Refuse a signature that was not made by `sign` over this very text.

        Raises:
            Refusal: 400 that names `param`.
        """
        check_signature(self._key, signature, text, param)

    def seal(self, text: str) -> str:
        """`text` in a form that only the simulator reads, for thoughts that come hidden."""
        return seal(self._key, text)

    def open_seal(self, sealed: str, param: str) -> str:
        """The text that `seal` put away.

        Raises:
            Refusal: 400 that names `param`.
        """
        return open_seal(self._key, sealed, param)

    @property
    def _key(self) -> bytes:
        return f"{self.surface.family} {self.settings.seed}".encode()
