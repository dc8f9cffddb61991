"""The check of SMTP against a server that others wrote: aiosmtpd, with and without STARTTLS."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from led_talks import a_look, over_socket
from migrator.probes.checks.smtp import SmtpTalk
from real_servers import free_port, program, running

pytestmark = pytest.mark.slow


def test_server_in_the_open_is_seen_by_its_banner(tmp_path: Path) -> None:
    port = free_port()
    command = [program("aiosmtpd"), "-n", "-l", f"127.0.0.1:{port}"]
    with running(command, port, tmp_path) as address:
        finding = over_socket(SmtpTalk(a_look("smtp", holds="Python SMTP")), address)
        without = over_socket(SmtpTalk(a_look("smtp", starttls=True)), address)
    assert finding.word == "ok", finding
    assert "8BITMIME" in finding.seen
    assert (without.word, "STARTTLS" in without.detail) == ("mismatch", True)


def test_server_is_greeted_again_inside_tls(tmp_path: Path) -> None:
    port = free_port()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=mx.example", "-keyout", "key.pem", "-out", "crt.pem"),
        ],
        check=True,
        capture_output=True,
        cwd=tmp_path,
    )
    command = [program("aiosmtpd"), "-n", "-l", f"127.0.0.1:{port}"]
    command += ["--tlscert", str(tmp_path / "crt.pem"), "--tlskey", str(tmp_path / "key.pem")]
    with running(command, port, tmp_path) as address:
        finding = over_socket(SmtpTalk(a_look("smtp", starttls=True)), address)
    assert finding.word == "ok", finding
    assert "tls TLS" in finding.seen
