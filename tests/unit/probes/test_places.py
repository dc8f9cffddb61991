"""Networks that may be touched, and addresses in them."""

from __future__ import annotations

from ipaddress import ip_network

from migrator.inventory.yaml_text import read_yaml
from migrator.probes.model import Address, Answers
from migrator.probes.places import read_answers, read_networks

NETWORKS = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def test_networks_are_read_whatever_else_is_wrong_beside_them() -> None:
    document = read_yaml("allow: [10.0.0.0/8, x, 5, 10.1.0.0/16]\n", "probes.yaml")
    networks, faults = read_networks(document, everything=False)
    assert networks == [ip_network("10.0.0.0/8"), ip_network("10.1.0.0/16")]
    assert [fault.path for fault in faults] == ["allow[1]"]


def test_addresses_are_written_in_their_usual_text() -> None:
    document = read_yaml("a: {old: 'FD00:0::1', new: Shop.Example.}\n", "probes.yaml")
    answers, faults = read_answers(document, ("a",), NETWORKS)
    assert faults == []
    old, new = Address("fd00::1"), Address("shop.example.")
    assert answers == Answers(old, old, new, new)


def test_without_networks_addresses_are_not_judged_by_them() -> None:
    document = read_yaml("a: 192.168.0.1\n", "probes.yaml")
    assert read_answers(document, ("a",), None)[0] is not None
    assert read_answers(document, ("a",), NETWORKS)[0] is None
