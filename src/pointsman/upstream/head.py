"""The head of a request to a provider: written once per deployment, path and key, but for what a signature adds."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pointsman
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Headers
from pointsman.upstream.auth.aws_sigv4 import AwsKeys, Signable, find_region, parse_keys, sign
from pointsman.upstream.auth.key_headers import KEY_HEADERS
from pointsman.upstream.auth.unusable import refuse_key
from pointsman.upstream.origin import Origin

_UNFIT_FOR_VALUE = re.compile(r"[^\x20-\x7e]")
_UNFIT_FOR_PATH = re.compile(r"[^\x21-\x7e]")
_JSON = "application/json"
_LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Head:
    """What a request begins with.

    Attributes:
        lines: all of it but for the signature, each with its line break.
        signs_for: the host, method and path that are signed, where the key signs.
        keys: what signs each request, or `None` where `lines` show the key.
    """

    lines: bytes = field(repr=False)
    signs_for: tuple[Origin, str, str] | None = None
    keys: AwsKeys | None = field(default=None, repr=False)

    def write(self, body: bytes, at_s: float, further: Headers = ()) -> bytes:
        """Up to and including `content-length: `.

        Args:
            body: of the request.
            at_s: when it goes out, in seconds since the Unix epoch.
            further: headers of this request alone; not signed.
        """
        lines = self.lines + b"".join([b"%b: %b\r\n" % field for field in further])
        if self.keys is None or self.signs_for is None:
            return lines + _LENGTH
        origin, method, path = self.signs_for
        headers = {"host": origin.authority, "content-type": _JSON}
        signed = sign(self.keys, Signable(method, path, headers, body), find_region(origin.host), at_s)
        return lines + "".join(f"{name}: {value}\r\n" for name, value in signed).encode("ascii") + _LENGTH


def read_key(deployment: Deployment, secret: str) -> AwsKeys | None:
    """What a key signs with, or `None` where the key itself is sent.

    Raises:
        UpstreamFailure: CREDENTIAL_MISSING for what can be no key, or may not be sent as one.
    """
    if _UNFIT_FOR_VALUE.search(secret):
        raise refuse_key(deployment, "has a line break or another character that no key has")
    if secret.startswith("{"):
        raise refuse_key(deployment, "is a JSON document and no key; only `auth: google_oauth` takes one")
    keys = parse_keys(secret)
    if keys is not None and deployment.auth != "aws_sigv4":
        # Whoever may write a document may not have a secret key sent that is there to sign with.
        raise refuse_key(deployment, "is a pair of AWS keys; only `auth: aws_sigv4` takes one")
    return keys


def compose_head(deployment: Deployment, origin: Origin, path: str, secret: str | None, method: str = "POST") -> Head:
    """Compose the head of a request with JSON for a body.

    Args:
        deployment: where to, and how its key travels.
        origin: of its base URL.
        path: what follows the base URL, query included.
        secret: the key, or the access token that stands for it; `None` when none is needed.
        method: such as `GET`.

    Raises:
        UpstreamFailure: CREDENTIAL_MISSING for a key, UNREACHABLE for a path that does not fit into a head.
    """
    keys = read_key(deployment, secret) if secret is not None else None
    full_path = urlsplit(deployment.base_url).path + path
    if _UNFIT_FOR_PATH.search(full_path):
        detail = (
            f"the base URL of provider {deployment.provider}, or what follows it, has a blank or a non-ASCII character"
        )
        raise UpstreamFailure(FailureKind.UNREACHABLE, detail, sent=False)
    lines = [
        f"{method} {full_path} HTTP/1.1",
        f"host: {origin.authority}",
        f"user-agent: pointsman/{pointsman.__version__}",
        "accept: application/json, text/event-stream",
        "accept-encoding: identity",
        f"content-type: {_JSON}",
    ]
    lines += (f"{name}: {value}" for name, value in deployment.headers)
    if secret is not None and keys is None and (line := KEY_HEADERS[deployment.auth](secret)):
        lines.append(line)
    text = "".join(f"{line}\r\n" for line in lines).encode("ascii")
    return Head(text, (origin, method, full_path) if keys else None, keys)
