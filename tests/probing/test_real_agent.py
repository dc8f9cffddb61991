"""Every kind through the agent itself, a process of its own, against the servers that are here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from casual_gateway import gateway
from migrator.probes.agent.wire import VERSION, Header, Look, Plain, Result
from real_servers import free_port, program, running

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).parent.parent.parent
PYTHON: Final = os.environ.get("MIGRATOR_AGENT_PYTHON", sys.executable)
"""Another Python than the tests' own shows that old hosts can run the checks."""


def sweep(*looks: Look) -> dict[str, Result]:
    """What an agent finds; it is told to try each look once."""
    header = Header(
        version=VERSION,
        digest="",
        clock=time.time(),
        seconds=30.0,
        allow=["127.0.0.0/8"],
        caps={"per_second": 1000.0, "target_per_second": 1000.0, "network_per_second": 1000.0},
    )
    lines = [json.dumps(header), *(json.dumps({**look, "of": 1}) for look in looks), "", ""]
    done = subprocess.run(
        [PYTHON, "-m", "migrator.probes.agent"],
        input="\n".join(lines),
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[-1]["end"], done.stderr
    return {each["id"]: each for each in told if "word" in each}


def a_look(kind: str, port: int, *, tls: bool = False, **args: Plain) -> Look:
    found = Look(id=kind, kind=kind, host="127.0.0.1", port=port, seconds=5.0, tls=tls)
    found["args"] = {**args, "verify": False} if tls or args.get("starttls") else args
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    make += ["-subj", "/CN=side-new.example", "-keyout", "key.pem", "-out", "crt.pem"]
    subprocess.run(make, check=True, capture_output=True, cwd=tmp_path)
    return tmp_path


def test_servers_of_many_kinds_are_told_by_the_marks_of_their_side(folder: Path) -> None:
    ports = {kind: free_port() for kind in ("redis", "smtp", "dns")}
    commands = {
        "redis": [program("redis-server"), "--port", str(ports["redis"]), "--save", ""],
        "smtp": [program("aiosmtpd"), "-n", "-l", f"127.0.0.1:{ports['smtp']}"],
        "dns": [program("dnsmasq"), "--no-daemon", "--no-resolv", "--no-hosts", "--conf-file="],
    }
    commands["smtp"] += ["--tlscert", str(folder / "crt.pem"), "--tlskey", str(folder / "key.pem")]
    commands["dns"] += [f"--port={ports['dns']}", "--listen-address=127.0.0.1", "--user="]
    commands["dns"] += ["--bind-interfaces", "--pid-file=", "--txt-record=who.example,side-new"]
    with ExitStack() as opened:
        for kind, command in commands.items():
            opened.enter_context(running(command, ports[kind], folder))
        port = opened.enter_context(gateway("side-new"))[1]
        question = (
            "12340100000100000000000003" + b"who".hex() + "07" + b"example".hex() + "0000100001"
        )
        looks = [
            a_look("redis", ports["redis"], info=True),
            a_look("smtp", ports["smtp"], starttls=True),
            a_look("dns", ports["dns"], name="who.example", type="TXT"),
            a_look("udp", ports["dns"], send_hex=question),
            a_look("casual", port),
            a_look("command", port, argv=["/bin/echo", "side-new"], allow_command=True),
        ]
        for look in looks:
            look["new"] = "tcp_port:" if look["kind"] == "redis" else "side-new"
        looks.append({**a_look("command", port, argv=["/bin/echo"]), "id": "forbidden"})
        looks.append({**a_look("dns", ports["dns"], name="x", over="tcp"), "id": "no"})
        found = sweep(*looks)
    words = {name: (result["word"], result["side"]) for name, result in found.items()}
    assert words.pop("forbidden") == ("bad_look", "")
    assert words.pop("no") == ("status", "")
    assert words == dict.fromkeys(
        ["redis", "smtp", "dns", "udp", "casual", "command"], ("ok", "new")
    ), found


def test_grpc_inside_tls_is_offered_http_2(folder: Path) -> None:
    python, port = Path(program("aiosmtpd")).with_name("python"), free_port()
    (folder / "server.py").write_text(GRPC)
    with running([str(python), "server.py", str(port)], port, folder):
        found = sweep(a_look("grpc_health", port, tls=True))
    assert (found["grpc_health"]["word"], found["grpc_health"]["detail"]) == ("ok", "SERVING")


GRPC = """
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc
from grpc_health.v1 import health, health_pb2_grpc
server = grpc.server(ThreadPoolExecutor(2))
health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
pair = (open("key.pem", "rb").read(), open("crt.pem", "rb").read())
server.add_secure_port("127.0.0.1:" + sys.argv[1], grpc.ssl_server_credentials([pair]))
server.start()
server.wait_for_termination()
"""
