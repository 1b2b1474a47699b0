"""Reads Anthropic's list of models, page by page."""

from urllib.parse import quote

import msgspec

MODELS_PATH = "/models?limit=1000"
"""The largest page that there is."""


def read_models(body: bytes) -> list[str]:
    """The ids in the body of `GET /models`, in its order.

    Raises:
        ValueError: when it is no such list.
    """
    models = _read_page(body).get("data")
    if type(models) is not list:
        raise ValueError("the list of models has no data")
    return [model["id"] for model in models if type(model) is dict and type(model.get("id")) is str]


def find_next_models(body: bytes) -> str:
    """Where the next page is, `""` after the last one.

    Raises:
        ValueError: when the body is no such list.
    """
    page = _read_page(body)
    last = page.get("last_id")
    if page.get("has_more") is not True or type(last) is not str or not last:
        return ""
    return f"{MODELS_PATH}&after_id={quote(last, safe='')}"


def _read_page(body: bytes) -> dict[str, object]:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("the list of models is not JSON") from None
    if type(answer) is not dict:
        raise ValueError("the list of models is no object")
    return answer
