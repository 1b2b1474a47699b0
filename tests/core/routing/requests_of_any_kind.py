"""Requests as `decode_request` lets them through: all that it checks is right, all else is anything."""

import json

from hypothesis import strategies as st

from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.openai_chat.decode_request import decode_request

_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
_NAMES = st.sampled_from(
    ["type", "text", "content", "role", "url", "detail", "data", "file", "function", "arguments", "name", "audio", "id"]
)
ANYTHING = st.recursive(
    _SCALARS | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS | _NAMES, inner, max_size=4),
    max_leaves=12,
)
_KINDS = ["refusal", "image_url", "input_audio", "audio_url", "video_url", "file"]
_PARTS = st.builds(lambda text: {"type": "text", "text": text}, _TEXTS) | st.builds(
    lambda kind, payload, more: {**more, "type": kind, kind: payload},
    st.sampled_from(_KINDS),
    ANYTHING.filter(lambda payload: payload is not None),
    st.dictionaries(_TEXTS, ANYTHING, max_size=2),
)
_MORE_OF_MESSAGES = st.dictionaries(
    st.sampled_from(["name", "tool_calls", "function_call", "refusal", "audio", "images", "tool_call_id"]) | _TEXTS,
    ANYTHING,
    max_size=3,
)
_MESSAGES = st.builds(
    lambda more, role, content: {**more, "role": role, "content": content},
    _MORE_OF_MESSAGES,
    st.sampled_from(["system", "developer", "user", "assistant", "tool"]),
    _TEXTS | st.lists(_PARTS, max_size=4),
)
_FIELDS = ["tools", "functions", "response_format", "prediction", "reasoning_effort", "metadata", "user", "seed", "x"]
REQUESTS = st.builds(
    lambda more, messages: {**more, "model": "agent:writer", "messages": messages},
    st.dictionaries(st.sampled_from(_FIELDS), ANYTHING, max_size=4),
    st.lists(_MESSAGES, min_size=1, max_size=5),
)


def ask(content: object, **more: object) -> ChatRequest:
    """A request with one question and other fields."""
    fields: dict[str, object] = {"model": "agent:writer", "messages": [{"role": "user", "content": content}], **more}
    return decode_request(json.dumps(fields).encode())
