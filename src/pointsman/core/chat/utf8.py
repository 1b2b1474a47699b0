"""Bytes that claim to be UTF-8: what is, stays as it is; what is not is replaced, for strict clients crash on it."""


def repair_utf8(data: bytes) -> bytes:
    """The same bytes when they are UTF-8, else with U+FFFD where they are not."""
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode()
    return data
