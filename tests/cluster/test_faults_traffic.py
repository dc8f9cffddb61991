"""What breaks after the traffic has moved: crashes, deaf pods, and somebody who is depended on."""

from __future__ import annotations

import urllib.request

import pytest

from cluster.faulty import Night, begins, ends, night
from cluster.poison import poison, poisonable
from cluster.recipes_on_old_hosts import CONTROL

__all__ = ["night"]  # a fixture
pytestmark = pytest.mark.cluster


def about(name: str) -> dict[str, object]:
    return {"subsystem": name, "side": "new", "port": 8080, "logbook": ["127.0.0.1", 9]}


@pytest.mark.parametrize("crashes", [True, False])
def test_pods_that_fail_once_traffic_is_there(night: Night, crashes: bool) -> None:
    changes = {"fi": poisonable(about("fi"), crashes=crashes)}
    estate = night.estate("fi", changes=changes, replicas=2, soak=0.5)
    fault = night.when(ends("switch"), "poison", lambda: poison(night.lab))
    fault.lasts = True
    ended = night.carry_out(estate)
    ended.is_back()
    assert ended.heard["fi"].turns == ["old", "new", "old"]


def test_a_link_that_worked_before_and_does_not_after(night: Night) -> None:
    """The dependency stays on the old side, and is refused once its caller has moved."""
    estate = night.estate("fj", "fk", links=[("fj", "fk")], waves=[["fj"], ["fk"]])
    closed = night.when(ends("baseline", "fj"), "fk is closed", lambda: told("fk", "fence"))
    opened = night.when(
        begins("switch-back", "fj"), "fk is open", lambda: told("fk", "start-source")
    )
    closed.lasts = True
    ended = night.carry_out(estate)
    assert opened.over
    assert ended.states[0] == "returned"
    assert "fk/fk: refused" in ended.cause
    assert ended.heard["fj"].turns == ["old", "new", "old"]


def told(name: str, act: str) -> None:
    """Have the old platform do something."""
    asked = urllib.request.Request(f"{CONTROL}/{name}/{act}", b"", method="POST")  # noqa: S310 - the lab's
    urllib.request.urlopen(asked, timeout=5).close()  # noqa: S310 - the lab's
