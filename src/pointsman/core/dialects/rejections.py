"""What a refusal means: one table over statuses and codes for all formats; no key or host in what is shown."""

import re

from pointsman.core.chat.failures import FailureKind, ShownError

MOST_MESSAGE_CHARACTERS = 2_000
_BY_STATUS = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.QUOTA_EXHAUSTED,
    403: FailureKind.FORBIDDEN,
    404: FailureKind.MODEL_MISSING,
    408: FailureKind.FIRST_BYTE_TIMEOUT,
    409: FailureKind.CONFLICT,
    413: FailureKind.REQUEST_TOO_LARGE,
    415: FailureKind.UNPROCESSABLE,
    422: FailureKind.UNPROCESSABLE,
    429: FailureKind.RATE_LIMITED,
    503: FailureKind.OVERLOADED,
    504: FailureKind.FIRST_BYTE_TIMEOUT,
    529: FailureKind.OVERLOADED,
}
_BY_CODE = {
    "context_length_exceeded": FailureKind.CONTEXT_LENGTH,
    "insufficient_quota": FailureKind.QUOTA_EXHAUSTED,
    "credit_balance_exhausted": FailureKind.QUOTA_EXHAUSTED,
    "enforced_spend_limit_reached": FailureKind.QUOTA_EXHAUSTED,
    "rate_limit_exceeded": FailureKind.RATE_LIMITED,
    "rate_limit_error": FailureKind.RATE_LIMITED,
    "slow_down": FailureKind.RATE_LIMITED,
    "server_is_overloaded": FailureKind.OVERLOADED,
    "overloaded_error": FailureKind.OVERLOADED,
    "invalid_api_key": FailureKind.AUTHENTICATION,
    "model_not_found": FailureKind.MODEL_MISSING,
    "invalid_request_error": FailureKind.INVALID_REQUEST,
}
_KINDS_BEYOND_STATUS = {
    400: frozenset({FailureKind.CONTEXT_LENGTH, FailureKind.QUOTA_EXHAUSTED, FailureKind.MODEL_MISSING}),
    403: frozenset({FailureKind.QUOTA_EXHAUSTED}),
    429: frozenset({FailureKind.QUOTA_EXHAUSTED}),
}
_MOST_READ_CHARACTERS = 64 * 1024
_NOT_SHOWN = re.compile(
    "|".join(
        (
            r"\b(?:sk-|pk-|rk-|pm_|hf_|gsk_|xai-|AIza|AKIA)[-_*A-Za-z0-9]{12,}",
            r"Bearer\s+\S+",
            r"\b(?:secret|password|token|api[-_]?key)=\S+",
            r"\borg-[A-Za-z0-9]{8,}|\bproj_[A-Za-z0-9]{4,}",
            r"\bprojects/[-\w]+|\bproject(?:[_ ]?(?:number|id))?[ :=#]{1,3}[\"']?\d{6,}",
            r"\barn:[-a-z0-9]{1,20}:\S+",
            r"\b(?:https?|wss?|grpcs?|tcp|unix)://[^\s\"'<>]+",
            r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b",
            r"\[(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15}\](?::\d{1,5})?",
            r"\b(?:[-A-Za-z0-9]{1,63}\.){1,8}[A-Za-z][-A-Za-z0-9]{0,62}:\d{2,5}\b",
        )
    )
)
"""Keys and the like, and what tells of the operator's accounts and network; each alternative is read in linear time."""


def judge_status(status: int, *codes: object) -> FailureKind:
    """What an error status means, together with the codes or types that the provider names, the most telling first."""
    by_code = judge_codes(*codes)
    if by_code is not None and by_code in _KINDS_BEYOND_STATUS.get(status, ()):
        return by_code
    if 300 <= status < 400:
        return FailureKind.REDIRECT
    return _BY_STATUS.get(status, FailureKind.INVALID_REQUEST if 400 <= status < 500 else FailureKind.SERVER_ERROR)


def judge_codes(*codes: object) -> FailureKind | None:
    """What codes or types mean that came without a status, such as within a stream; `None` when nobody knows them."""
    for code in codes:
        if type(code) is str and code in _BY_CODE:
            return _BY_CODE[code]
    return None


def show_error(message: object, code: object = None, param: object = None) -> ShownError | None:
    """What a provider said, fit to be shown; `None` when it said nothing."""
    if type(message) is not str or not message:
        return None
    return ShownError(
        _mask(message, MOST_MESSAGE_CHARACTERS),
        _mask(code, 128) if type(code) is str else None,
        _mask(param, 256) if type(param) is str else None,
    )


def _mask(text: str, most: int) -> str:
    """Mask first, then cut: half of a key does not look like one."""
    return _NOT_SHOWN.sub("***", text[:_MOST_READ_CHARACTERS])[:most]
