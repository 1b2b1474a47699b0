"""The list of models that a provider of Gemini's format gives, or that Vertex AI gives of its publisher."""

from urllib.parse import quote

import msgspec

from pointsman.core.dialects.gemini.paths import MODELS_PATH


def read_models(body: bytes) -> list[str]:
    """The ids in a list of models, without the folder they stand in; tuned models keep theirs.

    Raises:
        ValueError: when the body is no such list.
    """
    listed = _read_page(body)
    models = listed.get("models") or listed.get("publisherModels")
    if type(models) is not list:
        raise ValueError("the list of models holds no models")
    names = [model.get("name") for model in models if type(model) is dict]
    return [_cut_folder(name) for name in names if type(name) is str and name]


def find_next_models(body: bytes) -> str:
    """Where the next page is, `""` after the last one.

    Raises:
        ValueError: when the body is no such list.
    """
    token = _read_page(body).get("nextPageToken")
    return f"{MODELS_PATH}&pageToken={quote(token, safe='')}" if type(token) is str and token else ""


def _read_page(body: bytes) -> dict[str, object]:
    try:
        listed = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("the list of models is not JSON") from None
    if type(listed) is not dict:
        raise ValueError("the list of models is no object")
    return listed


def _cut_folder(name: str) -> str:
    _, folder, id = name.rpartition("models/")
    return id if folder and id else name
