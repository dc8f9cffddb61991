"""Where things answer, as people write it: networks that may be touched, and addresses in them.

Called by `declared.py` alone. A literal address is judged here, against the networks that are
allowed; a name is judged by the agent, once it is resolved where the look is made. No name is ever
looked up here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final

from migrator.errors import Fault
from migrator.inventory.door import did_you_mean, fault_at, found, value_at
from migrator.inventory.yaml_text import DataPath, Document
from migrator.probes.model import Address, Answers
from migrator.probes.networks import IpAddress, Network, is_allowed

WIDEST_V4: Final = 8
WIDEST_V6: Final = 16
"""Prefixes: 10.0.0.0/8 is the widest that one organisation has for itself, and fd00::/8 the one
exception of IPv6. What is wider is more likely a slip than an estate."""

_PRIVATE_V6: Final = ipaddress.IPv6Network("fc00::/7")
_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_NUMBER_LIKE: Final = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)\.?")
NAME_LENGTH_MAX: Final = 253

_FROM: Final = ("from_old", "from_new")
_SIDES: Final = ("old", "new")


def read_networks(document: Document, *, everything: bool) -> tuple[list[Network], list[Fault]]:
    """The networks under `allow`, and what is wrong with those that are none."""
    written = value_at(document, ("allow",))
    networks: list[Network] = []
    faults: list[Fault] = []
    for place, text in enumerate(written if isinstance(written, list) else []):
        path = ("allow", place)
        if not isinstance(text, str):
            continue  # the model says so already
        network = _network(text)
        if isinstance(network, str):
            faults.append(fault_at(document, path, network))
        elif _too_wide(network) and not everything:
            message = (
                f"{network} is too wide to be an estate: name the networks that may be touched; "
                "if all of it is meant, write `allow_everything: true` beside `allow`"
            )
            faults.append(fault_at(document, path, message))
        elif network in networks:
            faults.append(fault_at(document, path, f"{network} stands twice"))
        else:
            networks.append(network)
    return networks, faults


def _network(text: str) -> Network | str:
    """The network, or what is wrong with the text."""
    if "%" in text:
        return f"'{text}' names an interface; write the network alone"
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"wants a network such as 10.0.0.0/8 or fd00::/8, found {found(text)}"
    mapped = isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped
    if mapped:
        return f"{text} is IPv4 written as IPv6; write the IPv4 network"
    address = text.partition("/")[0]
    if ipaddress.ip_address(address) != network.network_address:
        return f"{text} has digits beyond its prefix; write {network} or the single {address}"
    return network


def _too_wide(network: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return network.prefixlen < WIDEST_V4
    return network.prefixlen < WIDEST_V6 and not network.subnet_of(_PRIVATE_V6)


def read_answers(
    document: Document, path: DataPath, networks: Sequence[Network] | None
) -> tuple[Answers | None, list[Fault]]:
    """Where one component answers. `networks` None: the allow-list itself is wrong, so no judging.

    None where anything is wrong.
    """
    reader = _Reader(document, networks)
    value = value_at(document, path)
    four: list[Address | None] = []
    if isinstance(value, dict) and not _is_place(value):
        reader.keys(path, value, _SIDES, "host")
        for side in _SIDES:
            four += reader.side((*path, side)) if side in value else [None, None]
    else:
        both = reader.place(path)
        four = [both, both, both, both]
    return (None, reader.faults) if reader.faults else (Answers(*four), [])


def _is_place(value: dict[str, object]) -> bool:
    return "host" in value or "port" in value


class _Reader:
    """Collects the faults of one component's addresses."""

    def __init__(self, document: Document, networks: Sequence[Network] | None) -> None:
        self.document = document
        self.networks = networks
        self.faults: list[Fault] = []

    def side(self, path: DataPath) -> list[Address | None]:
        """One side of the target: for callers on the old side, and on the new."""
        value = value_at(self.document, path)
        if not isinstance(value, dict) or _is_place(value):
            both = self.place(path)
            return [both, both]
        self.keys(path, value, _FROM, "host")
        return [self.place((*path, caller)) if caller in value else None for caller in _FROM]

    def place(self, path: DataPath) -> Address | None:
        """A host, with or without a port of its own."""
        value = value_at(self.document, path)
        if isinstance(value, str):
            host = self.host(value, path)
            return None if host is None else Address(host)
        if not isinstance(value, dict):
            self.fault(path, f"wants an address, or host and port, found {found(value)}")
            return None
        self.keys(path, value, ("host", "port"), "host")
        if "host" not in value:
            self.fault(path, "the key 'host' is missing")
            return None
        text, port = value["host"], value.get("port")
        if not isinstance(text, str):
            self.fault((*path, "host"), f"wants text, found {found(text)}")
            return None
        whole = isinstance(port, int) and not isinstance(port, bool)
        if port is not None and not (whole and 1 <= int(str(port)) <= 65535):
            self.fault((*path, "port"), f"wants a port from 1 to 65535, found {found(port)}")
            return None
        host = self.host(text, (*path, "host"))
        return None if host is None else Address(host, None if port is None else int(str(port)))

    def host(self, text: str, path: DataPath) -> str | None:
        """An address in its usual text, or a name as it was written."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            wrong = _name_fault(text)
            if wrong:
                self.fault(path, wrong)
                return None
            return text.lower()
        wrong = self._address_fault(address)
        if wrong:
            self.fault(path, wrong)
            return None
        return str(address)

    def _address_fault(self, address: IpAddress) -> str:
        if isinstance(address, ipaddress.IPv6Address):
            if address.scope_id is not None:
                return f"{address} names an interface of one machine; write the address alone"
            if address.ipv4_mapped:
                return f"{address} is IPv4 written as IPv6; write {address.ipv4_mapped}"
        if address.is_unspecified or address.is_multicast:
            return f"{address} is no address of a machine"
        if self.networks is not None and not is_allowed(address, self.networks):
            return (
                f"{address} stands outside the networks under `allow`; nothing there is ever "
                "touched. Mend the address, or allow its network"
            )
        return ""

    def keys(
        self, path: DataPath, value: dict[str, object], known: tuple[str, ...], other: str
    ) -> None:
        """Refuse unknown keys, and a mapping without any."""
        for key in value:
            if key not in known:
                close = did_you_mean(key, known) or f"; known here: {', '.join(known)}"
                self.fault((*path, key), f"unknown key '{key}'{close}")
        if not value:
            self.fault(path, f"wants {' or '.join(known)}, or {other}; found nothing")

    def fault(self, path: DataPath, message: str) -> None:
        """Note what is wrong at a place."""
        self.faults.append(fault_at(self.document, path, message))


def _name_fault(text: str) -> str:
    """What is wrong with a text that is no IP address; empty: it is a name."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and host:
        return f"'{text}' holds a port; write {{host: {_bare(host)}, port: {port}}}"
    if not _NAME.fullmatch(text) or len(text) > NAME_LENGTH_MAX:
        return f"wants an IP address or a host's name, found {found(text)}"
    # Resolvers take 10.1.2 and 0x7f.1 for addresses, and not for the ones that look like them.
    if _NUMBER_LIKE.fullmatch(text.rstrip(".").rpartition(".")[2]):
        return f"'{text}' is neither a whole IP address nor a name; write all four numbers"
    return ""


def _bare(host: str) -> str:
    return f'"{host.strip("[]")}"' if host.startswith("[") else host
