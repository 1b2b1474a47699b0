"""Requests of every client format with what is special about their length, and models to bound them on."""

import base64
import json
from collections.abc import Callable

from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.snapshot import Deployment, Model
from pointsman.core.dialects.anthropic_messages.decode_request import decode_request as decode_anthropic
from pointsman.core.dialects.cohere.decode_request import decode_request as decode_cohere
from pointsman.core.dialects.openai_chat.decode_request import decode_request as decode_chat
from pointsman.core.dialects.openai_responses.decode_request import decode_request as decode_responses
from pointsman.core.pricing.prices import PriceTable

DOLLAR = 1_000_000_000
PRICES = PriceTable(2 * DOLLAR, 10 * DOLLAR, DOLLAR, "test")
WINDOW = 128_000
PIXELS = base64.b64encode(bytes(range(256)) * 2_000).decode()
"""Base64 that is far longer than any image has tokens."""

DECODERS: dict[str, Callable[[bytes], ChatRequest]] = {
    "openai_chat": decode_chat,
    "openai_responses": decode_responses,
    "anthropic_messages": decode_anthropic,
    "cohere": decode_cohere,
}


def model_of(
    dialect: str = "openai_chat",
    prices: PriceTable | None = PRICES,
    max_output_tokens: int | None = 16_384,
    context_window: int | None = WINDOW,
) -> Model:
    """A model behind a format."""
    deployment = Deployment("house/m", "house", "m", "m", dialect, "https://api.example/v1", "cloud")
    return Model("m", deployment, prices, context_window, max_output_tokens)


def decode(dialect: str, **fields: object) -> ChatRequest:
    """A request of a format, all of whose own rules it keeps."""
    said = {"model": "m", **({"max_tokens": 1_000} if dialect == "anthropic_messages" else {}), **fields}
    return DECODERS[dialect](json.dumps(said).encode())


def ask(content: object, **fields: object) -> ChatRequest:
    """A chat in OpenAI's format with one message."""
    return decode("openai_chat", messages=[{"role": "user", "content": content}], **fields)
