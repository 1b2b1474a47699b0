"""OpenAI's surfaces beside chat: embeddings, moderations, and rerank as most OpenAI-compatible servers have it."""

import re
from collections.abc import Callable
from typing import Annotated, Literal
from uuid import uuid4

import msgspec
from msgspec import Meta, Struct

from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.connection import Request
from pointsman.simulator.moderation import CATEGORIES, IMAGE_CATEGORIES, rate_harms
from pointsman.simulator.openai_surface import break_openai_stream, show_bearer
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.relevance import rank_documents
from pointsman.simulator.serve_document import note_model, serve_document
from pointsman.simulator.steps import Script
from pointsman.simulator.strict_json import decode_strictly, require_json
from pointsman.simulator.surface import Surface, Workshop
from pointsman.simulator.tokens import count_tokens
from pointsman.simulator.vectors import embed_text, encode_base64

USUAL_DIMENSIONS = 1_536
MOST_DIMENSIONS = 3_072
MOST_INPUTS = 2_048
MOST_TOKENS_PER_INPUT = 8_192
MOST_DOCUMENTS = 1_000
MODERATION_MODEL = "simulated-moderation"
"""What moderates when no model is named."""

Name = Annotated[str, Meta(min_length=1)]
TokenId = Annotated[int, Meta(ge=0)]
TokenIds = Annotated[list[TokenId], Meta(min_length=1)]


class Strict(Struct, forbid_unknown_fields=True):
    """An object of the API: no unknown fields."""


class EmbeddingsRequest(Strict):
    """The body of `POST /v1/embeddings`; the input is one text or several, each as text or as token ids."""

    model: Name
    input: str | Annotated[list[str | TokenId | TokenIds], Meta(min_length=1, max_length=MOST_INPUTS)]
    dimensions: Annotated[int, Meta(ge=1, le=MOST_DIMENSIONS)] | None = None
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None

    def list_inputs(self) -> list[str | list[int]]:
        """The inputs one by one.

        Raises:
            Refusal: 400 when texts and token ids are mixed, or a text is empty.
        """
        given = [self.input] if isinstance(self.input, str) else self.input
        kinds = {type(one) for one in given}
        if len(kinds) > 1 or "" in given:
            raise Refusal(400, "'$.input' is invalid. Please check the API reference.", code=None, param="input")
        numbers = [one for one in given if isinstance(one, int)]
        return [numbers] if numbers else [one for one in given if not isinstance(one, int)]


class TextInput(Strict, tag_field="type", tag="text"):
    """A text to moderate."""

    text: str


class ImageAddress(Strict):
    """Where an image is."""

    url: Name


class ImageInput(Strict, tag_field="type", tag="image_url"):
    """An image to moderate; its address is what is judged."""

    image_url: ImageAddress


class ModerationRequest(Strict):
    """The body of `POST /v1/moderations`."""

    input: str | Annotated[list[str | TextInput | ImageInput], Meta(min_length=1)]
    model: Name = MODERATION_MODEL


class DocumentText(Strict):
    """A document as an object."""

    text: str


class RerankRequest(Strict):
    """The body of `POST /v1/rerank`, as Jina's API and Cohere's first one have it."""

    model: Name
    query: Name
    documents: Annotated[list[str | DocumentText], Meta(min_length=1, max_length=MOST_DOCUMENTS)]
    top_n: Annotated[int, Meta(ge=1)] | None = None
    return_documents: bool = False


_EMBEDDINGS = msgspec.json.Decoder(EmbeddingsRequest)
_MODERATION = msgspec.json.Decoder(ModerationRequest)
_RERANK = msgspec.json.Decoder(RerankRequest)


def _embed(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    require_json(request)
    asked = decode_strictly(request.body, _EMBEDDINGS)
    inputs = asked.list_inputs()
    costs = [count_tokens(one) if isinstance(one, str) else len(one) for one in inputs]
    if max(costs) > MOST_TOKENS_PER_INPUT:
        message = (
            f"This model's maximum context length is {MOST_TOKENS_PER_INPUT} tokens, however you requested "
            f"{max(costs)} tokens. Please reduce your input."
        )
        raise Refusal(400, message)
    note_model(call, asked.model, max(costs))
    call.prompt_tokens = sum(costs)
    size, seed = asked.dimensions or USUAL_DIMENSIONS, workshop.settings.seed
    vectors = [embed_text(one if isinstance(one, str) else " ".join(map(str, one)), size, seed) for one in inputs]
    data = [
        {
            "object": "embedding",
            "index": place,
            "embedding": encode_base64(vector) if asked.encoding_format == "base64" else vector.tolist(),
        }
        for place, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": sum(costs), "total_tokens": sum(costs)}
    return serve_document({"object": "list", "data": data, "model": asked.model, "usage": usage}, call, workshop)


def _moderate(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    """One result for each text of a plain list, one result for all parts of a list of parts."""
    require_json(request)
    asked = decode_strictly(request.body, _MODERATION)
    parts = [asked.input] if isinstance(asked.input, str) else asked.input
    texts = [_show(part) for part in parts]
    if all(isinstance(part, str) for part in parts):
        judged = [(text, False) for text in texts]
    else:
        judged = [("\n".join(texts), any(isinstance(part, ImageInput) for part in parts))]
    note_model(call, asked.model, sum(count_tokens(text) for text in texts))
    results = [_show_harms(text, workshop.settings.seed, has_image=has_image) for text, has_image in judged]
    document = {"id": f"modr-{uuid4().hex}", "model": asked.model, "results": results}
    return serve_document(document, call, workshop)


def _show(part: str | TextInput | ImageInput) -> str:
    if isinstance(part, str):
        return part
    return part.text if isinstance(part, TextInput) else part.image_url.url


def _show_harms(text: str, seed: int, *, has_image: bool) -> dict[str, object]:
    scores = rate_harms(text, seed)
    kinds = {name: ["text", "image"] if has_image and name in IMAGE_CATEGORIES else ["text"] for name in CATEGORIES}
    return {
        "flagged": any(score >= 0.5 for score in scores.values()),
        "categories": {name: score >= 0.5 for name, score in scores.items()},
        "category_scores": scores,
        "category_applied_input_types": kinds,
    }


def _rerank(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    require_json(request)
    asked = decode_strictly(request.body, _RERANK)
    texts = [document if isinstance(document, str) else document.text for document in asked.documents]
    tokens = count_tokens(asked.query) * len(texts) + sum(count_tokens(text) for text in texts)
    note_model(call, asked.model, 0)
    call.prompt_tokens = tokens
    ranked = rank_documents(asked.query, texts, workshop.settings.seed)[: asked.top_n]
    results = [
        {
            "index": place,
            "relevance_score": score,
            **({"document": {"text": texts[place]}} if asked.return_documents else {}),
        }
        for place, score in ranked
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    document = {"id": f"rerank-{uuid4().hex}", "model": asked.model, "results": results, "usage": usage}
    return serve_document(document, call, workshop)


def _make_surface(name: str, answer: Callable[[Request, Call, Workshop], tuple[Script, Pace]]) -> Surface:
    return Surface(
        name=f"openai_{name}",
        method="POST",
        path=re.compile(f"/v1/{name}"),
        answer=answer,
        refuse=Refusal.encode,
        check_key=show_bearer,
        break_stream=break_openai_stream,
        family="openai",
    )


OPENAI_RETRIEVAL_SURFACES: tuple[Surface, ...] = (
    _make_surface("embeddings", _embed),
    _make_surface("moderations", _moderate),
    _make_surface("rerank", _rerank),
)
