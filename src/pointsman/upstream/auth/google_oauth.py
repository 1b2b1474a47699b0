"""Google's service accounts: a signed assertion is traded for an access token at the account's own token endpoint.

https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
"""

import base64
from dataclasses import dataclass, field
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ASSERTION_S = 3_600
"""How long an assertion holds, and with it the token: the longest that Google gives."""

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class UnusableAccount(ValueError):
    """The text is no service account that can be used; the message never holds any of it."""


class _File(msgspec.Struct):
    client_email: str
    private_key: str
    private_key_id: str = ""
    token_uri: str = "https://oauth2.googleapis.com/token"


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: int = ASSERTION_S


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Who asks for tokens, and where."""

    email: str
    key_id: str
    token_url: str
    key: RSAPrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What requests show, and for how long it holds."""

    value: str = field(repr=False)
    lasts_s: int


def is_account(secret: str) -> bool:
    """Whether a secret is a service account's JSON; anything else is taken for an access token."""
    return secret.startswith("{")


def parse_account(secret: str) -> ServiceAccount:
    """Read the JSON file of a service account.

    Raises:
        UnusableAccount: when it is none, or its key is not one of RSA.
    """
    try:
        file = msgspec.json.decode(secret, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UnusableAccount("is not the JSON of a service account: client_email and private_key are wanted") from None
    try:
        key = load_pem_private_key(file.private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableAccount("has a private_key that cannot be read; make a new key for the account") from None
    if not isinstance(key, RSAPrivateKey):
        raise UnusableAccount("has a private_key that is not one of RSA")
    return ServiceAccount(file.client_email, file.private_key_id, file.token_uri, key)


def write_question(account: ServiceAccount, at_s: float) -> bytes:
    """The body of a request for a token; form-encoded.

    Args:
        account: who asks.
        at_s: when, in seconds since the Unix epoch.
    """
    header = {"alg": "RS256", "typ": "JWT", "kid": account.key_id}
    issued_s = int(at_s)
    claims = {
        "iss": account.email,
        "scope": SCOPE,
        "aud": account.token_url,
        "iat": issued_s,
        "exp": issued_s + ASSERTION_S,
    }
    text = b".".join(_to_base64(msgspec.json.encode(part)) for part in (header, claims))
    signature = account.key.sign(text, PKCS1v15(), SHA256())
    assertion = b"%b.%b" % (text, _to_base64(signature))
    return urlencode({"grant_type": _GRANT, "assertion": assertion.decode()}).encode()


def read_answer(body: bytes) -> AccessToken:
    """What a token endpoint answers.

    Raises:
        ValueError: when there is no token in it that could travel in a header.
    """
    granted = msgspec.json.decode(body, type=_Granted)
    value = granted.access_token
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("no token")
    return AccessToken(value, max(0, granted.expires_in))


def _to_base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
