"""A schema that says nothing of further members is closed on the way to Anthropic, and that is told."""

import json

from pointsman.core.dialects.dialect import Asking, Target
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.dialects.passage import open_passage

POINT = {"type": "object", "properties": {"x": {"type": "number"}}}


def encode(schema: dict[str, object]) -> tuple[object, tuple[str, ...]]:
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "response_format": form}
    request = decode_request(json.dumps(body).encode())
    passage = open_passage(request, "anthropic_messages", Target("claude-sonnet-5-5"), Asking(request, "req_1", 0))
    assert request.fields["response_format"] == form
    sent = json.loads(passage.encoded.body)["output_config"]["format"]["schema"]
    return sent, passage.encoded.changes


def test_every_open_object_is_closed() -> None:
    sent, changes = encode({"type": "object", "properties": {"points": {"type": "array", "items": POINT}}})
    closed = POINT | {"additionalProperties": False}
    assert sent == {
        "type": "object",
        "properties": {"points": {"type": "array", "items": closed}},
        "additionalProperties": False,
    }
    assert changes == ("output_config.format.schema.additionalProperties=false",)


def test_what_is_said_stays_as_it_is() -> None:
    schema: dict[str, object] = {"type": "object", "properties": {}, "additionalProperties": False}
    assert encode(schema) == (schema, ())
