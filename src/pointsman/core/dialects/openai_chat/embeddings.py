"""Embeddings as OpenAI and most compatible servers have them; vectors go as numbers or as base64."""

from collections.abc import Mapping
from typing import Annotated, cast

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.embeddings import (
    EmbeddingAnswer,
    EmbeddingInput,
    EmbeddingRequest,
    Purpose,
    Truncation,
    list_texts_of,
)
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.client_checks import check_text, check_user, check_whole, refuse
from pointsman.core.dialects.dialect import Asking, Draft, Target
from pointsman.core.dialects.operation import (
    OperationClient,
    OperationFormat,
    OperationProvider,
    OperationVerbatim,
)
from pointsman.core.dialects.operation_checks import (
    MOST_ASKED_DIMENSIONS,
    MOST_INPUTS,
    bad_answer,
    check_list,
    check_said,
    decode_answer,
    find_at_end,
    list_unsaid,
    read_body,
    read_input_usage,
    refuse_untold,
)
from pointsman.core.dialects.rewrite_operation import rewrite_operation
from pointsman.core.dialects.vectors import pack_vector, unpack_vector

PATH = "/embeddings"
MOST_VALUES = 310_000
"""Ids of tokens come as a number each: OpenAI takes 300,000 tokens at once, in up to 2,048 lists."""

_KNOWN = ("model", "input", "dimensions", "encoding_format", "user", "input_type", "truncate")
_MOST_TOKEN_ID = 2**31
_TokenIds = list[Annotated[int, msgspec.Meta(ge=0, lt=_MOST_TOKEN_ID)]]

_PURPOSES: Mapping[str, Purpose] = {
    "query": "query",
    "document": "document",
    "passage": "document",
    "search_query": "query",
    "search_document": "document",
    "classification": "classification",
    "clustering": "clustering",
}
"""`input_type`, which is no member of OpenAI's own, in the words that compatible servers take."""

_TRUNCATIONS: Mapping[str, Truncation] = {"NONE": "none", "START": "start", "END": "end"}


class _Item(msgspec.Struct):
    embedding: list[float] | str
    index: int | None = None


class _Answer(msgspec.Struct):
    data: list[_Item]
    model: str = ""
    usage: object = None


class _Glance(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw()
    usage: object = None
    error: object = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode
_glance = msgspec.json.Decoder(_Glance).decode


def decode_embeddings(body: bytes) -> ChatRequest:
    """Read the body of `POST /v1/embeddings`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields, model = read_body(body, MOST_VALUES)
    _check_input(fields.get("input"))
    if fields.get("dimensions") is not None:
        check_whole(fields["dimensions"], "dimensions", 1, MOST_ASKED_DIMENSIONS)
    if fields.get("encoding_format") is not None and fields["encoding_format"] not in ("float", "base64"):
        refuse("invalid_input", "encoding_format must be float or base64.", "encoding_format")
    for name in ("user", "input_type", "truncate"):
        if fields.get(name) is not None:
            check_text(fields[name], name)
    check_user(fields.get("user"))
    return ChatRequest(model, False, False, body, fields, operation="embeddings")


def _check_input(given: object) -> None:
    if type(given) is str:
        check_said(given, "input")
        return
    items = check_list(given, "input", MOST_INPUTS)
    if type(items[0]) is int:
        _check_tokens(items, "input")
        return
    are_tokens = type(items[0]) is list
    for place, item in enumerate(items):
        path = f"input[{place}]"
        if are_tokens:
            _check_tokens(check_list(item, path, _MOST_TOKEN_ID), path)
        else:
            check_said(item, path)


def _check_tokens(tokens: list[object], path: str) -> None:
    # By the list, not by the token: there may be hundreds of thousands, and everybody waits meanwhile.
    try:
        msgspec.convert(tokens, _TokenIds)
    except msgspec.ValidationError:
        refuse("invalid_input", f"{path} must be a text, or hold nothing but ids of tokens.", path)


def _read_request(request: ChatRequest) -> EmbeddingRequest:
    fields = request.fields
    purpose, truncate = fields.get("input_type"), fields.get("truncate")
    known = _PURPOSES.get(purpose) if type(purpose) is str else None
    cut = _TRUNCATIONS.get(truncate.upper()) if type(truncate) is str else None
    unsaid = list_unsaid(fields, _KNOWN)
    if purpose is not None and known is None:
        unsaid += ("input_type",)
    if truncate is not None and cut is None:
        unsaid += ("truncate",)
    dimensions, user = fields.get("dimensions"), fields.get("user")
    return EmbeddingRequest(
        _read_inputs(fields["input"]),
        dimensions if type(dimensions) is int else None,
        known,
        truncate=cut,
        user=user if type(user) is str else "",
        unsaid=unsaid,
    )


def _read_inputs(given: object) -> tuple[EmbeddingInput, ...]:
    items = cast("list[str | list[int] | int]", given if type(given) is list else [given])
    tokens = tuple([item for item in items if isinstance(item, int)])
    if tokens:
        return (tokens,)
    return tuple([tuple(item) if isinstance(item, list) else item for item in items if not isinstance(item, int)])


def _write_answer(answer: EmbeddingAnswer, asking: Asking) -> bytes:
    wants_base64 = asking.request.fields.get("encoding_format") == "base64"
    data: list[JsonObject] = [
        {"object": "embedding", "index": place, "embedding": _pack(vector) if wants_base64 else vector}
        for place, vector in enumerate(answer.vectors)
    ]
    document: JsonObject = {"object": "list", "data": data, "model": answer.model or asking.request.model}
    if answer.usage is not None:
        tokens = answer.usage.input_tokens
        document["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}
    return _encode(document)


def _pack(vector: list[float]) -> str:
    try:
        return pack_vector(vector)
    except ValueError as error:
        raise bad_answer(str(error)) from None


def _encode_request(asked: EmbeddingRequest, target: Target) -> tuple[Draft, tuple[str, ...]]:
    texts = [_write_input(given, place) for place, given in enumerate(asked.inputs)]
    fields: JsonObject = {"model": target.model, "input": texts}
    if asked.dimensions is not None:
        fields["dimensions"] = asked.dimensions
    if asked.user:
        fields["user"] = asked.user
    losses = list(asked.unsaid)
    losses += [
        name
        for name, value in (("input_type", asked.purpose), ("title", asked.title), ("truncate", asked.truncate))
        if value
    ]
    return Draft(fields, losses), ()


def _write_input(given: EmbeddingInput, place: int) -> object:
    texts = list_texts_of(given)
    if texts is not None:
        return "\n".join(texts)
    if all(type(token) is int for token in given):
        return list(given)
    raise refuse_untold("Nothing but texts", f"input[{place}]")


def _read_answer(body: bytes, asked: EmbeddingRequest) -> EmbeddingAnswer:
    answer = decode_answer(body, _decode)
    vectors: list[list[float] | None] = [None] * len(asked.inputs)
    for place, item in enumerate(answer.data):
        index = place if item.index is None else item.index
        if not 0 <= index < len(vectors) or vectors[index] is not None:
            raise bad_answer("the answer has a vector that nothing was sent for")
        vectors[index] = _unpack(item.embedding) if type(item.embedding) is str else item.embedding  # type: ignore[assignment]
    found = tuple([vector for vector in vectors if vector])
    if len(found) < len(vectors):
        raise bad_answer("the answer has not got a vector for each input")
    return EmbeddingAnswer(found, read_usage(answer.usage), answer.model)


def _unpack(text: str) -> list[float]:
    try:
        return unpack_vector(text)
    except ValueError:
        raise bad_answer("a vector of the answer is no base64 of numbers") from None


def read_usage(reported: object) -> Usage | None:
    """The counts of what has a prompt and no answer; some servers tell the total alone."""
    if type(reported) is not dict:
        return None
    return read_input_usage(reported.get("prompt_tokens")) or read_input_usage(reported.get("total_tokens"))


def _read_usage_of(body: bytes) -> Usage | None:
    reported = find_at_end(body, "usage")
    if reported is not None:
        return read_usage(reported)
    answer = decode_answer(body, _glance)
    if not bytes(answer.data).startswith(b"["):
        raise bad_answer("the answer has status 200 and no vectors", answer.error)
    return read_usage(answer.usage)


OPENAI_EMBEDDINGS = OperationFormat(
    client=OperationClient(_read_request, _write_answer),
    provider=OperationProvider(lambda model, asked: PATH, _encode_request, _read_answer),
    verbatim=OperationVerbatim(lambda model, request: PATH, rewrite_operation, _read_usage_of),
)
