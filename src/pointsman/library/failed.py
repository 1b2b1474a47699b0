"""Turns an answer that is none into the error that a program catches."""

import msgspec

from pointsman.library.engine import AnyEngine
from pointsman.library.errors import MissingCredential, PointsmanError, ProviderFailed, RequestRefused
from pointsman.library.exchange import Fields, find_header

OF_PROVIDERS = "upstream_"
"""How the codes begin of what providers did."""

OWN_FAULTS = frozenset({"internal_error", "shutting_down"})


def build_error(engine: AnyEngine, status: int, headers: Fields, body: bytes) -> PointsmanError:
    """The error for an answer with a status other than 200.

    Args:
        engine: that answered.
        status: as over HTTP.
        headers: of the answer.
        body: in OpenAI's form of errors.
    """
    told = _read_error(body)
    code, param = _text(told.get("code")), told.get("param")
    message = _text(told.get("message")) or f"the answer has status {status}"
    request_id = find_header(headers, "x-request-id")
    model = find_header(headers, "x-pointsman-model")
    if code == "upstream_credential_missing":
        missing = engine.find_missing_key(model)
        provider, variables = (missing.provider, missing.variables) if missing else ("", ())
        return MissingCredential(message, provider=provider, variables=variables, request_id=request_id)
    of_provider = code.startswith(OF_PROVIDERS) or (status >= 500 and find_header(headers, "x-pointsman-attempts"))
    kind = ProviderFailed if of_provider else PointsmanError if code in OWN_FAULTS else RequestRefused
    shown = param if isinstance(param, str) else None
    return kind(message, status=status, code=code, request_id=request_id, param=shown)


def _read_error(body: bytes) -> dict[str, object]:
    """The error object of a body; nothing where it is another server's page."""
    try:
        error = msgspec.json.decode(body, type=dict[str, object]).get("error")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return error if isinstance(error, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
