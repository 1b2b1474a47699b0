"""Keys that travel in a header as they are."""

from collections.abc import Callable, Mapping

from pointsman.core.catalog.catalog import Auth


def _write_bearer(key: str) -> str:
    return f"authorization: Bearer {key}"


def _write_nothing(key: str) -> str:
    return ""


def _write_as(name: str) -> Callable[[str], str]:
    return lambda key: f"{name}: {key}"


KEY_HEADERS: Mapping[Auth, Callable[[str], str]] = {
    "bearer": _write_bearer,
    "x-api-key": _write_as("x-api-key"),
    "x-goog-api-key": _write_as("x-goog-api-key"),
    "api-key": _write_as("api-key"),
    "google_oauth": _write_bearer,  # the access token that `access_tokens.py` has for the key
    "aws_sigv4": _write_bearer,  # a Bedrock API key; a pair of keys signs instead
    "none": _write_nothing,
}
"""The line that shows a key."""
