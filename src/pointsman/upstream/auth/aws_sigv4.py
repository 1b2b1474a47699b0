"""AWS Signature Version 4: each request is signed with the keys, its time and its body; the secret key is never sent.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

SERVICE = "bedrock"
"""What requests to Bedrock are signed for, whatever their host is called."""

USUAL_REGION = "us-east-1"
"""For a host that names none, such as a stand-in's on this machine."""

_ACCESS_KEY_ID = re.compile(r"A[A-Z0-9]{15,127}")
_REGION = re.compile(r"(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-[0-9]{1,2})\.")
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """A pair of keys, and the token that belongs to temporary ones."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Signable:
    """What is signed of a request.

    Attributes:
        method: such as `POST`.
        path: as it is sent, query included.
        headers: those that are signed, with names in lower case; `host` must be among them.
        body: what follows the head.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def parse_keys(secret: str) -> AwsKeys | None:
    """`ACCESS_KEY_ID:SECRET_ACCESS_KEY`, or these with `:SESSION_TOKEN`; `None` for anything else: an API key."""
    access_key_id, colon, rest = secret.partition(":")
    secret_access_key, _, session_token = rest.partition(":")
    if not colon or not secret_access_key or not _ACCESS_KEY_ID.fullmatch(access_key_id):
        return None
    return AwsKeys(access_key_id, secret_access_key, session_token)


def find_region(host: str) -> str:
    """The region that a host of Bedrock names, such as `bedrock-runtime.eu-central-1.amazonaws.com`."""
    match = _REGION.search(host)
    return match[1] if match else USUAL_REGION


def sign(keys: AwsKeys, request: Signable, region: str, at_s: float, service: str = SERVICE) -> list[tuple[str, str]]:
    """The headers to send beside those that were signed.

    Args:
        keys: whose request it is.
        request: what is signed.
        region: such as `us-east-1`.
        at_s: when, in seconds since the Unix epoch; AWS takes five minutes of difference.
        service: what for.
    """
    stamp = datetime.fromtimestamp(at_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    added = [("x-amz-date", stamp)]
    if keys.session_token:
        added.append(("x-amz-security-token", keys.session_token))
    signed = dict(sorted({**request.headers, **dict(added)}.items()))
    names = ";".join(signed)
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(_write_canonical(request, signed, names).encode()).hexdigest()
    text = "\n".join((_ALGORITHM, stamp, scope, digest))
    key = b"AWS4" + keys.secret_access_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{keys.access_key_id}/{scope}"
    value = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return [*added, ("authorization", value)]


def _write_canonical(request: Signable, signed: Mapping[str, str], names: str) -> str:
    path, _, query = request.path.partition("?")
    pairs = sorted((_encode(name), _encode(value)) for name, value in parse_qsl(query, keep_blank_values=True))
    lines = [f"{name}:{' '.join(value.split())}" for name, value in signed.items()]
    # All services but S3 want the path encoded once more than it is sent.
    return "\n".join(
        (
            request.method,
            quote(path or "/", safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *lines,
            "",
            names,
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
