"""Refuses media that no provider should be sent: no image at all, or in a file system or a private network."""

import re
from ipaddress import ip_address
from typing import NoReturn

from pointsman.core.dialects.client_checks import refuse
from pointsman.core.dialects.data_urls import split_data_url

MOST_IMAGE_CHARACTERS = 28 * 1024 * 1024
"""Of base64: 20 MiB and a little."""
_WEB = ("https://", "http://")
_HOST_END = re.compile(r"[/?#\\]")


def check_image(holder: object, path: str) -> None:
    """Check the `image_url` of a part; whether a public host answers is for the provider to find out."""
    url = holder.get("url") if type(holder) is dict else holder
    if type(url) is not str or not url:
        _refuse("image_url must be an object with a url", path)
    if url.startswith(_WEB):
        _check_host(url, path)
    elif url[:5].lower() == "data:":
        _check_data(url, path)
    elif not url.startswith("gs://"):
        _refuse("the url must begin with https:// or data:image/", path)


def check_link(holder: object, path: str) -> None:
    """Check the `audio_url` or `video_url` of a part in the same way."""
    url = holder.get("url") if type(holder) is dict else None
    if type(url) is str and url.startswith(_WEB):
        _check_host(url, path)
    elif type(url) is not str or not url.startswith(("data:", "gs://")):
        _refuse("this must be an object whose url begins with https:// or data:", path)


def _check_host(url: str, path: str) -> None:
    """Refuse an address that only a machine inside of some network can reach; names are left to the provider."""
    host = _HOST_END.split(url.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
    host = host[1:].partition("]")[0] if host[:1] == "[" else host.partition(":")[0]
    is_public = host.lower().rstrip(".") not in ("", "localhost")
    # Names do not end in a digit; what does is an address, in one of its many spellings.
    if is_public and (host[-1].isdigit() or ":" in host or host[:2].lower() == "0x"):
        try:
            is_public = ip_address(host).is_global
        except ValueError:
            is_public = False
    if not is_public:
        _refuse("the url must name a public host; send a private image as a data: URL", path)


def _check_data(url: str, path: str) -> None:
    parts = split_data_url(url)
    if parts is None or not parts[0].startswith("image/") or parts[0].startswith("image/svg"):
        _refuse("a data: URL of an image must begin with data:image/TYPE;base64, and may not be SVG", path)
    data = parts[1]
    if not data or len(data) % 4 == 1 or not data.isascii():
        _refuse("the image is not in base64", path)
    if len(data) > MOST_IMAGE_CHARACTERS:
        _refuse("the image has more than 20 MiB", path)


def _refuse(what: str, path: str) -> NoReturn:
    refuse("invalid_image_url", f"{what} ({path}).", path)
