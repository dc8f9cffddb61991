"""A front is a Service that one write can move, and whose sides can be told apart."""

from __future__ import annotations

import pytest

from migrator.platform.kubernetes.slices import NEW, Port
from migrator.platform.kubernetes.subject import Identity
from subjects import faults, read, rules, with_cutover, with_objects


def test_a_port_without_a_name_and_an_identity_without_a_port_meet() -> None:
    subject = read(
        with_objects("name: http, ", ""),
        with_cutover("port: http, addr", "addr").replace("{port: http, path", "{path"),
    )
    assert subject.fronts[0].identity.port == ""
    assert subject.fronts[0].old.ports == (Port("", 8081),)


def test_a_front_without_an_identity_is_asked_on_its_only_port() -> None:
    line = '    identity: {port: http, path: /whoami, old: "side=old", new: "side=new"}\n'
    subject = read(cutover=with_cutover(line, ""))
    assert subject.fronts[0].identity == Identity("http")
    assert subject.fronts[0].identity.expected(NEW) == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  selector: {app: folkbok}\n", "", "a front needs its selector"),
        ("spec:\n", "spec:\n  clusterIP: None\n", "a headless Service"),
        ("spec:\n", "spec:\n  type: ExternalName\n", "an ExternalName"),
        ("spec:\n", "spec:\n  ipFamilies: [IPv6]\n", "the Service speaks IPv6"),
        ("port: 80,", "port: web,", "wants a port from 1 to 65535"),
        (
            "    - {name: http",
            "    - {name: x, port: 81}\n    - {name: http",
            "the port 'x' of the",
        ),
        ("    - {name: http", "    - {name: http, port: 81}\n    - {name: http", "stands twice"),
        ("targetPort: 8080", "protocol: UDP", "only TCP can be asked"),
        ("    - {name: http, port: 80, targetPort: 8080}\n", "", "a front needs ports"),
    ],
)
def test_a_service_that_one_write_cannot_move_is_no_front(old: str, new: str, words: str) -> None:
    assert words in "\n".join(faults(with_objects(old, new)))


def test_ports_with_different_addresses_need_two_writes_and_are_refused() -> None:
    objects = with_objects("    - {name: http", "    - {name: adm, port: 81}\n    - {name: http")
    cutover = with_cutover("old: [", "old: [{port: adm, addresses: [10.78.0.3], number: 9},")
    assert "all ports of a front need the same addresses" in "\n".join(faults(objects, cutover))


def test_several_ports_need_an_identity_that_says_which() -> None:
    objects = with_objects("    - {name: http", "    - {name: adm, port: 81}\n    - {name: http")
    cutover = with_cutover("old: [", "old: [{port: adm, addresses: [10.78.0.2], number: 9},")
    assert read(objects, cutover).fronts[0].old.ports == (Port("adm", 9), Port("http", 8081))
    unnamed = cutover.replace("{port: http, path", "{path")
    assert "say which one is asked" in "\n".join(faults(objects, unnamed))


def test_a_front_that_chooses_no_pods_or_keeps_its_callers_is_a_finding() -> None:
    objects = with_objects("spec:\n", "spec:\n  sessionAffinity: ClientIP\n")
    assert rules(objects) == [("front-affinity", 5)]
    assert rules(with_objects("{app: folkbok}", "{app: x}")) == [("front-without-pods", 5)]
