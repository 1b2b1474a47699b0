"""The list of models of OpenAI's formats -> their ids."""

import msgspec


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


_decode = msgspec.json.Decoder(_Models).decode


def read_models(body: bytes) -> list[str]:
    """The ids in the list.

    Raises:
        ValueError: when the body is no such list.
    """
    try:
        return [model.id for model in _decode(body).data]
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"the body is no list of models: {error}") from None
