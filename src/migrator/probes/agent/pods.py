"""The agent inside a pod: batches come by HTTP, and each is a process of its own.

`agent.pyz --serve PORT KEYFILE`: POST /batch with the lines of a batch as its body and the key in
`X-Migrator-Key` is answered with the lines of the agent, as they come. GET /ready says that it
waits. Nobody without the key learns more than that. The body is read before the batch begins, so
that neither side can wait for the other.
"""

from __future__ import annotations

import hmac
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO

BATCHES_MAX = 4
BODY_BYTES_MAX = 256 * 1024 * 1024
BODY_IN_MEMORY_BYTES = 16 * 1024 * 1024
"""A pod whose files are read-only has nowhere else to keep a body."""

HEARD_SECONDS_MAX = 60.0
"""A caller that stops in the middle of its body is not waited for longer."""

CHUNK_BYTES = 64 * 1024
KEY_BYTES_MIN = 16


class Unserved(ValueError):
    """The server cannot begin; the text says why."""


class BadBody(ValueError):
    """A body that is too long, cut or not framed."""


def serve(port: str, key_file: str, digest: str) -> int:
    """Serve until the process is told to end; the exit code."""
    try:
        server = Server(port, key_file, digest)
    except (Unserved, OSError) as error:
        sys.stderr.write(f"agent: {error}\n")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    sys.stdout.write(f'{{"serving": true, "port": {server.server_address[1]}}}\n')
    sys.stdout.flush()
    with server:
        server.serve_forever()
    return 0


class Server(ThreadingHTTPServer):
    """The pod's server; one thread for each caller, a few batches at a time."""

    daemon_threads = True
    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET

    def __init__(self, port: str, key_file: str, digest: str) -> None:
        if not port.isdigit() or not 0 <= int(port) <= 65535:
            raise Unserved(f"port is no number from 0 to 65535: {port!r}")
        self.key_file, self.digest = key_file, digest
        self.slots = threading.BoundedSemaphore(BATCHES_MAX)
        self.key()
        super().__init__(("", int(port)), Handler)

    def server_bind(self) -> None:
        """Hear both kinds of callers."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def key(self) -> bytes:
        """The key as the file has it now, since mounted secrets are renewed in place."""
        with open(self.key_file, "rb") as file:  # noqa: PTH123 - pathlib is 20 ms on an old host
            key = file.read(4096).strip()
        if len(key) < KEY_BYTES_MIN:
            raise Unserved(f"the key in {self.key_file} has fewer than {KEY_BYTES_MIN} bytes")
        return key

    def command(self) -> list[str]:
        """How this agent is started once more, for one batch."""
        archive = getattr(globals().get("__loader__"), "archive", None)
        return [sys.executable, "-I", archive] if archive else [sys.executable, "-m", PACKAGE]


PACKAGE = "migrator.probes.agent"


class Handler(BaseHTTPRequestHandler):
    """One caller."""

    protocol_version = "HTTP/1.1"
    server_version = "migrator-agent"
    sys_version = ""
    timeout = HEARD_SECONDS_MAX
    server: Server

    def do_GET(self) -> None:
        """Say that the agent is there, and which one it is."""
        if self.path == "/ready":
            self._answer(200, f"ready {self.server.digest}".rstrip())
        else:
            self._answer(404, "there is GET /ready and POST /batch")

    def do_POST(self) -> None:
        """Carry out a batch."""
        self.close_connection = True
        if self.path != "/batch":
            self._answer(404, "there is GET /ready and POST /batch")
            return
        try:
            known = hmac.compare_digest(
                self.headers.get("X-Migrator-Key", "").encode("utf-8", "replace"),
                self.server.key(),
            )
        except (Unserved, OSError) as error:
            self._answer(500, f"no key to compare with: {error}")
            return
        if not known:
            self._answer(403, "the key is not the right one")
            return
        if not self.server.slots.acquire(blocking=False):
            self._answer(503, f"{BATCHES_MAX} batches are running already")
            return
        try:
            with tempfile.SpooledTemporaryFile(max_size=BODY_IN_MEMORY_BYTES) as body:
                self._read_body(body)
                self._carry_out(body)
        except BadBody as error:
            self._answer(400, str(error))
        except OSError:
            # The caller went away, or is too slow to be waited for: there is nobody to tell.
            pass
        finally:
            self.server.slots.release()

    def _read_body(self, body: IO[bytes]) -> None:
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        length = self.headers.get("Content-Length", "")
        if not chunked and not length.isdigit():
            raise BadBody("a body needs a Content-Length, or to be chunked")
        total = 0
        while True:
            left = self._chunk_length() if chunked else int(length) - total
            total += left
            if total > BODY_BYTES_MAX:
                raise BadBody(f"the batch is longer than {BODY_BYTES_MAX} bytes")
            end = left == 0
            while left:
                data = self.rfile.read(min(left, CHUNK_BYTES))
                if not data:
                    raise BadBody("the body was cut off")
                try:
                    body.write(data)
                except OSError as error:
                    raise BadBody(f"no room for the body: {error.strerror or error}") from None
                left -= len(data)
            if chunked:
                self.rfile.readline(1024)
            if end:
                break
        body.seek(0)

    def _chunk_length(self) -> int:
        line = self.rfile.readline(1024).split(b";")[0].strip()
        try:
            return int(line, 16)
        except ValueError:
            raise BadBody("a chunk without a length") from None

    def _carry_out(self, body: IO[bytes]) -> None:
        """Start the agent on the body, and pass on what it says while it says it."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = self.server.command()
        child = subprocess.Popen(  # noqa: S603 - this same program
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment if command[1] == "-m" else None,
        )
        feeding = threading.Thread(target=feed, args=(child, body), daemon=True)
        feeding.start()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Connection", "close")
            self.end_headers()
            assert child.stdout is not None
            while True:
                self._see_caller(child.stdout.fileno())
                data = os.read(child.stdout.fileno(), CHUNK_BYTES)
                if not data:
                    break
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            if child.wait() in (0, 2):
                # Carried out or refused. A batch that was cut ends without this, so that no proxy
                # makes it look whole.
                self.wfile.write(b"0\r\n\r\n")
        finally:
            child.kill()
            child.wait()
            feeding.join()

    def _see_caller(self, answers: int) -> None:
        """Wait for more of the answer, and raise OSError as soon as nobody is there to get it."""
        while True:
            ready = select.select([answers, self.connection], [], [])[0]
            if self.connection in ready and not self.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError("the caller went away")
            # A caller that speaks on during its answer is heard by nobody, and is still there.
            if answers in ready or self.connection in ready:
                return

    def _answer(self, status: int, text: str) -> None:
        data = (text + "\n").encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its parent's word
        """Say nothing: a readiness probe each second fills a log and tells nobody anything."""


def feed(child: subprocess.Popen[bytes], body: IO[bytes]) -> None:
    """Write the whole body to the agent; it may end before it has read it."""
    assert child.stdin is not None
    try:
        while True:
            data = body.read(CHUNK_BYTES)
            if not data:
                break
            child.stdin.write(data)
        child.stdin.close()
    except OSError:
        pass
