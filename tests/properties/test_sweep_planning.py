"""Of any estate: each link has one look or one reason, and no look is out of bounds."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import date
from ipaddress import ip_address, ip_network
from pathlib import Path
from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.ids import SubsystemId
from migrator.links.table import LinkRow
from migrator.probes.model import (
    LOOKS_FILE,
    Address,
    Answers,
    CheckRule,
    Declared,
    Match,
    NoLook,
    Purpose,
    Stand,
    SweepPlan,
    Untestable,
    Waiver,
)
from sweeping import OWNERS, TODAY, a_declaration, a_row, bytes_of, planned, rows_of, told

COMPONENTS: Final = tuple(OWNERS)
SUBSYSTEMS: Final = tuple(sorted({*OWNERS.values()}))
PROTOCOLS: Final = ("https", "jdbc", "udp", "file")

HOSTS: Final = ("10.1.0.1", "10.1.0.2", "10.2.0.1", "192.168.0.1", "fd00::1", "shop.example")
"""Two of them stand outside the networks that are allowed, and one is a name."""


@dataclass(frozen=True)
class Case:
    """An estate's links, what is declared of them, and what is asked."""

    rows: tuple[LinkRow, ...]
    declared: Declared
    members: tuple[SubsystemId, ...]
    sides: dict[SubsystemId, str]
    purpose: Purpose
    seed: int


components = st.sampled_from(COMPONENTS)
subsystems = st.sampled_from(SUBSYSTEMS)
maybe_port = st.sampled_from((None, 443, 5432))
addresses = st.none() | st.builds(Address, st.sampled_from(HOSTS), maybe_port)
matches = st.builds(
    Match,
    protocol=st.sampled_from((None, *PROTOCOLS)),
    component=st.none() | components,
    subsystem=st.none() | subsystems,
    port=maybe_port,
)
excuses = st.builds(
    Match,
    source=st.none() | components,
    source_subsystem=st.none() | subsystems,
    component=st.none() | components,
    link=st.none() | st.sampled_from(("l-0", "l-1", "l-2")),
)
stands = st.builds(
    Stand,
    component=st.none() | components,
    subsystem=st.none(),
    old=st.sampled_from(("", "old", "new")),
    new=st.sampled_from(("", "new")),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Some case."""
    ends = draw(st.lists(st.tuples(components, components), max_size=12))
    rows = tuple(
        a_row(
            f"l-{number}",
            source,
            target,
            protocol=draw(st.sampled_from(PROTOCOLS)),
            port=draw(maybe_port),
            criticality=draw(st.integers(1, 5)),
        )
        for number, (source, target) in enumerate(ends)
    )
    declared = a_declaration(
        addresses=draw(
            st.dictionaries(
                components, st.builds(Answers, addresses, addresses, addresses, addresses)
            )
        ),
        stands=(*draw(st.lists(stands, max_size=2)), Stand(None, None, "old", "new")),
        checks=tuple(
            CheckRule(match, "tcp", seconds=float(number + 1))
            for number, match in enumerate(draw(st.lists(matches, max_size=3)))
        ),
        untestable=tuple(
            Untestable(match, "a", "b", "c") for match in draw(st.lists(excuses, max_size=1))
        ),
        waived=tuple(
            Waiver(match, "a", "b", date(2023, 10, 12 + 2 * number))
            for number, match in enumerate(draw(st.lists(excuses, max_size=2)))
        ),
        sample=draw(st.sampled_from((0.0, 0.3, 1.0))),
    )
    return Case(
        rows,
        declared,
        tuple(draw(st.lists(subsystems, max_size=2, unique=True))),
        draw(st.dictionaries(subsystems, st.sampled_from(("old", "new", "none")))),
        draw(st.sampled_from(list(Purpose))),
        draw(st.integers(0, 3)),
    )


def plan_of(case: Case, folder: Path) -> SweepPlan:
    return planned(
        folder,
        case.rows,
        declared=case.declared,
        members=case.members,
        sides=case.sides,
        purpose=case.purpose,
        seed=case.seed,
    )


def excused(case: Case, row: LinkRow) -> tuple[str, int] | None:
    """The first rule that takes a link out, in plain Python."""
    rules = [("untestable", n, each.match) for n, each in enumerate(case.declared.untestable)]
    rules += [
        ("waived", n, each.match)
        for n, each in enumerate(case.declared.waived)
        if each.until >= TODAY
    ]
    facts = {
        "link": row.id,
        "source": row.source,
        "component": row.target,
        "source_subsystem": OWNERS[row.source],
    }
    for reason, number, match in rules:
        wanted = {key: getattr(match, key) for key in facts}
        if all(value in {None, facts[key]} for key, value in wanted.items()):
            return reason, number
    return None


@settings(max_examples=25, deadline=None)
@given(cases())
def test_every_link_in_scope_has_one_look_within_bounds_or_one_reason(case: Case) -> None:
    with tempfile.TemporaryDirectory() as name:
        plan = plan_of(case, Path(name))
        links, looks = rows_of(plan), rows_of(plan, LOOKS_FILE)
        lines = {each.id: told(plan, each.id) for each in plan.vantages}
    check_scope(case, links)
    reasons = [str(link["reason"]) for link in links.values()]
    assert {*filter(None, reasons)} <= {each.value for each in NoLook}
    assert all(bool(link["look"]) != bool(link["reason"]) for link in links.values())
    heard = [line for each in lines.values() for line in each]
    assert {link["look"] for link in links.values()} - {""} == set(looks)
    assert sorted(str(line["id"]) for line in heard) == sorted(looks)
    assert plan.reasons == {each: reasons.count(each) for each in {*reasons} - {""}}
    assert (plan.links, plan.looks) == (len(links), len(looks))
    check_allowed(case, {str(line["host"]) for line in heard})
    for each in lines.values():
        check_order([looks[str(line["id"])] for line in each])


def check_scope(case: Case, links: dict[str, dict[str, object]]) -> None:
    """Every touched link is there, and what a rule takes out is what it says."""
    whole = not case.members or case.purpose is Purpose.ALL
    for row in case.rows:
        touched = whole or bool({OWNERS[row.source], OWNERS[row.target]} & {*case.members})
        assert row.id in links or not touched
        if row.id in links:
            found = links[row.id]
            assert found["touched"] == touched
            said = (str(found["reason"]), found["rule"])
            assert excused(case, row) == (said if found["rule"] is not None else None)


def check_allowed(case: Case, hosts: set[str]) -> None:
    """No look is outside the allow-list; names are judged where they are resolved."""
    networks = [ip_network(text) for text in case.declared.allow]
    for host in hosts - {"shop.example"}:
        address = ip_address(host)
        assert any(address in each for each in networks if each.version == address.version)


def check_order(rows: list[dict[str, object]]) -> None:
    """The critical looks come first, and among equals the hosts take turns."""
    assert [row["place"] for row in rows] == list(range(1, len(rows) + 1))
    turns: dict[tuple[int, str], int] = {}
    last = (-9, 0)
    for row in rows:
        level = int(str(row["criticality"]))
        key = (level, str(row["host"]))
        turns[key] = turns.get(key, 0) + 1
        assert (-level, turns[key]) >= last
        last = (-level, turns[key])


@settings(max_examples=10, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_a_plan_is_its_seeds_and_no_order_of_rows(case: Case, random: Random) -> None:
    shuffled = list(case.rows)
    random.shuffle(shuffled)
    other = replace(case, rows=tuple(shuffled))
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        assert bytes_of(plan_of(case, Path(first))) == bytes_of(plan_of(other, Path(second)))
