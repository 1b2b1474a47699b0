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
    UNTRANSLATABLE = "untranslatable"
    NOT_INSTALLED = "not_installed"


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """What the gateway answers and does once an attempt failed in this way.

    Attributes:
        status: the HTTP status the client sees when nothing else worked.
        code: the stable error code the client sees.
        words: what happened, as the client is told: nothing of hosts, addresses or variables.
        try_next: whether the next candidate may be tried (only before the first content byte).
        try_again: whether the same target may be tried again where there is no other candidate; a time-out spent
            the time already, and what is refused for good stays refused.
        show_upstream: whether the upstream's own message is the client's business, in place of ours.
        quote_upstream: whether it is told beside ours; not where it may speak of the operator's account.
        maybe_billed: whether the provider may have worked, and bill, although no usage came.
    """

    status: int
    code: str
    words: str
    try_next: bool
    try_again: bool = False
    show_upstream: bool = False
    quote_upstream: bool = False
    maybe_billed: bool = False


POLICIES: dict[FailureKind, FailurePolicy] = {
    FailureKind.INVALID_REQUEST: FailurePolicy(
        400, "invalid_request", "the provider takes the request for wrong", try_next=False, show_upstream=True
    ),
    FailureKind.CONTEXT_LENGTH: FailurePolicy(
        400,
        "context_length_exceeded",
        "the messages are longer than the model's context window",
        try_next=False,
        show_upstream=True,
    ),
    FailureKind.REQUEST_TOO_LARGE: FailurePolicy(
        413, "request_too_large", "the request is too large for the provider", try_next=False, show_upstream=True
    ),
    FailureKind.UNPROCESSABLE: FailurePolicy(
        422, "unprocessable_request", "the provider cannot process the request", try_next=False, show_upstream=True
    ),
    FailureKind.CONFLICT: FailurePolicy(
        409, "conflict", "the provider reports a conflict", try_next=True, try_again=True, show_upstream=True
    ),
    FailureKind.AUTHENTICATION: FailurePolicy(
        502, "upstream_auth_failed", "the provider refused the gateway's key", try_next=True
    ),
    FailureKind.FORBIDDEN: FailurePolicy(
        502, "upstream_forbidden", "the provider does not let the gateway use it", try_next=True
    ),
    FailureKind.MODEL_MISSING: FailurePolicy(
        502, "upstream_model_missing", "the provider does not have it", try_next=True
    ),
    FailureKind.QUOTA_EXHAUSTED: FailurePolicy(
        503, "upstream_quota_exhausted", "the gateway's quota at the provider is used up", try_next=True
    ),
    FailureKind.RATE_LIMITED: FailurePolicy(
        429,
        "upstream_rate_limited",
        "the provider asks for fewer requests",
        try_next=True,
        try_again=True,
        quote_upstream=True,
    ),
    FailureKind.OVERLOADED: FailurePolicy(
        503,
        "upstream_overloaded",
        "the provider is overloaded",
        try_next=True,
        try_again=True,
        quote_upstream=True,
    ),
    FailureKind.SERVER_ERROR: FailurePolicy(
        502, "upstream_error", "the provider failed", try_next=True, try_again=True, quote_upstream=True
    ),
    FailureKind.BAD_RESPONSE: FailurePolicy(
        502,
        "upstream_bad_response",
        "the provider's answer cannot be read",
        try_next=True,
        try_again=True,
        maybe_billed=True,
    ),
    FailureKind.REDIRECT: FailurePolicy(
        502, "upstream_redirect", "the provider sent the gateway elsewhere, which it never follows", try_next=True
    ),
    FailureKind.UNREACHABLE: FailurePolicy(
        502, "upstream_unreachable", "the provider cannot be reached", try_next=True, try_again=True
    ),
    FailureKind.TLS: FailurePolicy(
        502, "upstream_tls_error", "no safe connection to the provider can be made", try_next=True
    ),
    FailureKind.ADDRESS_FORBIDDEN: FailurePolicy(
        502, "upstream_address_forbidden", "the provider's address is one the gateway must not call", try_next=True
    ),
    FailureKind.CREDENTIAL_MISSING: FailurePolicy(
        503, "upstream_credential_missing", "the gateway has no key for the provider", try_next=True
    ),
    FailureKind.CONNECT_TIMEOUT: FailurePolicy(
        504, "upstream_connect_timeout", "the provider took too long to connect", try_next=True
    ),
    FailureKind.FIRST_BYTE_TIMEOUT: FailurePolicy(
        504, "upstream_timeout", "the provider took too long to answer", try_next=True, maybe_billed=True
    ),
    FailureKind.STALLED: FailurePolicy(
        504, "upstream_stream_stalled", "the provider fell silent", try_next=True, maybe_billed=True
    ),
    FailureKind.DEADLINE: FailurePolicy(
        504, "upstream_timeout", "the time for the whole call was over", try_next=False, maybe_billed=True
    ),
    FailureKind.INTERRUPTED: FailurePolicy(
        502,
        "upstream_stream_interrupted",
        "the provider ended the connection too early",
        try_next=True,
        try_again=True,
        maybe_billed=True,
    ),
    FailureKind.UNTRANSLATABLE: FailurePolicy(
        400,
        "loss_refused",
        "its provider cannot be told all of the request",
        try_next=True,
        show_upstream=True,
    ),
    FailureKind.NOT_INSTALLED: FailurePolicy(
        503,
        "upstream_not_installed",
        "the gateway needs the library LiteLLM for it: its operator runs pip install 'pointsman[litellm]'",
        try_next=True,
    ),
}


@dataclass(frozen=True, slots=True)
class ShownError:
    """What a provider said, free of anything that looks like a key, a host or an account."""

    message: str
    code: str | None = None
    param: str | None = None


class UpstreamFailure(Exception):
    """One attempt failed before or while its answer arrived.

    Attributes:
        kind: what happened; `POLICIES[kind]` says what follows.
        detail: one line for logs and operators; never holds a key, a header value or a body.
        sent: whether a byte of the request may have reached the provider (it may then be billed).
        shown: the provider's own words, where they are the client's business; `POLICIES` says in which way.
        retry_after_s: how long the provider asked to wait, within [0, 300], or `None`.
        status: the provider's HTTP status, where it answered with an error, or `None`.
    """

    def __init__(
        self,
        kind: FailureKind,
        detail: str,
        *,
        sent: bool,
        shown: ShownError | None = None,
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{kind.value}: {detail}")
        self.kind = kind
        self.detail = detail
        self.sent = sent
        self.shown = shown
        self.retry_after_s = retry_after_s
        self.status = status
