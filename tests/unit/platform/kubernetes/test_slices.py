"""What a data plane takes for a Service is the union of its slices, and ours is one of them."""

from __future__ import annotations

import pytest

from migrator.platform.kubernetes.objects import KubeObject, map_at, objects_at
from migrator.platform.kubernetes.slices import (
    NEW,
    OLD,
    Backend,
    Mark,
    Port,
    front_of,
    is_ours,
    mark_of,
    owned_slice,
    pods_backend,
    ready_addresses,
    shadow_of,
    side_of,
    union,
)

HTTP = Port("http", 8080)
SERVICE: KubeObject = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]},
}


def ours(side: str, *addresses: str) -> KubeObject:
    return owned_slice("shop", "web", Backend(side, addresses, (HTTP,)), Mark("t1", 3))


def theirs(*endpoints: KubeObject, port: str = "http") -> KubeObject:
    return {"endpoints": [*endpoints], "ports": [{"name": port, "port": 8080, "protocol": "TCP"}]}


def test_a_slice_of_ours_says_whose_it_is_where_it_points_and_which_act_wrote_it() -> None:
    found = ours(NEW, "10.2.0.2", "10.2.0.1")
    assert (is_ours(found), side_of(found), mark_of(found)) == (True, NEW, Mark("t1", 3))
    assert ready_addresses((found,)) == ("10.2.0.1", "10.2.0.2")


def test_a_slice_of_others_is_neither_ours_nor_of_a_side() -> None:
    found = theirs({"addresses": ["10.2.0.1"]})
    assert (is_ours(found), side_of(found), mark_of(found)) == (False, "", Mark("", 0))


def test_addresses_of_version_six_get_a_slice_of_their_family() -> None:
    assert ours(OLD, "fd00::1")["addressType"] == "IPv6"


def test_a_port_of_the_nodes_stays_with_the_front_and_is_not_given_to_its_shadow() -> None:
    port: KubeObject = {"name": "http", "port": 80, "nodePort": 30100}
    service: KubeObject = {
        **SERVICE,
        "spec": {**map_at(SERVICE, "spec"), "type": "NodePort", "ports": [port]},
    }
    assert objects_at(front_of(service), "spec", "ports") == [port]
    assert objects_at(shadow_of(service), "spec", "ports") == [{"name": "http", "port": 80}]


def test_the_union_takes_every_ready_address_once_and_by_port_name() -> None:
    slices = (
        ours(NEW, "10.2.0.1"),
        theirs({"addresses": ["10.2.0.1"]}, {"addresses": ["10.2.0.2"]}),
        theirs({"addresses": ["10.9.0.9"]}, port="metrics"),
    )
    assert union(slices, (HTTP,)) == {"http": frozenset({("10.2.0.1", 8080), ("10.2.0.2", 8080)})}


def test_what_is_not_ready_or_is_leaving_gets_no_work() -> None:
    slices = theirs(
        {"addresses": ["10.2.0.1"], "conditions": {"ready": False}},
        {"addresses": ["10.2.0.2"], "conditions": {"ready": True, "terminating": True}},
        {"addresses": ["10.2.0.3"], "conditions": {"ready": True}},
        {"addresses": ["10.2.0.4"]},
    )
    assert ready_addresses((slices,)) == ("10.2.0.3", "10.2.0.4")


def test_the_new_side_is_what_the_shadow_service_has_ready() -> None:
    assert pods_backend((theirs({"addresses": ["10.2.0.1"]}),)) == Backend(
        NEW, ("10.2.0.1",), (HTTP,)
    )
    assert pods_backend((theirs({"addresses": ["10.2.0.1"], "conditions": {"ready": False}}),)) is (
        None
    )
    assert pods_backend(()) is None


def test_a_side_without_an_address_is_no_backend() -> None:
    with pytest.raises(AssertionError, match="no address"):
        Backend(OLD, (), (HTTP,))


def test_the_front_has_no_selector_and_the_shadow_has_it() -> None:
    assert "selector" not in map_at(front_of(SERVICE), "spec")
    shadow = shadow_of(SERVICE)
    assert map_at(shadow, "spec")["selector"] == {"app": "web"}
    assert objects_at(shadow, "spec", "ports") == [{"name": "http", "port": 80}]
    assert map_at(SERVICE, "spec")["selector"] == {"app": "web"}, "the team's file is untouched"


def test_marks_are_compared_within_one_run_only() -> None:
    """Fronts outlive runs, and each run counts its epochs for itself."""
    mine = Mark("0a1b.kassa/switch/1", 2)
    assert Mark("0a1b.kassa/undo/1", 3).is_after(mine)
    assert not Mark("0a1b.kassa/undo/1", 2).is_after(mine)
    assert not Mark("ffff.kassa/switch/1", 7).is_after(mine), "another run's epoch says nothing"
