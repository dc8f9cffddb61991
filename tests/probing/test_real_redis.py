"""The check of Redis against a real server, open and with a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from led_talks import a_look, over_socket
from migrator.probes.checks.redis import RedisTalk
from real_servers import free_port, program, running

pytestmark = pytest.mark.slow


def the_command(port: int, *words: str) -> list[str]:
    return [
        program("redis-server"),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        *words,
    ]


def test_open_server_tells_its_run_and_role(tmp_path: Path) -> None:
    port = free_port()
    with running(the_command(port), port, tmp_path) as address:
        look = a_look("redis", info=True, role="master", holds="run_id:")
        finding = over_socket(RedisTalk(look), address)
        wrong = over_socket(RedisTalk(a_look("redis", role="slave")), address)
    assert finding.word == "ok", finding
    assert f"tcp_port:{port}" in finding.seen
    assert wrong.word == "mismatch"


def test_server_with_a_password_is_proved_without_and_signed_in_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    with running(the_command(port, "--requirepass", "s3cret"), port, tmp_path) as address:
        without = over_socket(RedisTalk(a_look("redis", info=True)), address)
        monkeypatch.setenv("MIGRATOR_PROBE_REDIS", "s3cret")
        signed_in = a_look("redis", info=True, password_env="MIGRATOR_PROBE_REDIS")
        seen = over_socket(RedisTalk(signed_in), address)
        monkeypatch.setenv("MIGRATOR_PROBE_REDIS", "wrong")
        wrong = over_socket(RedisTalk(signed_in), address)
    assert (without.word, "NOAUTH" in without.seen) == ("ok", True)
    assert (seen.word, "redis_version:" in seen.seen) == ("ok", True)
    assert (wrong.word, "WRONGPASS" in wrong.detail) == ("status", True)
