"""What a provider says of the network beside its base URL: headers, trusted networks, private addresses of its own."""

import ipaddress
import re

from pointsman.core.config.compilation import Compilation
from pointsman.core.config.read_document import Written
from pointsman.core.config.sections.providers import Provider

MOST_HEADER_VALUE = 1_024

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_PORT = re.compile(r"[0-9]{1,5}")
_OURS = frozenset(
    (
        "accept",
        "accept-encoding",
        "api-key",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-api-key",
        "x-goog-api-key",
    )
)
"""Headers that the gateway writes itself, or that would carry a key around the place where keys belong."""


def read_headers(written: Written[Provider], compilation: Compilation) -> tuple[tuple[str, str], ...]:
    """The headers that can be sent; what is wrong with the others has been noted."""
    headers: list[tuple[str, str]] = []
    for name, value in written.value.headers.items():
        place = written.place_of("headers", name)
        if not _HEADER_NAME.fullmatch(name):
            compilation.findings.add(place, "invalid_header", "this is not the name of a header")
        elif name.lower() in _OURS:
            message = f"{name} is not for a document to set; keys belong under api_key"
            compilation.findings.add(place, "invalid_header", message)
        elif not _HEADER_VALUE.fullmatch(value) or len(value) > MOST_HEADER_VALUE:
            message = f"a header's value is 1 to {MOST_HEADER_VALUE:,} printable ASCII characters"
            compilation.findings.add(place, "invalid_header", message)
        else:
            headers.append((name, value))
    return tuple(headers)


def read_networks(written: Written[Provider], compilation: Compilation) -> tuple[str, ...]:
    """The networks that `trust: local` holds for."""
    stated = written.value
    if (stated.trust is None) != (not stated.trusted_networks):
        present = "trust" if stated.trust is not None else "trusted_networks"
        message = "`trust: local` and `trusted_networks: [203.0.113.0/24]` stand together; add the other one"
        compilation.findings.add(written.place_of(present), "missing_key", message)
    networks: list[str] = []
    for index, text in enumerate(stated.trusted_networks):
        try:
            networks.append(str(ipaddress.ip_network(text)))
        except ValueError:
            message = "this is not a network; write it like 203.0.113.0/24"
            compilation.findings.add(written.place_of("trusted_networks", index), "invalid_value", message)
    return tuple(networks)


def read_addresses(written: Written[Provider], compilation: Compilation) -> tuple[str, ...]:
    """The private addresses where a cloud provider may be, such as a proxy's."""
    addresses: list[str] = []
    for index, text in enumerate(written.value.allow_private):
        host, _, port = text.rpartition(":")
        address = _read_address(host.strip("[]"))
        if address is None or not _PORT.fullmatch(port) or not 0 < int(port) < 65_536:
            message = "this is not an address with its port; write it like 127.0.0.1:4101"
            compilation.findings.add(written.place_of("allow_private", index), "invalid_value", message)
            continue
        addresses.append(f"{address}:{int(port)}")
    return tuple(addresses)


def _read_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """A loopback or private address; any other is never a provider's, or needs no permission."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    forbidden = address.is_link_local or address.is_multicast or address.is_unspecified
    return None if forbidden or not (address.is_private or address.is_loopback) else address
