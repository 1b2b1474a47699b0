"""Google's SDK writes base64 in the alphabet for URLs; other formats know the usual one alone."""

import base64

import pytest

from pointsman.core.dialects.gemini.media import read_media

BYTES = bytes(range(256)) + b"\xfb\xff\xfe"


@pytest.mark.parametrize("cut", [0, 1, 2])
@pytest.mark.parametrize("is_padded", [True, False])
def test_either_alphabet_is_read(cut: int, is_padded: bool) -> None:
    data = BYTES[: len(BYTES) - cut]
    written = base64.urlsafe_b64encode(data).decode()
    media = read_media({"mimeType": "image/png", "data": written if is_padded else written.rstrip("=")}, True)
    assert media.data == base64.b64encode(data).decode()
