"""The checks of DNS and of UDP against a real name server: dnsmasq with names of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from led_talks import a_look, over_socket
from migrator.probes.agent.wire import Plain
from migrator.probes.checks.dns import DnsTalk
from migrator.probes.checks.dns_words import question
from migrator.probes.checks.talk import Finding
from migrator.probes.checks.udp import UdpTalk
from real_servers import free_port, program, running

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, int]]:
    port = free_port()
    command = [program("dnsmasq"), "--no-daemon", "--no-resolv", "--no-hosts", "--conf-file="]
    command += [f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--user="]
    command += ["--local=/example/", "--address=/shop.example/10.9.0.4", "--pid-file="]
    command += ["--txt-record=who.example,side=new", "--cname=www.example,shop.example"]
    command += ["--srv-host=_pg._tcp.example,shop.example,5432,1,2"]
    with running(command, port, tmp_path) as address:
        yield address


@pytest.mark.parametrize("over", ["udp", "tcp"])
def test_names_of_a_real_server_are_read(server: tuple[str, int], over: str) -> None:
    def ask(**args: Plain) -> Finding:
        return over_socket(DnsTalk(a_look("dns", over=over, **args)), server)

    assert ask(name="shop.example", holds="10.9.0.4").word == "ok"
    assert "side=new" in ask(name="who.example", type="TXT").seen
    assert "1 2 5432 shop.example" in ask(name="_pg._tcp.example", type="SRV").seen
    assert ask(name="nowhere.example").detail == "NXDOMAIN"
    assert ask(name="nowhere.example", expect="nxdomain").word == "ok"
    assert ask(name="elsewhere.test").word == "status"  # it has nobody to ask: REFUSED
    version = ask(name="version.bind", type="TXT", **{"class": "CH"})
    assert "dnsmasq-" in version.seen


def test_question_of_bytes_is_answered_over_plain_udp(server: tuple[str, int]) -> None:
    asked = question(4711, "who.example", 16, 1, recurse=False).hex()
    finding = over_socket(UdpTalk(a_look("udp", send_hex=asked, holds="side=new")), server)
    assert finding.word == "ok", finding
