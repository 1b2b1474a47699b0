"""Signatures of thoughts as Gemini's clients carry them: always base64, so those of other providers are packed.

Gemini's own pass as they are. Clients may write base64 in either alphabet and hand back what they decoded.
"""

import base64
import binascii

import msgspec

from pointsman.core.chat.conversation import Reasoning
from pointsman.core.dialects.gemini.names import GEMINI

_MARK = b"pointsman"
_MARK_IN_BASE64 = base64.b64encode(_MARK).decode()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, str, bool, str]).decode


def pack_signature(signature: str, origin: str, is_hidden: bool = False, id: str = "") -> str:
    """A thought's signature for a client."""
    if origin == GEMINI or not (signature or id):
        return signature
    return base64.b64encode(_MARK + _encode((signature, origin, is_hidden, id))).decode()


def unpack_signature(text: str) -> Reasoning:
    """What a client sends back as a signature, as a thought that has no text yet."""
    if not text.startswith(_MARK_IN_BASE64):
        return Reasoning("", text, GEMINI if text else "")
    try:
        packed = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
        signature, origin, is_hidden, id = _decode(packed[len(_MARK) :])
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError):
        return Reasoning("", text, GEMINI)
    return Reasoning("", signature, origin, is_hidden, id)
