"""Gemini's `embedContent` and `batchEmbedContents`: requests read strictly, and their answers."""

from typing import Annotated, Literal

from msgspec import Meta

from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.gemini_contents import JsonObject, Part, Strict
from pointsman.simulator.gemini_names import decode_google
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.serve_document import note_model, serve_document
from pointsman.simulator.steps import Script
from pointsman.simulator.surface import Workshop
from pointsman.simulator.tokens import count_tokens
from pointsman.simulator.vectors import MOST_DIMENSIONS, embed_text

MOST_IN_A_BATCH = 100

TaskType = Literal[
    "TASK_TYPE_UNSPECIFIED", "RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY", "CLASSIFICATION",
    "CLUSTERING", "QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY",
]  # fmt: skip


class EmbeddedContent(Strict):
    """What to embed; its role means nothing."""

    parts: Annotated[list[Part], Meta(min_length=1)]
    role: str | None = None


class EmbedConfig(Strict):
    """The settings as Vertex takes them, in an object of their own."""

    task_type: TaskType | None = None
    title: str | None = None
    output_dimensionality: Annotated[int, Meta(ge=1, le=MOST_DIMENSIONS)] | None = None
    auto_truncate: bool | None = None
    document_ocr: bool | None = None
    audio_track_extraction: bool | None = None


class EmbedRequest(Strict):
    """The body of `embedContent`, and one element of a batch."""

    content: EmbeddedContent
    model: str | None = None
    task_type: TaskType | None = None
    title: str | None = None
    output_dimensionality: Annotated[int, Meta(ge=1, le=MOST_DIMENSIONS)] | None = None
    embed_content_config: EmbedConfig | None = None

    @property
    def text(self) -> str:
        """All that is to be embedded."""
        return "\n".join(part.said for part in self.content.parts)

    @property
    def dimensions(self) -> int:
        """How many numbers are asked for."""
        inner = self.embed_content_config.output_dimensionality if self.embed_content_config is not None else None
        return self.output_dimensionality or inner or MOST_DIMENSIONS


class BatchRequest(Strict):
    """The body of `batchEmbedContents`."""

    requests: Annotated[list[EmbedRequest], Meta(min_length=1, max_length=MOST_IN_A_BATCH)]


def answer_embed(body: bytes, model: str, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    """Embed one content."""
    request = decode_google(body, EmbedRequest)
    _check(request, model, "")
    tokens = count_tokens(request.text)
    note_model(call, model, tokens)
    return serve_document({"embedding": _embed(request, workshop), **_show_usage(tokens)}, call, workshop)


def answer_batch(body: bytes, model: str, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    """Embed several contents."""
    batch = decode_google(body, BatchRequest)
    for place, request in enumerate(batch.requests):
        if request.model is None:
            param = f"requests[{place}].model"
            raise Refusal(400, f"* {param}: model is not specified", code="missing_required_parameter", param=param)
        _check(request, model, f"requests[{place}].")
    tokens = sum(count_tokens(request.text) for request in batch.requests)
    note_model(call, model, tokens)
    embeddings = [_embed(request, workshop) for request in batch.requests]
    return serve_document({"embeddings": embeddings, **_show_usage(tokens)}, call, workshop)


def _check(request: EmbedRequest, model: str, path: str) -> None:
    if request.model not in (None, model, f"models/{model}"):
        raise Refusal(400, f"The model must be that of the path, 'models/{model}'.", param=f"{path}model")
    for place, part in enumerate(request.content.parts):
        if part.kinds != 1 or part.function_call is not None or part.function_response is not None:
            param = f"{path}content.parts[{place}]"
            raise Refusal(400, "A part to embed must have exactly one text or file.", param=param)


def _embed(request: EmbedRequest, workshop: Workshop) -> JsonObject:
    return {"values": embed_text(request.text, request.dimensions, workshop.settings.seed).tolist()}


def _show_usage(tokens: int) -> JsonObject:
    details = [{"modality": "TEXT", "tokenCount": tokens}]
    return {"usageMetadata": {"promptTokenCount": tokens, "promptTokensDetails": details}}
