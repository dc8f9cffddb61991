"""Casual's gateway: the domain connect request, and the domain that answers. No service is called.

The layout is that of the public `casualcore/casual`, middleware/gateway/documentation/protocol
(protocol.md and protocol.maintenance.md) and the gateway's inbound and outbound sources: every
message has a head of 32 bytes (type as 8, correlation as 16, size of what follows as 8), numbers go
in network order, a text is its size in 8 bytes and its bytes. Request 7200: execution (16), the
caller's domain id (16) and name, how many protocol versions it speaks (8), each version (8), 1000
for 1.0 and so on. Reply 7201: execution, the answering domain's id and name, the chosen version, 0
where they share none. Whoever dials sends 7200; only a reverse outbound gateway listens and sends
it to whoever came, which `reverse` is for.

An inbound gateway notes the connection while it lasts, and drops it when we hang up: nothing was
called, discovered or enqueued. Identity: the name and the id of the domain.
"""

from __future__ import annotations

import secrets
import struct

from migrator.probes.agent.wire import CLOSED, PROTOCOL, STATUS, TIMEOUT, Look
from migrator.probes.checks.arguments import Arguments, judged, readable
from migrator.probes.checks.talk import Finding, Talk, Turn

CONNECT_REQUEST, CONNECT_REPLY = 7200, 7201
HEAD = struct.Struct("!Q16sQ")
TYPE_BEGINS = bytes(6)
"""Of a message's type; no text of another protocol begins so."""

VERSIONS = [1006, 1005, 1004, 1003, 1002, 1001, 1000]
PAYLOAD_BYTES_MAX = 16_384
NAME_BYTES_MAX = 1_024


class CasualTalk(Talk):
    """One request and one reply, or one request of the other end's."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        given = Arguments(look, ("domain", "versions", "reverse"))
        self._holds = given.holds
        self._name = given.text("domain", "migrator-probe", 200)
        self._versions = given.numbers("versions", VERSIONS)
        if not all(0 < version < 1 << 32 for version in self._versions):
            raise ValueError("versions must be numbers like 1000")
        self._reverse = given.flag("reverse")
        self._correlation = secrets.token_bytes(16)
        self._waiting = b""

    def begin(self) -> Turn:
        """Ask to be connected, unless the other end is the one to ask."""
        if self._reverse:
            return Turn()
        name = self._name.encode()
        payload = b"".join(
            [
                secrets.token_bytes(32),  # an execution and a domain of our own, used once
                struct.pack("!Q", len(name)),
                name,
                struct.pack(f"!Q{len(self._versions)}Q", len(self._versions), *self._versions),
            ]
        )
        return Turn(send=HEAD.pack(CONNECT_REQUEST, self._correlation, len(payload)) + payload)

    def hear(self, data: bytes) -> Turn:
        """Wait for one whole message; what comes behind it is not ours to read."""
        self._waiting += data
        if len(self._waiting) < HEAD.size:
            return Turn()
        kind, correlation, size = HEAD.unpack_from(self._waiting)
        if kind not in (CONNECT_REQUEST, CONNECT_REPLY) or size > PAYLOAD_BYTES_MAX:
            return Turn(done=self._strange())
        if len(self._waiting) < HEAD.size + size:
            return Turn()
        payload = self._waiting[HEAD.size : HEAD.size + size]
        try:
            return Turn(done=self._judge(kind, correlation, payload))
        except struct.error:
            return Turn(done=Finding(PROTOCOL, "", "a message that ends too early"))

    def closed(self) -> Finding:
        """An inbound that is disabled or full accepts and hangs up."""
        if self._waiting and not self._waiting.startswith(TYPE_BEGINS[: len(self._waiting)]):
            return self._strange()
        return Finding(CLOSED, "", "hung up before it named its domain")

    def late(self) -> Finding:
        """Accepted and not answered: a domain that hangs, or a gateway of the other direction."""
        return Finding(TIMEOUT, "", "accepted, and did not name its domain")

    def _strange(self) -> Finding:
        said = readable(self._waiting[: HEAD.size])
        return Finding(PROTOCOL, said, f"not a Casual gateway: {said!r}")

    def _judge(self, kind: int, correlation: bytes, payload: bytes) -> Finding:
        domain, (length,) = payload[16:32], struct.unpack_from("!Q", payload, 32)
        if length > NAME_BYTES_MAX or len(payload) < 48 + length:
            return Finding(PROTOCOL, "", "a domain's name that is too long")
        name = readable(payload[40 : 40 + length])
        (version,) = struct.unpack_from("!Q", payload, 40 + length)
        seen = f"domain {name} id {domain.hex()}"
        if kind == CONNECT_REQUEST:
            if not self._reverse:
                return Finding(STATUS, seen, f"{name} asks to be connected: a reverse outbound")
            return judged(self._holds, f"{seen} reverse", f"domain {name}, reverse")
        if self._reverse or correlation != self._correlation:
            return Finding(PROTOCOL, seen, "a reply to somebody else's request")
        if version not in self._versions:
            what = "no version that it knows" if version == 0 else f"version {version}, unasked"
            return Finding(STATUS, seen, f"domain {name}: {what}")
        return judged(self._holds, f"{seen} protocol {version}", f"domain {name}, {version}")
