"""Who stands where and what is asked of whom, before any link is looked at."""

from __future__ import annotations

import json
from datetime import date

import pytest

from migrator.ids import ComponentId, SubsystemId
from migrator.probes.agent.wire import Look
from migrator.probes.checks.registry import KINDS, talk_for
from migrator.probes.columns import Table
from migrator.probes.model import (
    Address,
    Answers,
    InPod,
    Match,
    Purpose,
    Untestable,
    Waiver,
)
from migrator.probes.tables import (
    BY_PROTOCOL,
    Standing,
    check_tables,
    excuse_table,
    standing_tables,
)
from sweeping import OWNERS, a_declaration

WEB = SubsystemId("web")


def standing(**changes: object) -> Standing:
    return Standing.of(a_declaration(**changes), OWNERS, {}, (WEB,), Purpose.BASELINE)


def column(table: Table, name: str) -> list[object]:
    return list(table[name][1])


def test_every_kind_that_a_protocol_gets_exists_and_takes_what_it_is_told() -> None:
    checks = check_tables(a_declaration(), standing())["checks"]
    kinds = [str(kind) for kind in column(checks, "kind")]
    assert set(kinds) == {*BY_PROTOCOL.values()} <= {*KINDS, ""}
    for kind, tail in zip(kinds, column(checks, "tail"), strict=True):
        told: Look = json.loads('{"id":"x","host":"h","port":1' + str(tail))
        assert told["kind"] == kind
        if kind:
            talk_for(told)


def test_a_draw_depends_on_seed_and_name_alone() -> None:
    first, same, other = (
        standing_tables(standing(**changes), seed)["components"]
        for seed, changes in ((1, {}), (1, {"sample": 0.5}), (2, {}))
    )
    assert column(first, "drawn") == column(same, "drawn") != column(other, "drawn")
    assert not {*column(first, "drawn")} & {*column(first, "drawn_as_target")}


@pytest.mark.parametrize(
    ("host", "network"),
    [("10.9.8.7", "10.9.8.0/24"), ("fd00::1:2:3:4", "fd00::/64"), ("shop.example", "shop.example")],
)
def test_an_address_counts_in_its_network(host: str, network: str) -> None:
    one = Address(host)
    table = standing_tables(
        standing(
            allow=("10.0.0.0/8", "fd00::/8"),
            addresses={ComponentId("web.app"): Answers(one, one, one, one)},
        ),
        1,
    )["places"]
    assert column(table, "network") == [network]


def test_another_image_is_not_another_place() -> None:
    pods = [
        InPod("pod", namespace, "Deployment/web", image)
        for namespace, image in (("web", "a"), ("web", "b"), ("shop", "a"))
    ]
    origins = [
        column(standing_tables(standing(vantages=(pod,)), 1)["vantages"], "origin") for pod in pods
    ]
    assert origins[0] == origins[1] != origins[2]


def test_what_is_untestable_is_said_before_what_is_waived() -> None:
    declared = a_declaration(
        untestable=(Untestable(Match(protocol="a"), "r", "o", "w"),),
        waived=(
            Waiver(Match(protocol="a"), "k", "w", date(2023, 10, 12)),
            Waiver(Match(protocol="a"), "k", "w", date(2023, 10, 13)),
        ),
    )
    table, warnings = excuse_table(declared, standing(), date(2023, 10, 13))
    assert list(zip(column(table, "reason"), column(table, "rule"), strict=True)) == [
        ("untestable", 0),
        ("waived", 1),
    ]
    assert len(warnings) == 1
