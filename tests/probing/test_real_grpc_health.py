"""The check of gRPC's health against the server of gRPC's own authors, with and without TLS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from led_talks import a_look, over_socket
from migrator.probes.agent.wire import Plain
from migrator.probes.checks.grpc_health import GrpcHealthTalk
from migrator.probes.checks.talk import Finding
from real_servers import free_port, program, running

pytestmark = pytest.mark.slow

SERVER = """
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

port, with_health, with_tls = sys.argv[1], "health" in sys.argv, "tls" in sys.argv
server = grpc.server(ThreadPoolExecutor(2))
if with_health:
    servicer = health.HealthServicer()
    status = health_pb2.HealthCheckResponse
    servicer.set("kassa", status.SERVING)
    servicer.set("lager", status.NOT_SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
if with_tls:
    pair = (open("key.pem", "rb").read(), open("crt.pem", "rb").read())
    server.add_secure_port("127.0.0.1:" + port, grpc.ssl_server_credentials([pair]))
else:
    server.add_insecure_port("127.0.0.1:" + port)
server.start()
server.wait_for_termination()
"""


@contextmanager
def server(folder: Path, *words: str) -> Iterator[tuple[str, int]]:
    port = free_port()
    python = Path(program("aiosmtpd")).with_name("python")  # of the environment with both servers
    has = subprocess.run([python, "-c", "import grpc_health"], check=False, capture_output=True)
    if has.returncode:
        pytest.skip("grpcio-health-checking is not installed; see tests/probing/servers.sh")
    (folder / "server.py").write_text(SERVER)
    with running([str(python), "server.py", str(port), *words], port, folder) as address:
        yield address


def look(address: tuple[str, int], *, tls: bool = False, **args: Plain) -> Finding:
    return over_socket(GrpcHealthTalk({**a_look("grpc_health", **args), "tls": tls}), address)


def test_server_tells_of_each_service(tmp_path: Path) -> None:
    with server(tmp_path, "health") as address:
        assert look(address)[::2] == ("ok", "SERVING")
        assert look(address, service="kassa", holds="grpc-status: 0").word == "ok"
        assert look(address, service="lager")[::2] == ("status", "NOT_SERVING")
        unknown = look(address, service="nowhere")
        assert (unknown.word, unknown.detail[:9]) == ("status", "NOT_FOUND")


def test_server_without_the_service_is_told_apart(tmp_path: Path) -> None:
    with server(tmp_path) as address:
        finding = look(address)
        enough = look(address, accept="UNIMPLEMENTED")
    assert (finding.word, finding.detail[:13]) == ("status", "UNIMPLEMENTED")
    assert enough.word == "ok"


def test_server_is_asked_inside_tls(tmp_path: Path) -> None:
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    make += ["-subj", "/CN=kassa.example", "-keyout", "key.pem", "-out", "crt.pem"]
    subprocess.run(make, check=True, capture_output=True, cwd=tmp_path)
    with server(tmp_path, "health", "tls") as address:
        assert look(address, tls=True)[::2] == ("ok", "SERVING")
