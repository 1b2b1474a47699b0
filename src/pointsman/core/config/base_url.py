"""Decides whether a base URL may be called at all, and whether it stays on this machine; it resolves no names."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

MOST_URL = 2_048
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
_LOOKS_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.IGNORECASE)
_METADATA_HOSTS = frozenset(("metadata", "metadata.google.internal", "instance-data"))
_METADATA_ADDRESSES = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_PRIVATE_DOMAINS = (".local", ".internal", ".lan", ".home.arpa")
_FORBIDDEN_PORTS = frozenset((0, 22, 25, 6379))

Reach = Literal["loopback", "private", "public"]
"""Where a host is, as far as its spelling tells: this machine, a private network, or anywhere."""


class ForbiddenUrl(ValueError):
    """The URL may not be a base URL; the text says why, for the user."""


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A URL that may be called.

    Attributes:
        url: without a trailing slash.
        reach: where its host is.
        encrypted: whether it is https.
    """

    url: str
    reach: Reach
    encrypted: bool


def read_base_url(text: str) -> BaseUrl:
    """Check the form of a base URL.

    Raises:
        ForbiddenUrl: for any other scheme than http and https, for userinfo, query, fragment, odd spellings of
            addresses, and for addresses that no provider has (link-local, metadata, multicast).
    """
    parts = _split(text)
    if parts.scheme not in ("http", "https"):
        raise ForbiddenUrl("it must begin with https:// (or http:// on a local machine)")
    if "@" in parts.netloc:
        raise ForbiddenUrl("a user name or password may not stand in it; use api_key")
    if "?" in text or "#" in text:
        raise ForbiddenUrl("it may have no query and no fragment")
    if parts.port in _FORBIDDEN_PORTS:
        raise ForbiddenUrl(f"port {parts.port} is not one of a model server")
    return BaseUrl(text.rstrip("/"), _find_reach(parts.hostname or ""), parts.scheme == "https")


def complete_base_url(text: str, usual: str) -> str:
    """Fill what a variable such as `OLLAMA_HOST=0.0.0.0:11435` leaves out from the provider's usual base URL."""
    known = urlsplit(usual)
    written = text.strip().rstrip("/")
    if "://" not in written:
        written = f"{known.scheme}://{written}"
    try:
        parts = urlsplit(written)
        bare_host = parts.netloc.rpartition("@")[2].rpartition("]")[2]
        netloc = parts.netloc if ":" in bare_host or parts.scheme == "https" else f"{parts.netloc}:{known.port or 80}"
    except ValueError:
        return written
    if parts.hostname == "0.0.0.0":
        # Where a server listens on every address, a client on the same machine calls the loopback one.
        netloc = netloc.replace("0.0.0.0", "127.0.0.1")
    return parts._replace(netloc=netloc, path=parts.path or known.path).geturl()


def _split(text: str) -> SplitResult:
    if len(text) > MOST_URL:
        raise ForbiddenUrl(f"it is longer than {MOST_URL:,} characters")
    if not text.isascii() or any(character <= " " or character in '\\"<>^`{|}\x7f' for character in text):
        raise ForbiddenUrl("it may hold only plain ASCII characters")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ForbiddenUrl("it is not a URL; write it like https://host/v1") from None
    return parts


def _find_reach(host: str) -> Reach:
    address = _read_address(host)
    if address is not None:
        return _find_reach_of_address(address)
    if not _HOST_NAME.fullmatch(host) or _LOOKS_NUMERIC.fullmatch(host):
        raise ForbiddenUrl("its host is neither a name nor an address in the usual form")
    if host in _METADATA_HOSTS:
        raise ForbiddenUrl("a metadata service is never a provider")
    if host == "localhost" or host.endswith(".localhost"):
        return "loopback"
    return "private" if "." not in host or host.endswith(_PRIVATE_DOMAINS) else "public"


def _read_address(host: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _find_reach_of_address(address: _Address) -> Reach:
    if address.is_loopback:
        return "loopback"
    if address.is_link_local or address in _METADATA_ADDRESSES:
        raise ForbiddenUrl("link-local and metadata addresses are never a provider")
    if address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255":
        raise ForbiddenUrl("no server has this address")
    return "public" if address.is_global else "private"
