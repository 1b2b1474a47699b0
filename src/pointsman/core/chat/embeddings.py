"""Texts and images to be turned into vectors, and the vectors, in no provider's format."""

from typing import Literal

import msgspec

from pointsman.core.chat.usage import Usage

Purpose = Literal[
    "query",
    "document",
    "similarity",
    "classification",
    "clustering",
    "question_answering",
    "fact_verification",
    "code_query",
    "image",
]
"""What the vectors are for; models that know make better ones."""

Truncation = Literal["none", "start", "end"]
"""Which end of a text that is too long is left out, or that it is refused."""


class EmbeddedImage(msgspec.Struct, frozen=True):
    """An image, in base64."""

    media_type: str
    data: str


EmbeddingInput = str | tuple[int, ...] | tuple[str | EmbeddedImage, ...]
"""What becomes one vector: a text, the ids of its tokens, or parts that belong together."""


class EmbeddingRequest(msgspec.Struct, frozen=True):
    """What is to be embedded, and how.

    Attributes:
        inputs: each becomes a vector, in this order.
        dimensions: how many numbers a vector has, or `None` for as many as the model gives.
        purpose: what the vectors are for, or `None` when nobody said.
        title: of the document that the text is from, or `""`.
        truncate: what happens to a text that is too long, or `None` when nobody said.
        user: who the end user is, or `""`.
        unsaid: members of the client's request that no other format has.
    """

    inputs: tuple[EmbeddingInput, ...]
    dimensions: int | None = None
    purpose: Purpose | None = None
    title: str = ""
    truncate: Truncation | None = None
    user: str = ""
    unsaid: tuple[str, ...] = ()


class EmbeddingAnswer(msgspec.Struct, frozen=True):
    """The vectors.

    Attributes:
        vectors: one for each input, in the same order.
        usage: as the provider reported it, or `None`.
        model: as the provider calls it, or `""`.
    """

    vectors: tuple[list[float], ...]
    usage: Usage | None = None
    model: str = ""


def list_texts_of(given: EmbeddingInput) -> list[str] | None:
    """The texts of one input, or `None` where it is, or holds, something else."""
    if isinstance(given, str):
        return [given]
    texts = [part for part in given if isinstance(part, str)]
    return texts if len(texts) == len(given) else None
