"""Names and addresses become components: one way only, and never two of one or one of two."""

from __future__ import annotations

import pytest

from migrator.importers.flow_hosts import (
    LOCAL,
    HostRules,
    KnownHost,
    address_of,
    place,
    subsystems,
)
from migrator.inventory.model import Kind


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[fe80::1%eth0]", "fe80::1"),
        ("10.0.0.256", None),
        ("web", None),
        ("", None),
    ],
)
def test_an_address_has_one_spelling(text: str, address: str | None) -> None:
    assert address_of(text) == address


def test_names_are_one_without_regard_to_case_and_a_last_dot() -> None:
    placed = place([("Web.", ""), ("WEB", ""), ("web", "")], HostRules())
    assert set(placed.ends.values()) == {"web"}


def test_two_names_that_would_get_one_id_stay_two() -> None:
    placed = place([("a b", ""), ("a-b", "")], HostRules())
    assert len(set(placed.ends.values())) == 2


def test_a_machine_itself_is_no_component() -> None:
    ends = [("", "127.0.0.1"), ("", "::1"), ("localhost", ""), ("", "0.0.0.0")]  # noqa: S104
    assert set(place(ends, HostRules()).ends.values()) == {LOCAL}


def test_what_is_written_down_about_a_host_counts_more_than_its_name() -> None:
    rules = HostRules(known={"10.0.0.1": KnownHost("Orders.DB", "orders", Kind.STATEFUL)})
    placed = place([("strange-name", "10.0.0.1"), ("", "10.0.0.1")], rules)
    assert set(placed.ends.values()) == {"orders.db"}
    (found,) = subsystems(placed, frozenset(("orders.db",)), {})
    assert (found.id, found.kind, found.components[0].name) == (
        "orders",
        Kind.STATEFUL,
        "Orders.DB",
    )


def test_networks_outside_are_external_and_not_unknown() -> None:
    rules = HostRules(external=("203.0.113.0/24",))
    placed = place([("", "203.0.113.7"), ("", "10.0.0.7")], rules)
    assert list(placed.unknown.values()) == ["10.0.0.7"]
    found = {each.name: each for each in subsystems(placed, frozenset(placed.hosts), {})}
    assert found["203.0.113.7"].kind is Kind.EXTERNAL
    assert found["unknown"].components[0].name == "unknown:10.0.0.7"


def test_a_stores_port_makes_a_stateful_subsystem_and_says_why() -> None:
    placed = place([("a", "")], HostRules())
    (found,) = subsystems(placed, frozenset(("a",)), {"a": (5432,)})
    assert (found.kind, found.components[0].role) == (Kind.STATEFUL, "store")
    assert "port 5432" in found.why


def test_every_domain_may_be_taken_off_or_one() -> None:
    ends = [("web.a.test", ""), ("web.b.test", "")]
    assert len(set(place(ends, HostRules(strip_domains=None)).ends.values())) == 1
    assert set(place(ends, HostRules(strip_domains=("a.test",))).ends.values()) == {
        "web",
        "web.b.test",
    }
