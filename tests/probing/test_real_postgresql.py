"""The check of PostgreSQL against a real server: each way to be let in, and to be turned away."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from led_talks import a_look, over_socket
from migrator.probes.agent.wire import Plain
from migrator.probes.checks.postgresql import PostgresqlTalk
from migrator.probes.checks.talk import Finding
from postgresql_server import QUICK, Server, programs
from real_servers import free_port

pytestmark = pytest.mark.postgresql

RULES = """\
local all all trust
host all open 127.0.0.1/32 trust
host all scram 127.0.0.1/32 scram-sha-256
host all old 127.0.0.1/32 md5
hostssl all plain 127.0.0.1/32 password
host all shut 127.0.0.1/32 reject
"""


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    found, port = programs(), free_port()
    if found is None:
        pytest.skip("no PostgreSQL server is installed here")
    listen = f"-c listen_addresses=127.0.0.1 -c port={port} -c cluster_name=side-new"
    server = Server(found, f"{QUICK} {listen}")
    try:
        data = server.folder / "data"
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
        make += ["-subj", "/CN=db.example", "-keyout", "server.key", "-out", "server.crt"]
        subprocess.run(make, check=True, capture_output=True, cwd=data)
        owner = data.stat()
        for name in ("server.key", "server.crt"):
            os.chown(data / name, owner.st_uid, owner.st_gid)
            (data / name).chmod(0o600)
        (data / "pg_hba.conf").write_text(RULES)
        with psycopg.connect(
            host=str(server.folder), port=port, user="migrator", dbname="postgres", autocommit=True
        ) as connection:
            for user in ("open", "scram", "plain", "shut"):
                connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 's3crét'".encode())
            connection.execute("SET password_encryption = 'md5'")
            connection.execute("CREATE ROLE old LOGIN PASSWORD 's3crét'")
            connection.execute("ALTER SYSTEM SET ssl = on")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("SELECT pg_sleep(0.2)")
        yield "127.0.0.1", port
    finally:
        server.remove()


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATOR_PROBE_DB", "s3crét")
    monkeypatch.setenv("MIGRATOR_PROBE_WRONG", "other")


def look(address: tuple[str, int], *, tls: bool = False, **args: Plain) -> Finding:
    asked = a_look("postgresql", database="postgres", **args)
    return over_socket(PostgresqlTalk({**asked, "tls": tls}), address)


@pytest.mark.parametrize("tls", [False, True])
def test_server_is_proved_by_a_stranger(address: tuple[str, int], tls: bool) -> None:
    finding = look(address, tls=tls)
    assert finding.word == "ok", finding
    assert finding.detail.startswith("28000 ")


@pytest.mark.parametrize("tls", [False, True])
def test_server_is_proved_by_what_it_asks_a_known_user_for(
    address: tuple[str, int], tls: bool
) -> None:
    assert look(address, tls=tls, user="scram").detail == "asks scram for sasl"
    assert look(address, tls=tls, user="open").detail == "asks open for nothing"
    assert look(address, tls=tls, user="shut").word == "status"


@pytest.mark.parametrize(
    ("user", "tls"),
    [("open", False), ("scram", False), ("scram", True), ("old", False), ("plain", True)],
)
def test_user_that_is_let_in_reads_which_server_it_is(
    address: tuple[str, int], user: str, tls: bool
) -> None:
    args: dict[str, Plain] = {"user": user, "sign_in": True, "password_env": "MIGRATOR_PROBE_DB"}
    finding = look(address, tls=tls, role="primary", holds="cluster_name=side-new", **args)
    assert finding.word == "ok", finding
    assert f"port={address[1]}" in finding.seen
    assert look(address, tls=tls, role="standby", **args).word == "mismatch"


@pytest.mark.parametrize("user", ["scram", "old"])
def test_wrong_password_is_an_answer_that_says_no(address: tuple[str, int], user: str) -> None:
    finding = look(address, user=user, sign_in=True, password_env="MIGRATOR_PROBE_WRONG")
    assert (finding.word, finding.detail[:5]) == ("status", "28P01")


def test_password_in_the_open_is_not_given(address: tuple[str, int]) -> None:
    finding = look(address, user="plain", sign_in=True, password_env="MIGRATOR_PROBE_DB")
    assert finding.word == "status", "hostssl only: the server refuses the start without TLS"
