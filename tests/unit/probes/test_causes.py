"""Thousands of failures become few lines, each of them true, the same ones on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from migrator.probes.candidates import ATTRIBUTES, FAULT, WEAKNESS
from migrator.probes.causes import (
    CAUSES_MAX,
    SYMPTOM,
    Cause,
    Explained,
    Failure,
    explain,
    sentence,
    shape_of,
    table_of,
    values_worth_a_look,
)

PLAIN = dict.fromkeys(ATTRIBUTES, "")


def a_link(name: str, word: str = "refused", detail: str = "", **values: str) -> Failure:
    filled = {**PLAIN, **values}
    return Failure(name, tuple(filled[attribute] for attribute in ATTRIBUTES), word, detail)


def explained(failing: Sequence[Failure], answering: Sequence[Failure] = ()) -> Explained:
    names = values_worth_a_look(failing)
    numbers = {}
    for place, attribute in enumerate(ATTRIBUTES):
        code = {value: number for number, value in enumerate(names[attribute], start=1)}
        own = [code.get(link.values[place], 0) for link in answering]
        numbers[attribute] = np.array(own, dtype=np.int64)
    return explain(failing, table_of(failing, names, numbers))


def commons(found: Explained) -> list[dict[str, str]]:
    return [dict(cause.attributes) for cause in found.causes]


def to_targets(*targets: str, of: str, word: str = "refused") -> list[Failure]:
    return [
        a_link(f"{of}-{number}-{target}", word, target=target, source=f"{of}{number}")
        for target in targets
        for number in range(10)
    ]


def test_a_dead_target_is_one_line_and_not_the_ten_links_to_it() -> None:
    found = explained(to_targets("db", of="web"), to_targets("queue", of="web"))
    assert commons(found) == [{"target": "db"}]
    (cause,) = found.causes
    assert (cause.kind, cause.explains, cause.failing, cause.looked) == (FAULT, 10, 10, 10)
    assert (found.cause_of, found.rest) == ((0,) * 10, 0)


def test_a_caller_that_reaches_nobody_is_named_as_the_caller() -> None:
    def calls(source: str) -> list[Failure]:
        return [a_link(f"{source}{i}", target=f"t{i}", source=source) for i in range(9)]

    assert commons(explained(calls("web"), calls("api"))) == [{"source": "web"}]


def test_a_rule_between_two_networks_on_a_port_is_found_among_links_that_answer() -> None:
    def links(start: str, net: str, port: str) -> list[Failure]:
        return [
            a_link(
                f"{start}{net}{port}{i}",
                "timeout",
                source_subsystem=start,
                network=net,
                port=port,
                target=f"{net}-{i}",
            )
            for i in range(30)
        ]

    around = [
        link
        for start in "abc"
        for net in ("n1", "n2", "n3")
        for port in ("1521", "443", "22")
        for link in links(start, net, port)
        if (start, net, port) != ("a", "n2", "1521")
    ]
    found = explained(links("a", "n2", "1521"), around)
    assert commons(found) == [{"source_subsystem": "a", "network": "n2", "port": "1521"}]
    assert sentence(found.causes[0]) == (
        "all 30 links from subsystem a to network n2 on port 1521: timeout"
    )


def test_a_second_attribute_is_said_only_where_it_makes_the_line_truer() -> None:
    failing = [a_link(f"l{i}", target="db", port="1521") for i in range(50)]
    assert commons(explained(failing)) == [{"target": "db"}]
    answering = [a_link(f"k{i}", target="db", port="22") for i in range(30)]
    answering += [a_link(f"m{i}", target="x", port="1521") for i in range(30)]
    assert commons(explained(failing, answering)) == [{"target": "db", "port": "1521"}]


def test_one_exception_is_no_reason_for_a_longer_sentence() -> None:
    failing = [a_link(f"l{i}", target="db", port="1521") for i in range(200)]
    answering = [a_link("k", target="db", port="22")]
    answering += [a_link(f"m{i}", target="x", port="1521") for i in range(90)]
    assert commons(explained(failing, answering)) == [{"target": "db"}]


def test_two_faults_are_two_lines_the_larger_first() -> None:
    failing = [*to_targets("a", of="x"), *to_targets("b", "c", of="y")]
    failing = [
        replace_value(link, "vantage", "lost" if "y" in link.link else "") for link in failing
    ]
    found = explained(failing, [a_link("fine", target="d", vantage="other")])
    assert commons(found) == [{"vantage": "lost"}, {"target": "a"}]
    assert [cause.explains for cause in found.causes] == [20, 10]


def replace_value(link: Failure, attribute: str, value: str) -> Failure:
    values = list(link.values)
    values[ATTRIBUTES.index(attribute)] = value
    return replace(link, values=tuple(values))


def test_what_is_explained_once_is_not_counted_again() -> None:
    failing = [a_link(f"a{i}", target="db", source="web") for i in range(5)]
    failing += [a_link(f"b{i}", target="db", source=f"s{i}") for i in range(5)]
    failing += [a_link(f"c{i}", target=f"t{i}", source="web") for i in range(4)]
    found = explained(failing)
    assert commons(found) == [{"target": "db"}, {"source": "web"}]
    assert [(cause.explains, cause.failing) for cause in found.causes] == [(10, 10), (4, 9)]
    assert sentence(found.causes[1]) == (
        "all 9 links from web: refused; 4 of them in no line above"
    )


def test_a_third_of_the_links_behind_a_balancer_is_a_weakness_and_not_a_fault() -> None:
    failing = [a_link(f"f{i}", target="front", source=f"s{i}") for i in range(30)]
    answering = [a_link(f"o{i}", target="front", source=f"r{i}") for i in range(60)]
    answering += [a_link(f"q{i}", target="other", source=f"s{i % 30}") for i in range(600)]
    (cause,) = explained(failing, answering).causes
    assert (cause.kind, dict(cause.attributes)) == (WEAKNESS, {"target": "front"})
    assert sentence(cause) == "30 of 90 links to front: refused"


def test_failures_that_share_nothing_are_told_by_their_symptom() -> None:
    failing = [
        a_link(
            f"f{i}", "tls", f"certificate of host{i}.example expired {i} days ago", target=f"t{i}"
        )
        for i in range(40)
    ]
    answering = [a_link(f"o{i}", target=f"t{i % 40}") for i in range(4_000)]
    (cause,) = explained(failing, answering).causes
    assert (cause.kind, cause.attributes, cause.explains) == (SYMPTOM, (), 40)
    assert sentence(cause) == (
        "40 links with nothing in common but: tls (certificate of * expired * days ago)"
    )


def test_there_are_never_more_lines_than_a_person_reads_and_the_rest_is_counted() -> None:
    failing = [
        link for i in range(30) for link in to_targets(f"t{i:02}", of=f"s{i:02}-", word=f"w{i:02}")
    ]
    found = explained(failing)
    assert len(found.causes) == CAUSES_MAX
    assert found.rest == 200
    assert found.cause_of.count(None) == 200
    assert commons(found)[0] == {"target": "t00"}


def test_dead_machines_never_take_the_lines_of_everything_else() -> None:
    dead = [link for i in range(30) for link in to_targets(f"t{i:02}", of=f"s{i:02}-")]
    spread = [a_link(f"z{i}", "tls", target=f"u{i}", source=f"v{i}") for i in range(90)]
    fine = [a_link(f"k{i}", target=f"u{i % 90}", source=f"v{i % 90}") for i in range(900)]
    lines = explained([*dead, *spread], fine).causes
    assert [(cause.kind, cause.explains) for cause in lines[-2:]] == [(SYMPTOM, 220), (SYMPTOM, 90)]
    assert all(cause.kind == FAULT for cause in lines[:-2])


def test_a_single_link_is_a_line_of_its_own_only_where_all_can_be_shown() -> None:
    def failing(number: int) -> list[Failure]:
        return [a_link(f"l{i}", "dns", target=f"t{i}") for i in range(number)]

    assert commons(explained(failing(3))) == [{"target": f"t{i}"} for i in range(3)]
    assert [cause.explains for cause in explained(failing(30)).causes] == [30]


def test_every_failure_belongs_to_one_line_or_to_the_rest() -> None:
    chance = random.Random(3)
    for _ in range(20):
        links = [
            a_link(
                f"l{i}",
                chance.choice(["refused", "timeout"]),
                target=f"t{chance.randrange(12)}",
                source_subsystem=f"s{chance.randrange(4)}",
                network=f"n{chance.randrange(5)}",
                port=str(chance.randrange(3)),
                vantage=f"v{chance.randrange(3)}",
            )
            for i in range(150)
        ]
        cut = chance.randrange(1, 150)
        found = explained(links[:cut], links[cut:])
        counts = [found.cause_of.count(place) for place in range(len(found.causes))]
        assert counts == [cause.explains for cause in found.causes]
        assert all(counts)
        assert sum(counts) + found.rest == cut
        for cause in found.causes:
            if cause.kind != SYMPTOM:
                assert (cause.failing, cause.looked) == counted(cause, links, cut)


def counted(cause: Cause, links: Sequence[Failure], cut: int) -> tuple[int, int]:
    """The plain way: go through all links."""
    hits = [
        all(link.values[ATTRIBUTES.index(name)] == value for name, value in cause.attributes)
        for link in links
    ]
    return sum(hits[:cut]), sum(hits)


def test_the_order_of_the_failures_changes_nothing() -> None:
    failing = [link for i in range(14) for link in to_targets(f"t{i}", of=f"s{i}-")]
    answering = to_targets("t3", "t5", of="r")
    once = explained(failing, answering).causes
    random.Random(5).shuffle(failing)
    assert explained(failing, answering).causes == once


def test_where_two_attributes_explain_the_same_the_more_concrete_one_is_said() -> None:
    failing = [
        a_link(f"l{i}", target="db", target_subsystem="kassa", network="10.0.0.0/24", port="5432")
        for i in range(7)
    ]
    assert commons(explained(failing)) == [{"target": "db"}]


def test_a_value_that_nobody_knows_explains_nothing() -> None:
    failing = [a_link(f"l{i}", target=f"t{i}", network="") for i in range(20)]
    answering = [a_link(f"k{i}", target=f"t{i % 20}", network="") for i in range(200)]
    (cause,) = explained(failing, answering).causes
    assert cause.kind == SYMPTOM


def test_no_failure_needs_no_cause() -> None:
    assert explained([]) == Explained((), (), 0)


def test_examples_are_few_and_always_the_same_ones() -> None:
    failing = [a_link(f"l{i}", target="db") for i in (9, 3, 7, 1, 5, 8, 2)]
    assert explained(failing).causes[0].examples == ("l1", "l2", "l3", "l5", "l7")


def test_words_are_said_by_how_often_they_are() -> None:
    words = ["timeout"] * 5 + ["refused"] * 3 + ["wrong_side"] * 2 + ["dns"]
    failing = [a_link(f"l{i}", word, target="db") for i, word in enumerate(words)]
    assert sentence(explained(failing).causes[0]) == (
        "all 11 links to db: timeout 5, refused 3, other 3"
    )
    assert sentence(explained([a_link("l", "wrong_side", target="db")]).causes[0]) == (
        "the only link to db: wrong side"
    )


def test_the_shape_of_a_detail_leaves_out_what_differs_from_link_to_link() -> None:
    assert shape_of("HTTP 503 from 10.1.2.3:8443 in 12ms") == "HTTP * from * in *"
    assert shape_of("no route to fd00::1:2") == "no route to *"
    assert shape_of("name 'x.y' is not in web-1.old.example") == "name * is not in *"
    assert shape_of("certificate has expired") == "certificate has expired"
