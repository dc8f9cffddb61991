"""gRPC: the health service that servers of gRPC share, asked once. Any other call is never made.

HTTP/2 from the first byte, in the open or inside TLS (`h2` of ALPN): the request
`grpc.health.v1.Health/Check` for one service, its answer, and a farewell. A server without that
service answers UNIMPLEMENTED: it lives, and what it serves is not known, so that is an answer that
says no; `accept` may name it as good enough. Identity: the headers and trailers of the answer.
"""

from __future__ import annotations

import struct
from urllib.parse import unquote

from migrator.probes.agent.wire import CLOSED, PROTOCOL, STATUS, TIMEOUT, Look
from migrator.probes.checks import frames, hpack
from migrator.probes.checks.arguments import SEEN_LENGTH_MAX, Arguments, judged, readable
from migrator.probes.checks.talk import Finding, Talk, Turn

PATH = "/grpc.health.v1.Health/Check"
BODY_BYTES_MAX = 4_096
OURS = 1  # the one stream that we open
SERVING = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_CODES = (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS "
    "PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED "
    "INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"
)
CODES = tuple(_CODES.split())


class GrpcHealthTalk(Talk):
    """One request, said at once; frames of the answer until the stream ends."""

    alpn = ("h2",)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        given = Arguments(look, ("service", "authority", "accept"))
        self._holds = given.holds
        self._accept = given.choice("accept", ("", "UNIMPLEMENTED", "UNAUTHENTICATED"))
        self._service = given.text("service", longest=500).encode()
        host = look.get("server_name") or look["host"]
        host = f"[{host}]" if ":" in host else host
        self._authority = given.text("authority", f"{host}:{look['port']}")
        if not self._authority.isascii():
            raise ValueError("authority must be a host's name as DNS spells it")
        self._frames = frames.Frames()
        self._headers = hpack.Decoder()
        self._fields: list[tuple[str, str]] = []
        self._body = b""

    def begin(self) -> Turn:
        """Everything that we ever ask, in one piece."""
        asked = [
            (":method", "POST"),
            (":scheme", "https" if self.look.get("tls") else "http"),
            (":path", PATH),
            (":authority", self._authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "migrator-probe"),
            ("grpc-timeout", f"{min(max(int(self.look.get('seconds', 3) * 1000), 1), 60_000)}m"),
        ]
        return Turn(
            send=frames.PREFACE
            # Nothing is to be pushed to us.
            + frames.framed(frames.SETTINGS, 0, 0, struct.pack("!HI", 2, 0))
            + frames.framed(frames.HEADERS, frames.END_HEADERS, OURS, hpack.encoded(asked))
            + frames.framed(frames.DATA, frames.END_STREAM, OURS, _request(self._service))
        )

    def hear(self, data: bytes) -> Turn:
        """Take whole frames; answer what HTTP/2 wants answered."""
        self._frames.add(data)
        say = b""
        try:
            while True:
                frame = self._frames.next()
                if frame is None:
                    return Turn(send=say)
                turn = self._frame(frame)
                say += turn.send
                if turn.done is not None:
                    return turn._replace(send=say)
        except ValueError as fault:
            return Turn(send=say, done=Finding(PROTOCOL, self._text(), str(fault)[:300]))

    def closed(self) -> Finding:
        """A server of HTTP/1 may hang up without a word over our first ones."""
        begun = "in mid-answer" if self._frames.begun else "without a word of HTTP/2"
        return Finding(CLOSED, self._text(), f"hung up {begun}")

    def late(self) -> Finding:
        """Speaks HTTP/2 and does not answer, or does not even that."""
        begun = "speaks HTTP/2" if self._frames.begun else "accepted"
        return Finding(TIMEOUT, self._text(), f"{begun}, and did not answer the health check")

    def _frame(self, frame: frames.Frame) -> Turn:
        if frame.kind == frames.SETTINGS and not frame.flags & frames.ACK:
            return Turn(send=frames.framed(frames.SETTINGS, frames.ACK, 0))
        if frame.kind == frames.PING and not frame.flags & frames.ACK:
            return Turn(send=frames.framed(frames.PING, frames.ACK, 0, frame.body[:8]))
        if frame.kind in (frames.RESET, frames.GOAWAY):
            return self._ended_early(frame)
        if frame.kind == frames.PUSH:
            raise ValueError("pushes what nobody asked for")
        if frame.kind == frames.HEADERS:
            fields = self._headers.fields(frame.body)
            if not self._fields and dict(fields).get(":status", "").startswith("1"):
                return Turn()  # 100 and its like: the answer is still to come
            self._fields += fields
        elif frame.kind == frames.DATA:
            self._body += frame.body
            if len(self._body) > BODY_BYTES_MAX:
                raise ValueError("an answer that is no answer of the health service")
        else:
            return Turn()
        if frame.stream != OURS:
            raise ValueError("an answer to a question that nobody asked")
        if not frame.flags & frames.END_STREAM:
            return Turn()
        goodbye = frames.framed(frames.GOAWAY, 0, 0, bytes(8))
        return Turn(send=goodbye, done=self._judge())

    def _ended_early(self, frame: frames.Frame) -> Turn:
        away = frame.kind == frames.GOAWAY
        if len(frame.body) < (8 if away else 4):
            raise ValueError("a frame that ends too early")
        (code,) = struct.unpack_from("!I", frame.body, 4 if away else 0)
        last = struct.unpack_from("!I", frame.body)[0] & 0x7FFFFFFF if away else 0
        # Told to go elsewhere next time, and this question will still be answered; or it is about
        # a stream that is none of ours.
        if (away and code == 0 and last >= OURS) or (not away and frame.stream != OURS):
            return Turn()
        detail = f"{frames.error_name(code)} {readable(frame.body[8:], 100)}".strip()
        return Turn(done=Finding(STATUS, self._text(), f"the server ends it: {detail}"))

    def _judge(self) -> Finding:
        fields = dict(self._fields)
        status, code = fields.get(":status", ""), fields.get("grpc-status", "")
        if not code.isdigit() or len(code) > 3:
            if status != "200":
                return Finding(STATUS, self._text(), f"HTTP status {readable(status.encode(), 20)}")
            raise ValueError("an answer without a status of gRPC")
        name = CODES[int(code)] if int(code) < len(CODES) else f"code {int(code)}"
        if name != "OK":
            said = readable(unquote(fields.get("grpc-message", "")).encode(), 200)
            detail = f"{name}: {said}" if said else name
            if name == self._accept:
                return judged(self._holds, self._text(), detail)
            return Finding(STATUS, self._text(), detail)
        serving = _serving(self._body)
        if serving != "SERVING":
            return Finding(STATUS, self._text(), serving)
        return judged(self._holds, self._text(), serving)

    def _text(self) -> str:
        lines = "\n".join(f"{name}: {value}" for name, value in self._fields)
        return readable(lines.encode())[:SEEN_LENGTH_MAX]


def _request(service: bytes) -> bytes:
    """HealthCheckRequest with its field 1, in gRPC's envelope: not compressed, and its size."""
    size = hpack.varint(len(service))
    message = b"\x0a" + size + service if service else b""
    return b"\0" + struct.pack("!I", len(message)) + message


def _serving(body: bytes) -> str:
    """HealthCheckResponse's field 1, which is not sent where it is 0; ValueError for others."""
    if len(body) < 5 or body[0] != 0 or struct.unpack_from("!I", body, 1)[0] != len(body) - 5:
        raise ValueError("an answer that is no answer of the health service")
    message = body[5:]
    if not message:
        return SERVING[0]
    if message[0] != 0x08 or len(message) < 2 or message[1] >= len(SERVING):
        raise ValueError("an answer that is no answer of the health service")
    return SERVING[message[1]]
