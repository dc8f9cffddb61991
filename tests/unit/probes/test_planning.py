"""Which looks prove which links, and why some have none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from migrator.ids import ComponentId, SubsystemId
from migrator.probes.model import (
    LOOKS_FILE,
    Address,
    Answers,
    CheckRule,
    Match,
    Purpose,
    Stand,
    Untestable,
    Waiver,
)
from sweeping import (
    a_declaration,
    a_row,
    answers,
    planned,
    reasons_of,
    rows_of,
    told,
)

WEB, PAYMENTS, LEDGER = SubsystemId("web"), SubsystemId("payments"), SubsystemId("ledger")
FRONT, STORE = ComponentId("web.app"), ComponentId("ledger.db")

ROWS = (
    a_row("l-1", "web.app", "payments.app"),
    a_row("l-2", "payments.app", "ledger.db", protocol="jdbc", port=5432, criticality=5),
    a_row("l-3", "ledger.app", "ledger.db", protocol="jdbc", port=5432),
    a_row("l-4", "night.job", "ledger.db", protocol="file", port=None),
)


def test_every_link_has_a_look_or_a_reason(tmp_path: Path) -> None:
    plan = planned(tmp_path, ROWS)
    assert (plan.links, plan.touched, plan.looks, plan.reasons) == (4, 4, 2, {"no-port": 1})
    assert reasons_of(plan) == {"l-1": "", "l-2": "", "l-3": "", "l-4": "no-port"}
    links = rows_of(plan)
    assert links["l-2"]["look"] == links["l-3"]["look"] != links["l-1"]["look"]
    assert links["l-1"] == {
        "link": "l-1",
        "look": links["l-1"]["look"],
        "reason": "",
        "rule": None,
        "touched": True,
        "source": "web.app",
        "target": "payments.app",
        "source_subsystem": "web",
        "target_subsystem": "payments",
        "protocol": "https",
        "port": 443,
        "criticality": 3,
        "vantage": "old",
        "expected": "old",
    }
    assert rows_of(plan, LOOKS_FILE)[str(links["l-2"]["look"])] == {
        "look": links["l-2"]["look"],
        "vantage": "old",
        "place": 1,
        "kind": "tcp",
        "host": "10.1.0.4",
        "port": 5432,
        "criticality": 5,
        "links": 2,
        "marked": False,
        "rule": None,
    }


def test_an_agent_hears_its_looks_in_order_the_critical_ones_first(tmp_path: Path) -> None:
    plan = planned(tmp_path, ROWS)
    first, second = told(plan, "old")
    assert first == {
        "id": rows_of(plan)["l-2"]["look"],
        "kind": "tcp",
        "host": "10.1.0.4",
        "port": 5432,
        "seconds": 3.0,
        "need": 1,
        "of": 3,
        "args": {"stays_ms": 100},
    }
    assert (second["host"], second["kind"], second["args"]) == (
        "10.1.0.2",
        "tls",
        {"verify": False},
    )
    assert told(plan, "new") == []


def test_a_waves_links_are_touched_in_both_directions(tmp_path: Path) -> None:
    plan = planned(tmp_path, ROWS, members=(PAYMENTS,), scope="w01")
    expected = {link: row["expected"] for link, row in rows_of(plan).items()}
    assert expected == {"l-1": "old", "l-2": "old"}
    assert (plan.links, plan.touched, plan.scope, plan.members) == (2, 2, "w01", (PAYMENTS,))


def test_a_sample_of_the_rest_is_looked_at_too(tmp_path: Path) -> None:
    declared = a_declaration(sample=1.0)
    plan = planned(tmp_path, ROWS, members=(PAYMENTS,), declared=declared)
    touched = {link: row["touched"] for link, row in rows_of(plan).items()}
    assert touched == {"l-1": True, "l-2": True, "l-3": False, "l-4": False}
    assert (plan.links, plan.touched) == (4, 2)


def test_the_sample_is_the_seeds_and_the_share_holds(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(64)]
    owners = {ComponentId(name): SubsystemId(name) for name in names}
    rows = [a_row(f"{a}-{b}", a, b) for a in names for b in names]
    drawn = []
    for number, seed in enumerate((1, 1, 2)):
        (tmp_path / str(number)).mkdir()
        declared = a_declaration(sample=0.25)
        plan = planned(
            tmp_path / str(number),
            rows[:: 1 if number else -1],
            owners=owners,
            seed=seed,
            declared=declared,
            members=(SubsystemId("nobody"),),
        )
        drawn.append(set(rows_of(plan)))
    assert drawn[0] == drawn[1] != drawn[2]
    there = {tuple(link.split("-")) for link in drawn[0]}
    assert there != {(b, a) for a, b in there}
    # Four standard deviations of a fair draw around a quarter of 4,096.
    assert all(abs(len(each) - 1024) < 111 for each in drawn)


def test_callers_are_seen_from_where_they_are_and_targets_where_they_live(tmp_path: Path) -> None:
    both = Answers(
        Address("10.1.1.1"), Address("10.1.1.2", 99), Address("10.2.1.1"), Address("10.2.1.2")
    )
    declared = a_declaration(addresses={ComponentId("payments.app"): both})
    seen = {}
    there = "new"
    where: tuple[dict[SubsystemId, str], ...] = (
        {},
        {WEB: there},
        {PAYMENTS: there},
        {WEB: there, PAYMENTS: there},
    )
    for number, sides in enumerate(where):
        plan = planned(tmp_path, ROWS[:1], id=f"s{number}", sides=sides, declared=declared)
        (look,) = rows_of(plan, LOOKS_FILE).values()
        (link,) = rows_of(plan).values()
        seen[number] = (look["vantage"], look["host"], look["port"], link["expected"])
    assert seen == {
        0: ("old", "10.1.1.1", 443, "old"),
        1: ("new", "10.1.1.2", 99, "old"),
        2: ("old", "10.2.1.1", 443, "new"),
        3: ("new", "10.2.1.2", 443, "new"),
    }


def test_the_first_rule_that_matches_says_who_speaks_for_a_caller(tmp_path: Path) -> None:
    stands = (
        Stand(FRONT, None, "new", ""),
        Stand(None, LEDGER, "old", "new"),
        Stand(None, PAYMENTS, "", "new"),
    )
    plan = planned(tmp_path, ROWS, declared=a_declaration(stands=stands))
    found = {link: (row["vantage"], row["reason"]) for link, row in rows_of(plan).items()}
    assert found == {
        "l-1": ("new", ""),
        "l-2": ("", "no-vantage"),
        "l-3": ("old", ""),
        "l-4": ("", "no-vantage"),
    }


def test_a_link_without_a_look_says_why(tmp_path: Path) -> None:
    addresses = {
        ComponentId("payments.app"): Answers(None, None, Address("10.2.0.1"), None),
        STORE: answers("192.168.0.1", "10.2.0.2"),
        FRONT: answers("Web.example", "10.2.0.3"),
    }
    rows = (
        *ROWS,
        a_row("l-5", "night.job", "web.app", protocol="snmp", port=161),
        a_row("l-6", "web.app", "ledger.app"),
        a_row("l-7", "ledger.app", "web.app"),
    )
    plan = planned(
        tmp_path, rows, sides={LEDGER: "none"}, declared=a_declaration(addresses=addresses)
    )
    assert reasons_of(plan) == {
        "l-1": "no-address",
        "l-2": "no-side",
        "l-3": "no-side",
        "l-4": "no-side",
        "l-5": "no-check",
        "l-6": "no-side",
        "l-7": "no-side",
    }
    again = planned(tmp_path, rows, id="s2", declared=a_declaration(addresses=addresses))
    assert reasons_of(again) == {
        "l-1": "no-address",
        "l-2": "not-allowed",
        "l-3": "not-allowed",
        "l-4": "not-allowed",
        "l-5": "no-check",
        "l-6": "no-address",
        "l-7": "",
    }


def test_what_is_untestable_or_waived_has_no_look(tmp_path: Path) -> None:
    declared = a_declaration(
        untestable=(Untestable(Match(source=ComponentId("night.job")), "a", "b", "c"),),
        waived=(
            Waiver(Match(link="l-1"), "Kim", "known", date(2023, 10, 12)),
            Waiver(Match(component=STORE, port=5432), "Kim", "known", date(2023, 10, 13)),
            Waiver(Match(protocol="file"), "Kim", "known", date(2023, 10, 14)),
        ),
    )
    plan = planned(tmp_path, ROWS, declared=declared)
    found = {link: (row["reason"], row["rule"]) for link, row in rows_of(plan).items()}
    assert found == {
        "l-1": ("", None),
        "l-2": ("waived", 1),
        "l-3": ("waived", 1),
        "l-4": ("untestable", 0),
    }
    assert plan.warnings == ("waived[0] of Kim ended on 2023-10-12; its links are looked at",)
    assert plan.looks == 1


@pytest.mark.parametrize(
    "match",
    [
        Match(link="l-1"),
        Match(source=FRONT),
        Match(source_subsystem=WEB),
        Match(component=ComponentId("payments.app")),
        Match(subsystem=PAYMENTS),
        Match(protocol="https", port=443),
        Match(source=FRONT, component=ComponentId("payments.app"), protocol="https", port=443),
    ],
)
def test_a_rule_takes_out_the_links_that_it_names_and_no_others(
    tmp_path: Path, match: Match
) -> None:
    waived = (Waiver(match, "Kim", "known", date(2023, 10, 14)),)
    plan = planned(tmp_path, ROWS, declared=a_declaration(waived=waived))
    found = {link for link, reason in reasons_of(plan).items() if reason == "waived"}
    assert found == {"l-1"}


def test_a_rule_about_what_the_estate_has_not_takes_nothing_out(tmp_path: Path) -> None:
    waived = (Waiver(Match(component=ComponentId("gone")), "Kim", "known", date(2023, 10, 14)),)
    checks = (CheckRule(Match(subsystem=SubsystemId("gone")), "smtp"),)
    plan = planned(tmp_path, ROWS, declared=a_declaration(waived=waived, checks=checks))
    assert plan.reasons == {"no-port": 1}
    assert {row["kind"] for row in rows_of(plan, LOOKS_FILE).values()} == {"tcp", "tls"}


def test_the_first_check_that_matches_is_asked(tmp_path: Path) -> None:
    checks = (
        CheckRule(
            Match(component=STORE, port=5432),
            "tcp",
            tls=True,
            args='{"stays_ms":5}',
            old="side=old",
            new="side=new",
            server_name="ledger.example",
            seconds=9.0,
            need=2,
            of=5,
        ),
        CheckRule(Match(subsystem=LEDGER), "ssh_banner"),
        CheckRule(Match(protocol="https"), "smtp"),
    )
    plan = planned(tmp_path, ROWS, declared=a_declaration(checks=checks))
    looks = {str(row["host"]): row for row in rows_of(plan, LOOKS_FILE).values()}
    assert {host: (row["kind"], row["rule"], row["marked"]) for host, row in looks.items()} == {
        "10.1.0.2": ("smtp", 2, False),
        "10.1.0.4": ("tcp", 0, True),
    }
    (line,) = (each for each in told(plan, "old") if each["kind"] == "tcp")
    del line["id"]
    assert line == {
        "kind": "tcp",
        "host": "10.1.0.4",
        "port": 5432,
        "tls": True,
        "args": {"stays_ms": 5},
        "old": "side=old",
        "new": "side=new",
        "server_name": "ledger.example",
        "seconds": 9.0,
        "need": 2,
        "of": 5,
    }


def test_a_command_needs_no_port(tmp_path: Path) -> None:
    checks = (CheckRule(Match(protocol="file"), "command"),)
    plan = planned(tmp_path, ROWS[3:], declared=a_declaration(checks=checks))
    assert [line["port"] for line in told(plan, "old")] == [0]


def test_ahead_of_a_switch_the_new_side_is_looked_at_as_if_it_had_been(tmp_path: Path) -> None:
    front = Address("10.3.0.1")
    declared = a_declaration(
        addresses={
            ComponentId("payments.app"): answers("10.1.0.1", "10.2.0.1"),
            FRONT: Answers(front, front, front, front),
            STORE: answers("10.1.0.4", "10.2.0.4"),
        },
        sample=1.0,
    )
    rows = (*ROWS, a_row("l-5", "night.job", "web.app"))
    plan = planned(
        tmp_path, rows, members=(WEB, PAYMENTS), purpose=Purpose.AHEAD, declared=declared
    )
    found = {
        link: (row["vantage"], row["expected"], row["reason"])
        for link, row in rows_of(plan).items()
    }
    assert found == {
        "l-1": ("new", "new", ""),
        "l-2": ("new", "old", ""),
        "l-5": ("old", "new", "same-address"),
    }
    assert {str(row["host"]) for row in rows_of(plan, LOOKS_FILE).values()} == {
        "10.2.0.1",
        "10.1.0.4",
    }


def test_every_host_has_its_first_look_before_any_its_second(tmp_path: Path) -> None:
    rows = [
        a_row(f"l-{target}-{port}", "web.app", target, port=port)
        for target in ("payments.app", "ledger.app", "ledger.db")
        for port in range(1, 21)
    ]
    hosts = [str(line["host"]) for line in told(planned(tmp_path, rows), "old")]
    assert len(hosts) == 60
    assert all(len(set(hosts[at : at + 3])) == 3 for at in range(0, 60, 3))


def test_the_critical_looks_at_one_host_come_before_the_others_at_any(tmp_path: Path) -> None:
    rows = [
        a_row("l-1", "web.app", "payments.app", port=1, criticality=5),
        a_row("l-2", "web.app", "payments.app", port=2, criticality=5),
        a_row("l-3", "web.app", "ledger.app", criticality=1),
    ]
    assert [line["host"] for line in told(planned(tmp_path, rows), "old")] == [
        "10.1.0.2",
        "10.1.0.2",
        "10.1.0.3",
    ]
