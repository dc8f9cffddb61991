"""A server that is away, strange, or not to be trusted, each in words that say what to do."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from migrator.cli.server_talk import Server
from migrator.errors import EnvironmentFailed, InputError, MigratorError, RefusedError

PROBLEM = {"type": "urn:migrator:role", "title": "This is not for you", "status": 403}


class Stub(BaseHTTPRequestHandler):
    """Answers what it is told to, one after the other, and notes what came."""

    answers: ClassVar[list[tuple[int, dict[str, str], bytes]]] = []
    came: ClassVar[list[tuple[str, str, bytes]]] = []

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", 0))
        token = self.headers.get("authorization", "")
        self.came.append((self.path, token, self.rfile.read(length)))
        status, headers, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the same

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stub() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Stub)
    Stub.answers, Stub.came = [(200, {}, b"{}")], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join(10)
    server.server_close()


def at(server: HTTPServer, seconds: float = 5) -> Server:
    return Server(f"http://127.0.0.1:{server.server_port}", "migrator_x", seconds)


def test_the_token_and_the_question_arrive(stub: HTTPServer) -> None:
    assert at(stub).get("/journal", after=3, count=2) == {}
    assert at(stub).post("/commands", {"id": "1"}) == {}
    assert Stub.came == [
        ("/api/v1/journal?after=3&count=2", "Bearer migrator_x", b""),
        ("/api/v1/commands", "Bearer migrator_x", b'{"id": "1"}'),
    ]


def test_a_server_that_is_away_for_a_moment_is_asked_again_with_the_same_words(
    stub: HTTPServer,
) -> None:
    Stub.answers = [(503, {}, b""), (502, {}, b"<html>"), (200, {}, b'{"answer": "taken"}')]
    assert at(stub).post("/commands", {"id": "1"}) == {"answer": "taken"}
    assert [body for _, _, body in Stub.came] == [b'{"id": "1"}'] * 3


@pytest.mark.parametrize(
    ("status", "body", "reference", "kind"),
    [
        (503, b"", "server-away", EnvironmentFailed),
        (401, json.dumps({**PROBLEM, "type": "urn:migrator:token-wrong"}).encode(),
         "server-token", InputError),
        (403, json.dumps(PROBLEM).encode(), "server-refused", RefusedError),
        (409, json.dumps({**PROBLEM, "type": "urn:migrator:doubled"}).encode(),
         "command-doubled", RefusedError),
        (404, b"<html>not here</html>", "server-strange", EnvironmentFailed),
        (200, b"<html>hello</html>", "server-strange", EnvironmentFailed),
    ],
)  # fmt: skip
def test_each_trouble_has_a_name(
    stub: HTTPServer, status: int, body: bytes, reference: str, kind: type[MigratorError]
) -> None:
    Stub.answers = [(status, {}, body)]
    with pytest.raises(kind) as told:
        at(stub, 0.0).get("/run")
    assert told.value.reference == reference


def test_the_token_follows_nobody_to_another_address(stub: HTTPServer) -> None:
    elsewhere = f"http://localhost:{stub.server_port}/caught"
    Stub.answers = [(302, {"location": elsewhere}, b"")]
    with pytest.raises(EnvironmentFailed) as told:
        at(stub).get("/run")
    assert told.value.reference == "server-strange"
    assert [path for path, _, _ in Stub.came] == ["/api/v1/run"]


def test_nobody_there_is_told_after_some_tries() -> None:
    with pytest.raises(EnvironmentFailed) as told:
        Server("http://127.0.0.1:1", "migrator_x", 0.3).get("/run")
    assert told.value.reference == "server-away"


@pytest.mark.parametrize(
    ("address", "reference"),
    [
        ("weekend.example:8443", "server-address"),
        ("ftp://weekend.example", "server-address"),
        ("https://", "server-address"),
        ("https://anna@weekend.example", "server-address"),
        ("https://weekend.example/?x=1", "server-address"),
        ("https://weekend.example:99999", "server-address"),
        ("http://weekend.example:8080", "server-in-the-clear"),
    ],
)
def test_a_token_is_sent_to_no_address_that_is_none_or_is_read_along(
    address: str, reference: str
) -> None:
    with pytest.raises(InputError) as told:
        Server(address, "migrator_x").get("/run")
    assert told.value.reference == reference


def test_a_certificate_that_nobody_vouches_for_ends_it_at_once(
    stub: HTTPServer, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made += ["-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "1"]
    subprocess.run([*made, "-subj", "/CN=pages"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    stub.socket = context.wrap_socket(stub.socket, server_side=True)
    with pytest.raises(EnvironmentFailed) as told:
        Server(f"https://127.0.0.1:{stub.server_port}", "migrator_x").get("/run")
    assert told.value.reference == "server-certificate"
    assert Stub.came == []
