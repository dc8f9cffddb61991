"""The ranges of addresses that may be touched, and the shape of an address.

Used by the dispatcher alone, before anything goes to a loop: what is outside of the ranges has no
way to a socket. Addresses are compared as numbers, after resolving, and an IPv4 address dressed as
IPv6 is taken for the IPv4 address that it is.
"""

from __future__ import annotations

import ipaddress
import socket

MAPPED = b"\0" * 10 + b"\xff\xff"


class Ranges:
    """An allow-list. Empty ones do not exist."""

    def __init__(self, networks: list[str]) -> None:
        """Raises ValueError for what is no network."""
        self._four: list[tuple[int, int]] = []
        self._six: list[tuple[int, int]] = []
        self.narrowest = {4: 0, 16: 0}
        for text in networks:
            network = ipaddress.ip_network(text, strict=False)
            low = int(network.network_address)
            high = int(network.broadcast_address)
            size = network.max_prefixlen // 8
            (self._four if size == 4 else self._six).append((low, high))
            self.narrowest[size] = max(self.narrowest[size], network.prefixlen)

    def allow(self, packed: bytes) -> bool:
        """Tell whether this address, as `packed_of` gives it, may be touched."""
        number = int.from_bytes(packed, "big")
        return any(
            low <= number <= high for low, high in (self._four if len(packed) == 4 else self._six)
        )

    def same_for_neighbours(self, packed: bytes) -> bool:
        """Tell whether the answer holds for the whole /24 or /64, so that it can be kept."""
        return self.narrowest[len(packed)] <= (24 if len(packed) == 4 else 64)


def packed_of(address: str) -> bytes:
    """An address as 4 or 16 bytes; raises OSError for what is none. A scope (%eth0) is let off."""
    if ":" not in address:
        return socket.inet_pton(socket.AF_INET, address)
    packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    return packed[12:] if packed.startswith(MAPPED) else packed


def text_of(packed: bytes) -> str:
    """The one way to write an address."""
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, packed)


def network_of(packed: bytes) -> bytes:
    """The /24 or /64 of an address: who shares it is likely behind one firewall."""
    return packed[:3] if len(packed) == 4 else packed[:8]
