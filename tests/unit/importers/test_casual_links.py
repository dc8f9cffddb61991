"""Who calls whom: gateways by address, reverse gateways, forwards, shared stores, HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from casual_texts import a_domain, ends, read

DIALS_PAY = "{address: 'pay.example:7771', services: [pay/now], queues: [q1]}"
PAY = a_domain("pay", listens="pay.example:7771")


def test_a_domain_that_dials_anothers_address_is_linked_to_it(tmp_path: Path) -> None:
    draft = read(tmp_path, a=a_domain("orders", dials=DIALS_PAY), b=PAY)
    assert ends(draft) == [("orders.out", "pay.in", "xatmi", 7771)]
    (evidence,) = draft.links[0].evidence
    assert (evidence.file, evidence.line) == ("a.yaml", 4)
    assert "services=pay/now" in evidence.what


def test_an_address_is_compared_without_regard_to_case(tmp_path: Path) -> None:
    draft = read(tmp_path, a=a_domain("orders", dials="{address: 'PAY.example:7771'}"), b=PAY)
    assert ends(draft) == [("orders.out", "pay.in", "xatmi", 7771)]


def test_a_domain_that_listens_on_the_address_itself_means_the_other(tmp_path: Path) -> None:
    own = a_domain("orders", listens="pay.example:7771", dials=DIALS_PAY)
    draft = read(tmp_path, a=own, b=PAY)
    assert ends(draft) == [("orders.out", "pay.in", "xatmi", 7771)]


def test_an_address_of_nobody_is_an_unknown_system_and_said(tmp_path: Path) -> None:
    draft = read(tmp_path, a=a_domain("orders", dials="{address: 'far.example:9'}"))
    assert ends(draft) == [("orders.out", "unknown-far.example", "xatmi", 9)]
    (lost,) = draft.coverage.unresolved
    assert (lost.name, lost.why) == (
        "far.example:9",
        "nothing among the files listens on this address",
    )


def test_two_who_listen_on_one_address_prove_nobody(tmp_path: Path) -> None:
    other = a_domain("copy", listens="pay.example:7771")
    draft = read(tmp_path, a=a_domain("orders", dials=DIALS_PAY), b=PAY, c=other)
    assert ends(draft) == [("orders.out", "unknown-pay.example", "xatmi", 7771)]
    assert "copy, pay all listen" in draft.coverage.unresolved[0].why


def test_one_who_listens_on_every_address_is_only_suspected(tmp_path: Path) -> None:
    everywhere = a_domain("pay", listens="0.0.0.0:7771")
    draft = read(tmp_path, a=a_domain("orders", dials=DIALS_PAY), b=everywhere)
    assert [each.target for each in draft.links] == ["unknown-pay.example"]
    assert [(each.source, each.target) for each in draft.coverage.suspected] == [("orders", "pay")]


def test_the_machine_itself_is_believed_with_a_question(tmp_path: Path) -> None:
    draft = read(
        tmp_path,
        a=a_domain("orders", dials="{address: '127.0.0.1:5'}"),
        b=a_domain("pay", listens="127.0.0.1:5"),
    )
    assert ends(draft) == [("orders.out", "pay.in", "xatmi", 5)]
    assert any(each.topic == "same machine?" for each in draft.coverage.notes)


def test_an_address_with_an_unknown_variable_makes_no_link(tmp_path: Path) -> None:
    draft = read(tmp_path, a=a_domain("orders", dials="{address: '${PAY}:7771'}"), b=PAY)
    assert draft.links == ()
    assert draft.coverage.variables[0].name == "PAY"
    assert draft.coverage.unresolved[0].name == "${PAY}:7771"


def test_the_domains_own_variables_have_values(tmp_path: Path) -> None:
    more = "  environment: {variables: [{key: PAY, value: pay.example}]}\n"
    orders = a_domain("orders", dials="{address: '${PAY}:7771'}", more=more)
    assert ends(read(tmp_path, a=orders, b=PAY)) == [("orders.out", "pay.in", "xatmi", 7771)]


def test_in_a_reverse_gateway_calls_run_against_the_connection(tmp_path: Path) -> None:
    caller = a_domain("caller") + (
        "  gateway: {reverse: {outbound: {groups: [{alias: ro, connections: "
        "[{address: 'old.example:8'}]}]}}}\n"
    )
    called = a_domain("called") + (
        "  gateway: {reverse: {inbound: {groups: [{alias: ri, connections: "
        "[{address: 'old.example:8'}]}]}}}\n"
    )
    draft = read(tmp_path, a=caller, b=called)
    assert ends(draft) == [("caller.ro", "called.ri", "xatmi-reverse", 8)]
    assert "called opens the connection" in draft.links[0].evidence[0].what


def test_the_shapes_of_old_versions_are_read(tmp_path: Path) -> None:
    pay = "domain: {name: pay, gateway: {listeners: [{address: 'p:1'}]}}\n"
    orders = "domain: {name: orders, gateway: {connections: [{address: 'p:1'}]}}\n"
    assert ends(read(tmp_path, a=orders, b=pay)) == [("orders.outbound", "pay.inbound", "xatmi", 1)]


@pytest.mark.parametrize("target", ["{queue: p1}", "{service: pay/now}"])
def test_a_forward_to_another_domain_is_one_more_evidence(tmp_path: Path, target: str) -> None:
    more = (
        "  queue: {groups: [{alias: g, queues: [{name: o1}]}], forward: {groups: [{queues: "
        f"[{{source: o1, target: {target}}}]}}]}}}}\n"
    )
    pay = PAY + "  queue: {groups: [{alias: g, queues: [{name: p1}]}]}\n"
    draft = read(tmp_path, a=a_domain("orders", dials=DIALS_PAY, more=more), b=pay)
    (link,) = draft.links
    assert [each.kind.value for each in link.evidence] == ["casual_outbound", "casual_forward"]


def test_a_forward_inside_a_domain_is_no_link(tmp_path: Path) -> None:
    more = (
        "  queue: {groups: [{alias: g, queues: [{name: o1}, {name: o2}]}], forward: {groups: "
        "[{queues: [{source: o1, target: {queue: o2}}]}]}}\n"
    )
    draft = read(tmp_path, a=a_domain("orders", more=more))
    assert (draft.links, draft.coverage.unresolved) == ((), ())


def test_a_forward_to_nobody_knows_whom_is_unresolved(tmp_path: Path) -> None:
    more = "  queue: {forward: {groups: [{services: [{source: o1, target: {service: gone}}]}]}}\n"
    (lost,) = read(tmp_path, a=a_domain("orders", more=more)).coverage.unresolved
    assert lost.name == "service gone"


def test_http_outbound_leads_to_the_urls_host(tmp_path: Path) -> None:
    web = "http: {services: [{name: rates, url: 'https://bank.example/rates'}]}\n"
    draft = read(tmp_path, a=a_domain("orders"), b=web)
    assert ends(draft) == [("orders.orders", "unknown-bank.example", "https", 443)]


def test_a_door_without_a_caller_is_named(tmp_path: Path) -> None:
    (note,) = read(tmp_path, a=PAY).coverage.notes
    assert (note.topic, note.about) == ("door without a caller", "pay/in")
