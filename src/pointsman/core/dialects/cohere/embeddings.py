"""Embeddings as Cohere's API v2 has them: texts, images or both, in the types of numbers that are asked for."""

from collections.abc import Mapping
from typing import get_args

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.embeddings import (
    EmbeddedImage,
    EmbeddingAnswer,
    EmbeddingInput,
    EmbeddingRequest,
    Purpose,
    Truncation,
    list_texts_of,
)
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.client_checks import check_object, check_whole, refuse
from pointsman.core.dialects.cohere.words import NAME
from pointsman.core.dialects.data_urls import split_data_url, write_data_url
from pointsman.core.dialects.dialect import Asking, Draft, Target
from pointsman.core.dialects.operation import OperationClient, OperationFormat, OperationProvider, OperationVerbatim
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
from pointsman.core.dialects.vectors import pack_vector

PATH = "/embed"
_KNOWN = ("model", "texts", "images", "inputs", "input_type", "embedding_types", "output_dimension", "truncate")
_SOURCES = ("texts", "images", "inputs")
_TYPES = ("float", "int8", "uint8", "binary", "ubinary", "base64")
_PURPOSES: Mapping[str, Purpose] = {
    "search_query": "query",
    "search_document": "document",
    "classification": "classification",
    "clustering": "clustering",
    "image": "image",
}
_WORDS: Mapping[Purpose, str] = {purpose: word for word, purpose in _PURPOSES.items()}
_QUESTIONS = frozenset({"question_answering", "fact_verification", "code_query"})
"""Purposes that Cohere has no word of its own for; each looks for something as a query does."""

_TRUNCATIONS: Mapping[str, Truncation] = {name.upper(): name for name in get_args(Truncation)}


class _Embeddings(msgspec.Struct):
    floats: list[list[float]] | None = msgspec.field(default=None, name="float")


class _Answer(msgspec.Struct):
    embeddings: _Embeddings
    meta: object = None


class _Glance(msgspec.Struct):
    embeddings: msgspec.Raw = msgspec.Raw()
    meta: object = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode
_glance = msgspec.json.Decoder(_Glance).decode


def decode_embed(body: bytes) -> ChatRequest:
    """Read the body of `POST /v2/embed`.

    Raises:
        ClientError: with the code and the path of the first thing that is wrong.
    """
    body, fields, model = read_body(body)
    given = [name for name in _SOURCES if fields.get(name) is not None]
    if len(given) != 1:
        refuse("invalid_input", "Exactly one of texts, images and inputs must be sent.", given[1] if given else "texts")
    for place, item in enumerate(check_list(fields[given[0]], given[0], MOST_INPUTS)):
        path = f"{given[0]}[{place}]"
        if given[0] == "inputs":
            _check_parts(item, path)
        else:
            check_said(item, path)
    _check_word(fields.get("input_type"), "input_type", tuple(_PURPOSES))
    if fields.get("truncate") is not None:
        _check_word(fields["truncate"], "truncate", tuple(_TRUNCATIONS))
    if fields.get("embedding_types") is not None:
        for kind in check_list(fields["embedding_types"], "embedding_types", MOST_INPUTS):
            _check_word(kind, "embedding_types", _TYPES)
    if fields.get("output_dimension") is not None:
        check_whole(fields["output_dimension"], "output_dimension", 1, MOST_ASKED_DIMENSIONS)
    return ChatRequest(model, False, False, body, fields, NAME, operation="embeddings")


def _check_word(value: object, path: str, words: tuple[str, ...]) -> None:
    if type(value) is not str or value not in words:
        refuse("invalid_input", f"{path} must be one of {', '.join(words)}.", path)


def _check_parts(item: object, path: str) -> None:
    check_object(item, path)
    assert type(item) is dict, "checked just now"
    for place, part in enumerate(check_list(item.get("content"), f"{path}.content", MOST_INPUTS)):
        where = f"{path}.content[{place}]"
        check_object(part, where)
        assert type(part) is dict, "checked just now"
        if part.get("type") == "text" and type(part.get("text")) is str:
            continue
        link = part.get("image_url")
        if part.get("type") != "image_url" or type(link) is not dict or type(link.get("url")) is not str:
            refuse("invalid_input", f"{where} must be a part of type text or image_url.", where)


def _read_request(request: ChatRequest) -> EmbeddingRequest:
    fields = request.fields
    unsaid = list_unsaid(fields, _KNOWN)
    types = fields.get("embedding_types")
    if type(types) is list and not all(kind in ("float", "base64") for kind in types):
        unsaid += ("embedding_types",)
    purpose, truncate, dimensions = fields.get("input_type"), fields.get("truncate"), fields.get("output_dimension")
    return EmbeddingRequest(
        _read_inputs(fields),
        dimensions if type(dimensions) is int else None,
        _PURPOSES.get(purpose) if type(purpose) is str else None,
        truncate=_TRUNCATIONS.get(truncate) if type(truncate) is str else None,
        unsaid=unsaid,
    )


def _read_inputs(fields: JsonObject) -> tuple[EmbeddingInput, ...]:
    texts, images, inputs = (fields.get(name) for name in _SOURCES)
    if type(texts) is list:
        return tuple(texts)
    if type(images) is list:
        return tuple([(_read_image(image, f"images[{place}]"),) for place, image in enumerate(images)])
    assert type(inputs) is list, "decode_embed has checked that one of the three is there"
    return tuple([_read_parts(item["content"], f"inputs[{place}].content") for place, item in enumerate(inputs)])


def _read_parts(parts: list[JsonObject], path: str) -> tuple[str | EmbeddedImage, ...]:
    read: list[str | EmbeddedImage] = []
    for place, part in enumerate(parts):
        text, link = part.get("text"), part.get("image_url")
        if part["type"] == "text" and type(text) is str:
            read.append(text)
        else:
            read.append(_read_image(link.get("url") if type(link) is dict else None, f"{path}[{place}].image_url.url"))
    return tuple(read)


def _read_image(url: object, path: str) -> EmbeddedImage:
    split = split_data_url(url) if type(url) is str else None
    if split is None:
        raise refuse_untold("Nothing but an image as a data URL in base64", path)
    return EmbeddedImage(*split)


def _write_answer(answer: EmbeddingAnswer, asking: Asking) -> bytes:
    fields = asking.request.fields
    types = fields.get("embedding_types")
    asked = [kind for kind in types if kind in ("float", "base64")] if type(types) is list else []
    embeddings: JsonObject = {}
    for kind in asked or ["float"]:
        embeddings[kind] = list(answer.vectors) if kind == "float" else [_pack(vector) for vector in answer.vectors]
    meta: JsonObject = {"api_version": {"version": "2"}}
    if answer.usage is not None:
        meta["billed_units"] = {"input_tokens": answer.usage.input_tokens}
    return _encode(
        {
            "id": asking.request_id,
            "embeddings": embeddings,
            "texts": fields.get("texts") or [],
            "meta": meta,
            "response_type": "embeddings_by_type",
        }
    )


def _pack(vector: list[float]) -> str:
    try:
        return pack_vector(vector)
    except ValueError as error:
        raise bad_answer(str(error)) from None


def _encode_request(asked: EmbeddingRequest, target: Target) -> tuple[Draft, tuple[str, ...]]:
    losses, changes = list(asked.unsaid), []
    fields: JsonObject = {"model": target.model}
    _write_inputs(asked.inputs, fields)
    fields["input_type"] = _choose_purpose(asked, losses)
    if asked.purpose is None:  # the format demands one
        changes.append(f'input_type="{fields["input_type"]}"')
    fields["embedding_types"] = ["float"]
    if asked.dimensions is not None:
        fields["output_dimension"] = asked.dimensions
    if asked.truncate is not None:
        fields["truncate"] = asked.truncate.upper()
    losses += [name for name, value in (("title", asked.title), ("user", asked.user)) if value]
    return Draft(fields, losses), tuple(changes)


def _choose_purpose(asked: EmbeddingRequest, losses: list[str]) -> str:
    if asked.purpose is None:
        return "image" if all(list_texts_of(given) is None for given in asked.inputs) else "search_document"
    if asked.purpose in _WORDS:
        return _WORDS[asked.purpose]
    losses.append("input_type")
    return "search_query" if asked.purpose in _QUESTIONS else "search_document"


def _write_inputs(inputs: tuple[EmbeddingInput, ...], fields: JsonObject) -> None:
    """Texts where all are, for every model takes those; else parts."""
    texts = [list_texts_of(given) for given in inputs]
    written = ["\n".join(parts) for parts in texts if parts is not None]
    if len(written) == len(inputs):
        fields["texts"] = written
        return
    fields["inputs"] = [{"content": _write_parts(given, f"input[{place}]")} for place, given in enumerate(inputs)]


def _write_parts(given: EmbeddingInput, path: str) -> list[JsonObject]:
    parts: list[JsonObject] = []
    for part in (given,) if isinstance(given, str) else given:
        if isinstance(part, int):
            raise refuse_untold("Nothing but texts and images", path)
        if isinstance(part, str):
            parts.append({"type": "text", "text": part})
        else:
            url = write_data_url(part.media_type, part.data)
            parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts


def _read_answer(body: bytes, asked: EmbeddingRequest) -> EmbeddingAnswer:
    answer = decode_answer(body, _decode)
    vectors = answer.embeddings.floats
    if vectors is None or len(vectors) != len(asked.inputs) or not all(vectors):
        raise bad_answer("the answer has not got a vector for each input")
    return EmbeddingAnswer(tuple(vectors), read_usage(answer.meta))


def read_usage(meta: object) -> Usage | None:
    """The billed tokens of texts and images; searches are billed otherwise, and are no tokens."""
    billed = meta.get("billed_units") if type(meta) is dict else None
    if type(billed) is not dict:
        return None
    counts = [read_input_usage(billed.get(name)) for name in ("input_tokens", "image_tokens")]
    known = [count.input_tokens for count in counts if count is not None]
    return Usage(sum(known), 0) if known else None


def _read_usage_of(body: bytes) -> Usage | None:
    reported = find_at_end(body, "meta")
    if reported is not None:
        return read_usage(reported)
    answer = decode_answer(body, _glance)
    if not bytes(answer.embeddings).startswith((b"{", b"[")):
        raise bad_answer("the answer has status 200 and no vectors")
    return read_usage(answer.meta)


COHERE_EMBEDDINGS = OperationFormat(
    client=OperationClient(_read_request, _write_answer),
    provider=OperationProvider(lambda model, asked: PATH, _encode_request, _read_answer),
    verbatim=OperationVerbatim(lambda model, request: PATH, rewrite_operation, _read_usage_of),
)
