"""Addresses and the networks that they stand in: what is allowed, and what is counted together.

Called by `places.py`, where addresses are read, and by `tables.py`, where looks are planned: both
ask the same question, so that nothing is planned that would not have been allowed. A name is no
address: it is judged by the agent, once it is resolved where the look is made.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_allowed(address: IpAddress, networks: Sequence[Network]) -> bool:
    """Tell whether an address stands in one of the networks."""
    return any(address in network for network in networks)


def counted_in(address: IpAddress) -> str:
    """The /24 (IPv6: the /64) whose cap an address counts in."""
    if isinstance(address, ipaddress.IPv4Address):
        return f"{str(address).rpartition('.')[0]}.0/24"
    return f"{ipaddress.IPv6Address(int(address) >> 64 << 64)}/64"
