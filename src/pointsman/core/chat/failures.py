"""How a call can fail, and one table that says what follows: status, code, whether another model is tried."""

from dataclasses import dataclass
from enum import Enum


class FailureKind(Enum):
    """Whose fault an attempt's failure was, as far as the gateway can tell."""

    INVALID_REQUEST = "invalid_request"
    CONTEXT_LENGTH = "context_length"
    REQUEST_TOO_LARGE = "request_too_large"
    UNPROCESSABLE = "unprocessable"
    CONFLICT = "conflict"
    AUTHENTICATION = "authentication"
    FORBIDDEN = "forbidden"
    MODEL_MISSING = "model_missing"
    QUOTA_EXHAUSTED = "quota_exhausted"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    BAD_RESPONSE = "bad_response"
    REDIRECT = "redirect"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    ADDRESS_FORBIDDEN = "address_forbidden"
    CREDENTIAL_MISSING = "credential_missing"
    CONNECT_TIMEOUT = "connect_timeout"
    FIRST_BYTE_TIMEOUT = "first_byte_timeout"
    STALLED = "stalled"
    DEADLINE = "deadline"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """What the gateway answers and does once an attempt failed in this way.

    Attributes:
        status: the HTTP status the client sees when nothing else worked.
        code: the stable error code the client sees.
        try_next: whether the next candidate may be tried (only before the first content byte).
        show_upstream: whether the upstream's own message is the client's business.
    """

    status: int
    code: str
    try_next: bool
    show_upstream: bool = False


POLICIES: dict[FailureKind, FailurePolicy] = {
    FailureKind.INVALID_REQUEST: FailurePolicy(400, "invalid_request", False, True),
    FailureKind.CONTEXT_LENGTH: FailurePolicy(400, "context_length_exceeded", False, True),
    FailureKind.REQUEST_TOO_LARGE: FailurePolicy(413, "request_too_large", False, True),
    FailureKind.UNPROCESSABLE: FailurePolicy(422, "unprocessable_request", False, True),
    FailureKind.CONFLICT: FailurePolicy(409, "conflict", False, True),
    FailureKind.AUTHENTICATION: FailurePolicy(502, "upstream_auth_failed", True),
    FailureKind.FORBIDDEN: FailurePolicy(502, "upstream_forbidden", True),
    FailureKind.MODEL_MISSING: FailurePolicy(502, "upstream_model_missing", True),
    FailureKind.QUOTA_EXHAUSTED: FailurePolicy(503, "upstream_quota_exhausted", True),
    FailureKind.RATE_LIMITED: FailurePolicy(429, "upstream_rate_limited", True),
    FailureKind.OVERLOADED: FailurePolicy(503, "upstream_overloaded", True),
    FailureKind.SERVER_ERROR: FailurePolicy(502, "upstream_error", True),
    FailureKind.BAD_RESPONSE: FailurePolicy(502, "upstream_bad_response", True),
    FailureKind.REDIRECT: FailurePolicy(502, "upstream_redirect", True),
    FailureKind.UNREACHABLE: FailurePolicy(502, "upstream_unreachable", True),
    FailureKind.TLS: FailurePolicy(502, "upstream_tls_error", True),
    FailureKind.ADDRESS_FORBIDDEN: FailurePolicy(502, "upstream_address_forbidden", True),
    FailureKind.CREDENTIAL_MISSING: FailurePolicy(503, "upstream_credential_missing", True),
    FailureKind.CONNECT_TIMEOUT: FailurePolicy(504, "upstream_connect_timeout", True),
    FailureKind.FIRST_BYTE_TIMEOUT: FailurePolicy(504, "upstream_timeout", True),
    FailureKind.STALLED: FailurePolicy(504, "upstream_stream_stalled", True),
    FailureKind.DEADLINE: FailurePolicy(504, "upstream_timeout", False),
    FailureKind.INTERRUPTED: FailurePolicy(502, "upstream_stream_interrupted", True),
}


@dataclass(frozen=True, slots=True)
class ShownError:
    """What a provider said of the client's own mistake, free of anything that looks like a key."""

    message: str
    code: str | None = None
    param: str | None = None


class UpstreamFailure(Exception):
    """One attempt failed before or while its answer arrived.

    Attributes:
        kind: what happened; `POLICIES[kind]` says what follows.
        detail: one line for logs and operators; never holds a key, a header value or a body.
        sent: whether a byte of the request may have reached the provider (it may then be billed).
        shown: the provider's own words, where they are the client's business.
        retry_after_s: how long the provider asked to wait, within [0, 300], or `None`.
    """

    def __init__(
        self,
        kind: FailureKind,
        detail: str,
        *,
        sent: bool,
        shown: ShownError | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{kind.value}: {detail}")
        self.kind = kind
        self.detail = detail
        self.sent = sent
        self.shown = shown
        self.retry_after_s = retry_after_s
