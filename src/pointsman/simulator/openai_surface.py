"""OpenAI's surfaces for chat and models: bearer key, and errors of one shape."""

import hmac
import re
from uuid import uuid4

import msgspec

from pointsman.simulator.answer import Answer
from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.chat import Envelope, write_completion, write_stream
from pointsman.simulator.connection import Request
from pointsman.simulator.models import LISTED, find_model
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.request import read_chat_request
from pointsman.simulator.steps import Script, write_document, write_event
from pointsman.simulator.strict_json import require_json
from pointsman.simulator.surface import AT_ONCE, Surface, Workshop


def show_bearer(request: Request, demanded: str) -> bool:
    """Whether the request carries `authorization: Bearer KEY`, or `api-key: KEY` as Azure has it."""
    shown = request.header("authorization") or f"Bearer {request.header('api-key')}"
    return hmac.compare_digest(shown.encode(), f"Bearer {demanded}".encode())


def break_openai_stream(refusal: Refusal) -> bytes:
    """The error as an event without a name."""
    return write_event(refusal.encode())


def _answer_chat(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    require_json(request)
    chat = read_chat_request(request.body)
    envelope = Envelope(f"chatcmpl-{uuid4().hex}", workshop.now(), chat.model, workshop.fingerprint(chat.model))

    def write(answer: Answer, pace: Pace) -> Script:
        if chat.stream:
            return write_stream(chat, answer, envelope, pace.tokens_per_second)
        return write_completion(chat, answer, envelope)

    return workshop.serve(chat.show(), call, write)


def _list_models(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    document = {"object": "list", "data": [model.describe() for model in LISTED]}
    return write_document(200, msgspec.json.encode(document)), AT_ONCE


def _show_model(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    model = find_model(request.path.removeprefix("/v1/models/"))
    return write_document(200, msgspec.json.encode(model.describe())), AT_ONCE


OPENAI_CHAT = Surface(
    name="openai_chat",
    method="POST",
    path=re.compile("/v1/chat/completions"),
    answer=_answer_chat,
    refuse=Refusal.encode,
    check_key=show_bearer,
    break_stream=break_openai_stream,
    family="openai",
)
OPENAI_MODELS = Surface(
    name="openai_models",
    method="GET",
    path=re.compile("/v1/models"),
    answer=_list_models,
    refuse=Refusal.encode,
    check_key=show_bearer,
    break_stream=break_openai_stream,
    family="openai",
)
OPENAI_MODEL = Surface(
    name="openai_model",
    method="GET",
    path=re.compile("/v1/models/.+"),
    answer=_show_model,
    refuse=Refusal.encode,
    check_key=show_bearer,
    break_stream=break_openai_stream,
    family="openai",
)
OPENAI_SURFACES = (OPENAI_CHAT, OPENAI_MODELS, OPENAI_MODEL)
