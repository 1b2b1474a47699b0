"""Where a provider of Gemini's format is asked; the model and whether to stream stand in the path."""

from urllib.parse import quote

MODELS_PATH = "/models?pageSize=1000"
_SAFE = "/@"


def find_path(model: str, stream: bool) -> str:
    """What follows the base URL. An id that is a path already, such as `tunedModels/mine`, is used as one."""
    asked = ":streamGenerateContent?alt=sse" if stream else ":generateContent"
    folder = "" if "/" in model else "models/"
    return f"/{folder}{quote(model, safe=_SAFE)}{asked}"
