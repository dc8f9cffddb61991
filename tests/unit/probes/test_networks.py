"""What is allowed, and what is counted together."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from migrator.probes.networks import counted_in, is_allowed

NETWORKS = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.255.255.255", True),
        ("11.0.0.0", False),
        ("fd00::1", True),
        ("fe00::1", False),
        ("::a00:1", False),
    ],
)
def test_an_address_is_allowed_inside_a_network_of_its_own_version(
    address: str, allowed: bool
) -> None:
    assert is_allowed(ip_address(address), NETWORKS) is allowed


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.9.8.7", "10.9.8.0/24"),
        ("fd00::1:2:3:4", "fd00::/64"),
        ("fd00:0:0:1::", "fd00:0:0:1::/64"),
    ],
)
def test_an_address_counts_in_the_network_around_it(address: str, network: str) -> None:
    assert counted_in(ip_address(address)) == network
    assert ip_address(address) in ip_network(network)
