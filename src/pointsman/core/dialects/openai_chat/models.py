"""Reads a provider's list of models."""

import msgspec

_MOST_CHARACTERS = 256


class _Model(msgspec.Struct):
    id: str | None = None


class _List(msgspec.Struct):
    data: list[_Model]


_decode = msgspec.json.Decoder(_List | list[_Model]).decode


def read_models(body: bytes) -> list[str]:
    """The ids in the answer to `GET /models`, each once; some servers send the list alone.

    Raises:
        ValueError: when the body is no such list.
    """
    try:
        answer = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("the answer is not a list of models") from None
    models = answer.data if isinstance(answer, _List) else answer
    return list(dict.fromkeys(model.id for model in models if model.id and len(model.id) <= _MOST_CHARACTERS))
