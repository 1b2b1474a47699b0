"""Answers what is no chat, such as embeddings, with one document: recorded, paced and struck by faults as a chat is."""

import msgspec

from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.models import SimulatedModel, find_model
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.steps import Script, write_document
from pointsman.simulator.surface import Workshop


def note_model(call: Call, name: str, prompt_tokens: int) -> SimulatedModel:
    """Record which model was asked for how much.

    Raises:
        Refusal: 404 for a model that does not exist, 400 for more than its window.
    """
    call.model = name
    model = find_model(name)
    if prompt_tokens > model.context_tokens:
        message = f"The input has {prompt_tokens} tokens; the model takes at most {model.context_tokens}."
        raise Refusal(400, message, code="invalid_value", param="input")
    call.prompt_tokens = prompt_tokens
    return model


def serve_document(document: object, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    """The script and pace of an answer for the model that `call` has noted."""
    behaviour = workshop.find(call.model or "")
    script = write_document(200, msgspec.json.encode(document))
    return workshop.strike(script, behaviour, call), workshop.pace(behaviour)
