"""Which addresses may be called: public ones by cloud deployments, loopback and private ones by local ones.

The table is our own because `ipaddress.is_global` believes tunnels; here an IPv4 address inside an IPv6 one is judged.
"""

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from pointsman.upstream.origin import Origin

_PUBLIC = "public"
_OPERATORS_OWN = ("loopback", "private")
_NAT64 = IPv6Network("64:ff9b::/96")

_IPV4_KINDS = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("100.100.100.200/32", "metadata"),  # Alibaba Cloud
        ("168.63.129.16/32", "metadata"),  # Azure's wire server, a public address on paper
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "private"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("0.0.0.0/0", _PUBLIC),
    )
)
"""The first network that holds an address says what it is."""

_IPV6_KINDS = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("fd00:ec2::254/128", "metadata"),  # AWS
        ("fd20:ce::254/128", "metadata"),  # Google Cloud
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("3fff::/20", "reserved"),
        ("2000::/3", _PUBLIC),
        ("::/0", "reserved"),
    )
)
"""As for IPv4; of what is left only 2000::/3 is handed out to anyone."""


def find_objection(address: str, origin: Origin) -> str | None:
    """Say why a connection to an origin must not lead to the address, or `None` when it may.

    Args:
        address: as the resolver or the socket gives it, never a name.
        origin: who is to be reached there. A local one may be at loopback and private addresses and in its trusted
            networks, a cloud one at public addresses and at those that it is allowed by name.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f'"{address[:64]}" is not an address'
    judged = _unwrap(parsed)
    kinds = [_classify(each) for each in judged]
    for each, kind in zip(judged, kinds, strict=True):
        if not _may_be_at(each, kind, origin):
            return f"{address} is a {kind} address"
    if origin.location == "local" and not any(kind in _OPERATORS_OWN for kind in kinds):
        return None if _is_trusted(judged[0], origin.trusted_networks) else f"{address} is a {kinds[0]} address"
    return None


def _may_be_at(address: IPv4Address | IPv6Address, kind: str, origin: Origin) -> bool:
    if kind in _OPERATORS_OWN:
        return origin.location == "local" or f"{address}:{origin.port}" in origin.allowed_addresses
    return kind == _PUBLIC


def _is_trusted(address: IPv4Address | IPv6Address, networks: Sequence[str]) -> bool:
    return any(address in ipaddress.ip_network(network) for network in networks)


def _unwrap(address: IPv4Address | IPv6Address) -> Sequence[IPv4Address | IPv6Address]:
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    return (address,)


def _classify(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return next(kind for network, kind in _IPV4_KINDS if address in network)
    return next(kind for network, kind in _IPV6_KINDS if address in network)
