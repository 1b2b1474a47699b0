"""Members of an event that came earlier, each as it was written, for whoever has to write a similar one."""

import msgspec

from pointsman.core.chat.utf8 import repair_utf8

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def read_members(data: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """The members of an object; none of what is no object."""
    try:
        return _decode(repair_utf8(bytes(data)))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}
