"""`PointsmanEmbeddings()`: LangChain embeddings whose every call runs through the relay."""

import time
from collections.abc import Sequence
from typing import Any

from langchain_core.embeddings import Embeddings
from pydantic import BaseModel, ConfigDict, Field

from pointsman.library.engine import AnyEngine, get_engine
from pointsman.library.exchange import Exchange
from pointsman.library.failed import build_error
from pointsman.library.options import Ready, build_embedding
from pointsman.library.remote_calls import count_remote_reply
from pointsman.library.replies import Told, read_embedding_reply

USUAL = "interaction:embeddings"
"""What is asked for where nobody says."""

MOST_TEXTS = 96
"""Texts of one request, unless said otherwise; no provider takes fewer at a time than Cohere."""


class PointsmanEmbeddings(BaseModel, Embeddings):
    """Embeddings through the relay in this process, or through the gateway at `POINTSMAN_URL`.

    Attributes:
        model: a model's name, `agent:NAME`, or `interaction:NAME`.
        dimensions: of each vector, where the model leaves a choice.
        user: on whose behalf.
        privacy: how private the texts are at least.
        tags: of usage.
        chunk_size: texts that are sent in one request.
        timeout_s: how long one request may take.
        engine: that answers; by default the one of this process.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: str = USUAL
    dimensions: int | None = None
    user: str | None = None
    privacy: str | None = None
    tags: list[str] = Field(default_factory=list)
    chunk_size: int = Field(default=MOST_TEXTS, ge=1, le=2_048)
    timeout_s: float | None = None
    engine: Any = Field(default=None, exclude=True, repr=False)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of texts, in their order."""
        vectors: list[list[float]] = []
        for ready in self._build(texts):
            engine, began_s = self._find_engine(), time.monotonic()
            answer = engine.post(ready.path, ready.body, ready.headers, timeout_s=ready.timeout_s)
            vectors += _read(engine, ready, answer, began_s)
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return self.embed_documents([text])[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """The same with `await`; cancelling it ends the call upstream."""
        vectors: list[list[float]] = []
        for ready in self._build(texts):
            engine, began_s = self._find_engine(), time.monotonic()
            answer = await engine.post_async(ready.path, ready.body, ready.headers, timeout_s=ready.timeout_s)
            vectors += _read(engine, ready, answer, began_s)
        return vectors

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of one text, with `await`."""
        return (await self.aembed_documents([text]))[0]

    def _build(self, texts: Sequence[str]) -> list[Ready]:
        said: dict[str, object] = {"user": self.user, "privacy": self.privacy, "tags": self.tags}
        if self.dimensions is not None:
            said["dimensions"] = self.dimensions
        if self.timeout_s is not None:
            said["timeout_s"] = self.timeout_s
        parts = [texts[start : start + self.chunk_size] for start in range(0, len(texts), self.chunk_size)]
        return [build_embedding(part, self.model, said) for part in parts]

    def _find_engine(self) -> AnyEngine:
        engine: AnyEngine = self.engine if self.engine is not None else get_engine()
        return engine


def _read(engine: AnyEngine, ready: Ready, answer: Exchange, began_s: float) -> list[list[float]]:
    if answer.status != 200:
        raise build_error(engine, answer.status, answer.headers, answer.body)
    told = Told(answer.headers, answer.outcome, (time.monotonic() - began_s) * 1_000)
    reply = read_embedding_reply(answer.body, told)
    count_remote_reply(engine, ready.agent, answer.headers, reply)
    return list(reply.vectors)
