"""The egress guard, address by address: what a cloud deployment may call, what only a local one, what nobody."""

import pytest

from pointsman.upstream.guard import find_objection
from pointsman.upstream.origin import Origin

PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0
172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450:4001::1 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1
"""

OPERATORS_OWN = """
10.0.0.0 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1
192.168.255.255 ::1 fc00::1 fdff::1 ::ffff:127.0.0.1 ::ffff:10.1.2.3 ::ffff:c0a8:1 64:ff9b::7f00:1 64:ff9b::a00:1
2002:7f00:1:: 2002:a00:1::1 2002:c0a8:1:: 2001:0:7f00:1::f7f7:f7f7 2001:0:808:808::f5ff:fffe
"""

NOBODYS = """
0.0.0.0 0.1.2.3 169.254.0.1 169.254.169.254 100.100.100.200 168.63.129.16 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::2 ::127.0.0.1 ::8.8.8.8 fe80::1 fe80::1%1 febf::1 fec0::1 ff02::1 fd00:ec2::254 fd20:ce::254 100::1 2001::1
2001:2::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 4000::1 5f00::1 64:ff9b:1::1 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::
::ffff:169.254.169.254 ::ffff:0.0.0.0 ::ffff:100.100.100.200 2001:0:808:808::5601:5601
localhost 127.1 0177.0.0.1 2130706433 127.0.0.1:80 [::1] 1.2.3.4.5
"""


def test_the_table_is_long_enough() -> None:
    assert len({*PUBLIC.split(), *OPERATORS_OWN.split(), *NOBODYS.split()}) >= 60


def find_cloud_objection(address: str) -> str | None:
    return find_objection(address, Origin("llm.example", 443, True, "cloud"))


def find_local_objection(address: str) -> str | None:
    return find_objection(address, Origin("llm.internal", 8000, False, "local"))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_are_open_to_cloud_deployments(address: str) -> None:
    assert find_cloud_objection(address) is None
    assert find_local_objection(address) is not None


@pytest.mark.parametrize("address", OPERATORS_OWN.split())
def test_the_operators_own_machines_are_open_to_local_deployments(address: str) -> None:
    assert find_cloud_objection(address) is not None
    assert find_local_objection(address) is None


@pytest.mark.parametrize("address", ["", " 8.8.8.8", "8.8.8.8\n", *NOBODYS.split()])
def test_other_addresses_are_open_to_nobody(address: str) -> None:
    assert find_cloud_objection(address) is not None
    assert find_local_objection(address) is not None


def test_a_local_deployment_may_be_in_a_public_network_that_is_trusted() -> None:
    origin = Origin("gpu.example", 443, True, "local", trusted_networks=("8.8.8.0/24", "2a00:1450::/32"))
    assert find_objection("8.8.8.8", origin) is None and find_objection("2a00:1450:4001::1", origin) is None
    assert find_objection("8.8.9.8", origin) is not None


def test_a_cloud_deployment_may_be_at_a_private_address_that_is_allowed_with_its_port() -> None:
    origin = Origin("127.0.0.1", 4101, False, "cloud", allowed_addresses=("127.0.0.1:4101",))
    assert find_objection("127.0.0.1", origin) is None
    assert find_objection("127.0.0.2", origin) is not None
    other_port = Origin("127.0.0.1", 4102, False, "cloud", allowed_addresses=("127.0.0.1:4101",))
    assert find_objection("127.0.0.1", other_port) is not None


def test_the_objection_names_the_address_and_its_kind() -> None:
    assert find_local_objection("169.254.169.254") == "169.254.169.254 is a link-local address"
    assert find_cloud_objection("10.0.0.1") == "10.0.0.1 is a private address"
