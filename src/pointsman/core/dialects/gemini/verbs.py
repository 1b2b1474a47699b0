"""Where a provider of Gemini's format is asked for something beside chats; what is asked for stands in the path."""

from pointsman.core.dialects.gemini.paths import find_path

_CHAT = ":generateContent"


def name_verb(model: str, verb: str) -> str:
    """What follows the base URL."""
    return f"{find_path(model, False).removesuffix(_CHAT)}:{verb}"


def name_model(model: str) -> str:
    """A model as bodies name it."""
    return model if "/" in model else f"models/{model}"
