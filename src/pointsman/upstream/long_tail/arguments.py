"""A chat request as LiteLLM's arguments: only what OpenAI's format knows, since orders to LiteLLM come the same way.

Were all members of a body handed on, whoever writes `api_base` into a request would decide where the key goes; and
media that are named by an address would be fetched by the gateway itself.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from pointsman.core.chat.failures import FailureKind, ShownError, UpstreamFailure

Json = dict[str, object]

TAKEN: Final = frozenset(
    (
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
    )
)
"""Members that mean to LiteLLM what they mean to OpenAI."""

_TEXTS = frozenset(("text", "refusal"))
_MEDIA: dict[str, tuple[str, str]] = {
    "image_url": ("url", "data:"),
    "file": ("file_data", "data:"),
    "input_audio": ("data", ""),  # LiteLLM fetches no sounds
}
"""Kinds of parts that hold media themselves: the member with the data, and how that begins."""


def read_arguments(body: bytes) -> Json:
    """The members of a request in OpenAI's chat format, apart from the model.

    Raises:
        UpstreamFailure: UNTRANSLATABLE for what LiteLLM cannot be asked for.
    """
    request = msgspec.json.decode(body, type=Json)
    request.pop("model", None)
    unknown = sorted(request.keys() - TAKEN)
    if unknown:
        raise refuse(f"it does not take `{unknown[0][:64]}`; leave that out, or drop it with a quirk of the provider")
    for message in _list_of_objects(request.get("messages")):
        for part in _list_of_objects(message.get("content")):
            _check_part(part)
    for tool in _list_of_objects(request.get("tools")):
        if tool.get("type") != "function":
            raise refuse("it takes no other tools than functions; leave the others out")
    return {name: value for name, value in request.items() if value is not None}


def refuse(reason: str) -> UpstreamFailure:
    """That a request cannot be said to LiteLLM."""
    message = f"The provider is reached through LiteLLM, and {reason}."
    return UpstreamFailure(FailureKind.UNTRANSLATABLE, reason, sent=False, shown=ShownError(message))


def _list_of_objects(value: object) -> list[Json]:
    return [item for item in value if type(item) is dict] if type(value) is list else []


def _check_part(part: Mapping[str, object]) -> None:
    kind = part.get("type")
    if type(kind) is not str:
        raise refuse("a part of a message must name its `type`")
    if kind in _TEXTS:
        return
    member, start = _MEDIA.get(kind, ("", ""))
    media = part.get(kind)
    data = media.get(member) if type(media) is dict else None
    if type(media) is not dict or type(data) is not str or not data.startswith(start) or "file_id" in media:
        raise refuse("it takes images, files and sounds only as data in the request, not by an address or an id")
