"""What a call needs to know of OpenAI's chat format: who it is answered for, and what reads its body."""

from collections.abc import Callable

from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import ClientSide
from pointsman.core.dialects.openai_chat.dialect import OPENAI_CHAT


def _open() -> tuple[ClientSide, Callable[[bytes], ChatRequest]]:
    client = OPENAI_CHAT.client
    assert client is not None
    return client, client.decode_request


DOOR = _open()
