"""Counting as Gemini has it: contents alone, or a whole request within `generateContentRequest`.

The decoded request is that whole one, whichever way it came, so that everything reads it like a chat.
"""

import msgspec

from pointsman.core.chat.client_json import read_json_object
from pointsman.core.chat.conversation import Conversation, JsonObject
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.chat.token_count import TokenCount, keep_counted
from pointsman.core.chat.usage import read_count
from pointsman.core.dialects.client_checks import check_object, refuse, refuse_forbidden
from pointsman.core.dialects.dialect import Asking, Draft, Target
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.gemini.encode_request import encode_request
from pointsman.core.dialects.gemini.names import spell_members
from pointsman.core.dialects.gemini.read_request import read_request
from pointsman.core.dialects.gemini.verbs import name_model, name_verb
from pointsman.core.dialects.operation import OperationClient, OperationFormat, OperationProvider, OperationVerbatim
from pointsman.core.dialects.operation_checks import bad_answer, decode_answer
from pointsman.core.dialects.rewrite_operation import splice_request
from pointsman.core.dialects.splice import prepend_members

VERB = "countTokens"
WRAPPER = "generateContentRequest"
_ALONE = frozenset({"contents"})
_BESIDE = frozenset({"metadata", "model"})
"""What may stand beside the wrapper; the model is the one of the URL, whatever it says."""


class _Answer(msgspec.Struct):
    totalTokens: object = None
    error: object = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode
_take_apart = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def decode_count(body: bytes, model: str) -> ChatRequest:
    """Read the body of `POST /v1beta/models/{model}:countTokens`.

    Args:
        body: as received.
        model: out of the URL, without `models/`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields = read_json_object(body)
    refuse_forbidden(fields)
    whole = spell_members(fields).get(WRAPPER)
    if whole is not None:
        body = _unwrap(body, fields, whole)
    request = decode_generate(body, model, stream=False)
    return msgspec.structs.replace(request, operation="count_tokens")


def _unwrap(body: bytes, fields: JsonObject, whole: object) -> bytes:
    """The request within the wrapper; what the caller says to us in `metadata` beside it counts as if within."""
    check_object(whole, WRAPPER)
    assert type(whole) is dict, "checked just now"
    for name, value in fields.items():
        if value is not whole and value is not None and name not in _BESIDE:
            refuse("conflicting_parameters", f"Put {name[:64]} into {WRAPPER}, or send no {WRAPPER}.", name[:64])
    inner = bytes(next(value for name, value in _take_apart(body).items() if fields[name] is whole))
    metadata = fields.get("metadata")
    if metadata is None or not whole:
        return inner
    if "metadata" in whole:
        refuse("conflicting_parameters", f"Send metadata either within {WRAPPER} or beside it, not both.", "metadata")
    return prepend_members(inner, [("metadata", metadata)])


def _write_answer(answer: TokenCount, asking: Asking) -> bytes:
    return _encode({"totalTokens": answer.tokens})


def _find_path(model: str, asked: object) -> str:
    return name_verb(model, VERB)


def _encode_request(asked: Conversation, target: Target) -> tuple[Draft, tuple[str, ...]]:
    draft = encode_request(keep_counted(asked), False, target)
    return Draft(_wrap(draft.fields, target), draft.losses), ()


def _wrap(fields: JsonObject, target: Target) -> JsonObject:
    return fields if fields.keys() <= _ALONE else {WRAPPER: {"model": name_model(target.model), **fields}}


def _rewrite_request(request: ChatRequest, target: Target) -> Encoded:
    fields = request.fields
    if fields.keys() <= _ALONE:
        return splice_request(request, target, {})
    encoded = splice_request(request, target, {"model": name_model(target.model)})
    body = b'{"%b":%b}' % (WRAPPER.encode(), encoded.body)
    return Encoded(body, encoded.changes, encoded.losses, encoded.imposed)


def _read_answer(body: bytes, asked: object) -> TokenCount:
    answer = decode_answer(body, _decode)
    tokens = read_count(answer.totalTokens)
    if tokens is None:
        raise bad_answer("the answer has status 200 and no count", answer.error)
    return TokenCount(tokens)


def _read_usage_of(body: bytes) -> None:
    _read_answer(body, None)


GEMINI_COUNT_TOKENS = OperationFormat(
    client=OperationClient(read_request, _write_answer),
    provider=OperationProvider(_find_path, _encode_request, _read_answer),
    verbatim=OperationVerbatim(_find_path, _rewrite_request, _read_usage_of),
)
