"""OpenAI's surface for responses: bearer key, OpenAI's error documents, and an error event of its own."""

import re
from uuid import uuid4

import msgspec

from pointsman.simulator.answer import Answer
from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.connection import Request
from pointsman.simulator.openai_surface import show_bearer
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.responses_answer import Frame, list_output, write_response
from pointsman.simulator.responses_conversation import list_items, show_request
from pointsman.simulator.responses_events import write_stream
from pointsman.simulator.responses_request import read_responses_request
from pointsman.simulator.steps import Script, write_event
from pointsman.simulator.strict_json import require_json
from pointsman.simulator.surface import Surface, Workshop


def break_responses_stream(refusal: Refusal) -> bytes:
    """The error as an event named `error`."""
    event = {
        "type": "error",
        "code": refusal.code or refusal.kind,
        "message": refusal.message,
        "param": refusal.param,
        "sequence_number": 0,
    }
    return write_event(msgspec.json.encode(event), "error")


def _answer_responses(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    require_json(request)
    asked_for = read_responses_request(request.body)
    items = list_items(asked_for, workshop.responses)
    asked = show_request(asked_for, items, workshop)
    frame = Frame(asked_for, uuid4().hex, workshop.now(), workshop.seal)

    def write(answer: Answer, pace: Pace) -> Script:
        if asked_for.store is not False:
            workshop.responses.keep(frame.id, [*items, *list_output(answer.choices[0], frame)])
        return write_stream(answer, frame, pace.tokens_per_second) if asked.stream else write_response(answer, frame)

    return workshop.serve(asked, call, write)


RESPONSES_SURFACES = (
    Surface(
        name="openai_responses",
        method="POST",
        path=re.compile("/v1/responses"),
        answer=_answer_responses,
        refuse=Refusal.encode,
        check_key=show_bearer,
        break_stream=break_responses_stream,
        family="openai",
    ),
)
