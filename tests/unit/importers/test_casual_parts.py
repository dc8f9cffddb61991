"""Domains, groups and shared stores as subsystems; what must move with them is said."""

from __future__ import annotations

from pathlib import Path

from casual_texts import a_domain, ends, read
from migrator.inventory.model import Kind


def a_user(name: str, resource: str = "pay-db", info: str = "db=pay,uid=u,pwd=p") -> str:
    return a_domain(name) + (
        f"  groups: [{{name: g, resources: [{resource}]}}]\n"
        "  servers: [{path: /opt/s, memberships: [g]}, {path: /opt/t, memberships: [h]}]\n"
        f"  transaction: {{resources: [{{name: {resource}, key: db2, openinfo: '{info}'}}]}}\n"
    )


def test_a_store_of_one_domain_is_a_part_of_it(tmp_path: Path) -> None:
    (one,) = read(tmp_path, a=a_user("orders")).subsystems
    assert one.kind is Kind.STATEFUL
    stores = [each for each in one.components if each.role == "store"]
    assert [(each.id, each.technology) for each in stores] == [("orders.pay-db", "db2")]


def test_a_store_of_two_domains_stands_alone_and_suggests_a_relation(tmp_path: Path) -> None:
    second = a_user("billing", "payments", "uid=other,db=pay,pwd=secret")
    draft = read(tmp_path, a=a_user("orders"), b=second)
    assert [each.id for each in draft.subsystems] == ["billing", "orders", "payments"]
    assert ends(draft) == [
        ("billing.s", "payments", "xa", None),
        ("orders.s", "payments", "xa", None),
    ]
    (note,) = [each for each in draft.coverage.notes if each.topic == "shared data"]
    assert "`with` relation" in note.said


def test_a_name_alone_does_not_make_two_stores_one(tmp_path: Path) -> None:
    draft = read(tmp_path, a=a_user("orders", info="x"), b=a_user("billing", info="x"))
    assert draft.links == ()
    (suspected,) = draft.coverage.suspected
    assert (suspected.source, suspected.target) == ("billing", "orders")


def test_groups_can_be_the_subsystems(tmp_path: Path) -> None:
    draft = read(tmp_path, "group", a=a_user("orders"))
    assert [each.id for each in draft.subsystems] == ["orders.g", "orders.h"]


def test_two_servers_of_one_file_have_two_names(tmp_path: Path) -> None:
    text = a_domain("orders") + "  servers: [{path: /opt/s}, {path: /opt/s}]\n"
    (one,) = read(tmp_path, a=text).subsystems
    assert [each.id for each in one.components] == ["orders.s", "orders.s.2"]


def test_queues_and_logs_are_state_that_must_move(tmp_path: Path) -> None:
    text = a_domain("orders") + (
        "  transaction: {log: /disk/tx.log}\n"
        "  queue: {groups: [{alias: a, queues: [{name: q}]}, {alias: b, queuebase: ':memory:'}]}\n"
    )
    draft = read(tmp_path, a=text)
    assert draft.subsystems[0].kind is Kind.STATEFUL
    said = [each.said for each in draft.coverage.notes if each.topic == "state"]
    assert len(said) == 3
    assert any("lost at a stop" in each for each in said)


def test_two_domains_whose_ids_would_be_one_stay_two(tmp_path: Path) -> None:
    draft = read(tmp_path, a=a_domain("Pay"), b=a_domain("pay"))
    assert [each.id for each in draft.subsystems] == ["pay", "pay-2"]
