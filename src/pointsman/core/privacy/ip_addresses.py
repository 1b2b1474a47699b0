"""Addresses of machines that may belong to somebody; neither versions nor addresses that belong to nobody count."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Network, IPv6Address, IPv6Network

from pointsman.core.privacy.entities import Find
from pointsman.core.privacy.reading import Reading

_DOTTED = re.compile(rb"\.[0-9]{1,3}\.[0-9]{1,3}\.")
_START = rb"(?:(?<![0-9A-Za-z_.])|(?<=\\[nrt]))"
_V4 = re.compile(_START + rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z_])(?!\.[0-9])")
_COLONS = re.compile(rb"::|:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:")
# The only prefixes that are handed out, or are local to a site or a link.
_V6 = re.compile(
    rb"(?:(?<![0-9A-Za-z_:.])|(?<=\\[nrt]))(?:[23][0-9A-Fa-f]{3}|[Ff][CcDd][0-9A-Fa-f]{2}|[Ff][Ee][89ABab][0-9A-Fa-f])"
    rb":[0-9A-Fa-f:.]{1,41}(?![0-9A-Za-z_:])"
)
_VERSION_WORDS = (
    r"(?<![a-z])(?:v|ver|versions?|releases?d?|rel|build|firmware|driver|chrome|sdk|jdk|upgraded?|updated?|section|sect|chapter"
    r"|clause|paragraph|figure|fig|table|annex|oid)"
)
_VERSION_RIGHT_BEFORE = re.compile(
    rf"[=<>~!]= ?$|[~^] ?$|[a-z]/v?$|[0-9a-z][-+_]$|§ ?$|{_VERSION_WORDS}[^0-9a-z\n]{{0,3}}$"
)
_VERSION_BEFORE = re.compile(rf"{_VERSION_WORDS}\b")
_ADDRESS_BEFORE = re.compile(
    r"\bip\b|ipv4|addr|host|server|client|\bfrom\b|gateway|\bdns\b|peer|remote|listen|ping|subnet|bind|://$"
)
_URL_BEFORE = re.compile(r"(?://|@)$")

_NOBODYS_V4 = tuple(
    # "This" network, loopback, link-local, protocols, documentation (3), benchmarks, multicast, reserved and netmasks,
    # and the public name servers, which everybody writes.
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "8.8.8.8/32",
        "8.8.4.4/32",
        "1.1.1.1/32",
        "1.0.0.1/32",
        "9.9.9.9/32",
    )
)
"""Addresses that say nothing about anybody."""

_BOUNDS_V4 = sorted(
    bound for network in _NOBODYS_V4 for bound in (int(network.network_address), int(network.broadcast_address) + 1)
)

_OBJECT_IDENTIFIERS = (b"2.5.4.", b"2.5.29.")
"""How the parts of certificates are named."""

_NOBODYS_V6 = tuple(map(IPv6Network, ("2001:db8::/32", "3fff::/20", "2001:4860:4860::/48", "2606:4700:4700::/48")))


def find_ip_addresses(reading: Reading) -> Iterator[Find]:
    """Addresses of both versions, the fourth before the sixth."""
    if _DOTTED.search(reading.raw):
        for found in _V4.finditer(reading.raw):
            if _is_somebodys_v4(reading, found.start(), found[0]):
                yield Find("ip_address", *found.span())
    if _COLONS.search(reading.raw):
        for found in _V6.finditer(reading.raw):
            written = found[0].rstrip(b".")
            if _is_somebodys_v6(written):
                yield Find("ip_address", found.start(), found.start() + len(written))


def _is_somebodys_v4(reading: Reading, start: int, written: bytes) -> bool:
    octets = [int(octet) for octet in written.split(b".")]
    address = int.from_bytes(octets) if max(octets) < 256 else 0
    # An odd number of bounds below: the address lies in one of the networks.
    if bisect_right(_BOUNDS_V4, address) % 2 or written.startswith(_OBJECT_IDENTIFIERS):
        return False
    before = reading.words_before(start, 24)
    if _URL_BEFORE.search(before):
        return True
    if _VERSION_RIGHT_BEFORE.search(before):
        return False
    if _ADDRESS_BEFORE.search(before):
        return True
    # 1.2.3.4 is more often the number of a version or a heading than a machine.
    return len(written) > len("1.2.3.4") and not _VERSION_BEFORE.search(before)


def _is_somebodys_v6(written: bytes) -> bool:
    try:
        address = IPv6Address(written.decode())
    except AddressValueError:
        return False
    return not any(address in network for network in _NOBODYS_V6)
