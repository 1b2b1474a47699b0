"""Cohere's `embed` and `rerank` (v2): requests read strictly, and their answers."""

from typing import Annotated, Any, Literal
from uuid import uuid4

import msgspec
from msgspec import Meta

from pointsman.simulator.asked import IMAGE_TOKENS
from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.cohere_request import Strict
from pointsman.simulator.connection import Request
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.relevance import rank_documents
from pointsman.simulator.serve_document import note_model, serve_document
from pointsman.simulator.steps import Script
from pointsman.simulator.strict_json import decode_strictly, require_json
from pointsman.simulator.surface import Workshop
from pointsman.simulator.tokens import count_tokens
from pointsman.simulator.vectors import embed_text, encode_base64, pack_bits, quantise

USUAL_DIMENSIONS = 1_536
MOST_INPUTS = 96
MOST_DOCUMENTS = 10_000
DOCUMENTS_PER_SEARCH = 100
MOST_TOKENS_PER_INPUT = 8_192

_API = {"api_version": {"version": "2"}}
_FORMS = {
    "float": lambda vector: vector.tolist(),
    "int8": lambda vector: quantise(vector, -128, 127),
    "uint8": lambda vector: quantise(vector, 0, 255),
    "binary": lambda vector: pack_bits(vector, signed=True),
    "ubinary": lambda vector: pack_bits(vector, signed=False),
    "base64": encode_base64,
}


class EmbeddedUrl(Strict):
    """Where an image is."""

    url: Annotated[str, Meta(pattern="^data:image/")]


class EmbeddedText(Strict, tag_field="type", tag="text"):
    """A text among the parts of an input."""

    text: str


class EmbeddedImage(Strict, tag_field="type", tag="image_url"):
    """An image among the parts of an input."""

    image_url: EmbeddedUrl


class EmbedInput(Strict):
    """One input of several parts."""

    content: Annotated[list[EmbeddedText | EmbeddedImage], Meta(min_length=1)]


class EmbedRequest(Strict):
    """The body of `POST /v2/embed`."""

    model: Annotated[str, Meta(min_length=1)]
    input_type: Literal["search_document", "search_query", "classification", "clustering", "image"]
    texts: Annotated[list[str], Meta(min_length=1, max_length=MOST_INPUTS)] | None = None
    images: Annotated[list[str], Meta(min_length=1, max_length=1)] | None = None
    inputs: Annotated[list[EmbedInput], Meta(min_length=1, max_length=MOST_INPUTS)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    output_dimension: Literal[256, 512, 1024, 1536] | None = None
    embedding_types: list[Literal["float", "int8", "uint8", "binary", "ubinary", "base64"]] | None = None
    truncate: Literal["NONE", "START", "END"] | None = None
    priority: Annotated[int, Meta(ge=0, le=999)] | None = None


class RerankRequest(Strict):
    """The body of `POST /v2/rerank`."""

    model: Annotated[str, Meta(min_length=1)]
    query: Annotated[str, Meta(min_length=1)]
    documents: Annotated[list[str], Meta(min_length=1, max_length=MOST_DOCUMENTS)]
    top_n: Annotated[int, Meta(ge=1)] | None = None
    max_tokens_per_doc: Annotated[int, Meta(ge=1)] | None = None
    priority: Annotated[int, Meta(ge=0, le=999)] | None = None


_EMBED = msgspec.json.Decoder(EmbedRequest)
_RERANK = msgspec.json.Decoder(RerankRequest)


def answer_embed(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    """Embed texts, images or both, in every form that is asked for."""
    require_json(request)
    asked = decode_strictly(request.body, _EMBED)
    texts, images = _list_inputs(asked)
    tokens = sum(count_tokens(text) for text in texts)
    note_model(call, asked.model, tokens + images * IMAGE_TOKENS)
    if asked.truncate == "NONE" and any(count_tokens(text) > MOST_TOKENS_PER_INPUT for text in texts):
        message = f"invalid request: a text has more than {MOST_TOKENS_PER_INPUT} tokens and truncate is NONE"
        raise Refusal(400, message, param="texts")
    size, seed = asked.output_dimension or USUAL_DIMENSIONS, workshop.settings.seed
    vectors = [embed_text(text, size, seed) for text in texts]
    forms = dict.fromkeys(asked.embedding_types or ["float"])
    billed = {"input_tokens": tokens, **({"image_tokens": images * IMAGE_TOKENS, "images": images} if images else {})}
    document: dict[str, Any] = {
        "id": str(uuid4()),
        "embeddings": {form: [_FORMS[form](vector) for vector in vectors] for form in forms},
        "texts": asked.texts or [],
        "meta": {**_API, "billed_units": billed},
        "response_type": "embeddings_by_type",
    }
    return serve_document(document, call, workshop)


def _list_inputs(asked: EmbedRequest) -> tuple[list[str], int]:
    """The inputs as texts, an image standing for its address, and how many images there are.

    Raises:
        Refusal: 400 unless exactly one of the three lists is given.
    """
    given = [name for name in ("texts", "images", "inputs") if getattr(asked, name) is not None]
    if len(given) != 1:
        message = f"invalid request: exactly one of texts, images and inputs must be given, got {given}"
        raise Refusal(400, message, param="texts")
    if asked.texts is not None:
        return asked.texts, 0
    if asked.images is not None:
        return asked.images, len(asked.images)
    inputs = asked.inputs or []
    images = sum(isinstance(part, EmbeddedImage) for given in inputs for part in given.content)
    return [" ".join(_show_part(part) for part in given.content) for given in inputs], images


def _show_part(part: EmbeddedText | EmbeddedImage) -> str:
    return part.text if isinstance(part, EmbeddedText) else part.image_url.url


def answer_rerank(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    """Sort documents by how well they answer a query."""
    require_json(request)
    asked = decode_strictly(request.body, _RERANK)
    note_model(call, asked.model, 0)
    ranked = rank_documents(asked.query, asked.documents, workshop.settings.seed)
    results = [{"index": place, "relevance_score": score} for place, score in ranked[: asked.top_n]]
    searches = -(-len(asked.documents) // DOCUMENTS_PER_SEARCH)
    meta = {**_API, "billed_units": {"search_units": searches}}
    return serve_document({"id": str(uuid4()), "results": results, "meta": meta}, call, workshop)
