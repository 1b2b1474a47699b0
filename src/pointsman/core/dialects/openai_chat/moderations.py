"""Moderations as OpenAI has them, and after it Mistral; no other format knows them, so nothing is translated."""

from typing import Never

import msgspec

from pointsman.core.chat.client_json import read_json_object
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.client_checks import check_object, read_model, refuse, refuse_forbidden
from pointsman.core.dialects.openai_chat.embeddings import read_usage
from pointsman.core.dialects.operation import OperationFormat, OperationVerbatim
from pointsman.core.dialects.operation_checks import MOST_INPUTS, bad_answer, check_list, decode_answer
from pointsman.core.dialects.rewrite_operation import rewrite_operation

PATH = "/moderations"
USUAL_MODEL = "omni-moderation-latest"
"""What OpenAI takes where a request names no model; a model or an alias of that name answers those."""


class _Glance(msgspec.Struct):
    results: msgspec.Raw = msgspec.Raw()
    usage: object = None
    error: object = None


_glance = msgspec.json.Decoder(_Glance).decode


def decode_moderations(body: bytes) -> ChatRequest:
    """Read the body of `POST /v1/moderations`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body)
    refuse_forbidden(fields)
    model = USUAL_MODEL if fields.get("model") is None else read_model(fields["model"])
    given = fields.get("input")
    if type(given) is not str:
        for place, item in enumerate(check_list(given, "input", MOST_INPUTS)):
            if type(item) is not str:
                _check_part(item, f"input[{place}]")
    return ChatRequest(model, False, False, body, fields, operation="moderations")


def _check_part(part: object, path: str) -> None:
    check_object(part, path)
    assert type(part) is dict, "checked just now"
    kind = part.get("type")
    if kind not in ("text", "image_url") or part.get(kind) is None:
        refuse("invalid_input", f"{path} must be a text, or a part of type text or image_url.", path)


def _read_usage_of(body: bytes) -> Usage | None:
    answer = decode_answer(body, _glance)
    if not bytes(answer.results).startswith(b"["):
        raise bad_answer("the answer has status 200 and no results", answer.error)
    return read_usage(answer.usage)


OPENAI_MODERATIONS: OperationFormat[Never, Never] = OperationFormat(
    verbatim=OperationVerbatim(lambda model, request: PATH, rewrite_operation, _read_usage_of)
)
