"""Signatures of thoughts and seals around hidden ones: unaltered they are accepted, altered they are refused."""

import base64
import binascii
import hashlib
import hmac

from pointsman.simulator.refusal import Refusal

_DIGEST_BYTES = 24


def sign(key: bytes, text: str) -> str:
    """Base64 of a hash of `text` under `key`."""
    return base64.b64encode(_digest(key, text.encode())).decode()


def check_signature(key: bytes, signature: str, text: str, param: str) -> None:
    """Refuse what `sign` did not make of this text.

    Raises:
        Refusal: 400 that names `param`.
    """
    if not hmac.compare_digest(signature.encode(), sign(key, text).encode()):
        message = f"{param}: Invalid signature; thoughts must be sent back exactly as they came."
        raise Refusal(400, message, code="invalid_signature", param=param)


def seal(key: bytes, text: str) -> str:
    """Base64 of a hash and the text, which the hash covers; opaque to a client by agreement, not by cipher."""
    return base64.b64encode(_digest(key, b"sealed " + text.encode()) + text.encode()).decode()


def open_seal(key: bytes, sealed: str, param: str) -> str:
    """The text inside a seal.

    Raises:
        Refusal: 400 that names `param` when the seal is not whole or another's.
    """
    try:
        opened = base64.b64decode(sealed.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        opened = b""
    digest, text = opened[:_DIGEST_BYTES], opened[_DIGEST_BYTES:]
    if not hmac.compare_digest(digest, _digest(key, b"sealed " + text)):
        message = f"{param}: The encrypted content could not be verified; send it back exactly as it came."
        raise Refusal(400, message, code="invalid_encrypted_content", param=param)
    return text.decode()


def _digest(key: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, key=key[:64], digest_size=_DIGEST_BYTES).digest()
