"""DNS: one question over UDP or TCP, and what the server answers. No transfer, no update.

Asking is all: the agent's own resolver has no part in it, the name goes to the server that is
looked at. Identity: the text of the answer (`shop.example A 10.9.0.4`), or where `server_id` is
set that of a second question, for the TXT record `id.server` of the class CHAOS (RFC 4892). A
server that does not answer that one is judged by the first alone.
"""

from __future__ import annotations

import secrets
import struct

from migrator.probes.agent.wire import CLOSED, PROTOCOL, STATUS, TIMEOUT, Look
from migrator.probes.checks.arguments import SEEN_LENGTH_MAX, Arguments, judged
from migrator.probes.checks.dns_words import CLASSES, TYPES, Answer, answer, question, spelt
from migrator.probes.checks.talk import Finding, Talk, Turn

STRANGERS_MAX = 16
"""Datagrams that answer another question: late ones of an earlier look, or forged. Not endless."""

_CNAME = TYPES["CNAME"]


class DnsTalk(Talk):
    """Asks, and where told asks again who it is."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        over_tcp = (look.get("args") or {}).get("over") == "tcp"
        known = ("name", "type", "class", "over", "expect", "recurse", "server_id")
        given = Arguments(look, known, tls=over_tcp)
        self._holds = given.holds
        name = given.text("name")
        if not name:
            raise ValueError("dns needs a name to ask for")
        spelt(name)
        kind = TYPES[given.choice("type", tuple(TYPES))]
        of_class = CLASSES[given.choice("class", tuple(CLASSES))]
        self.transport = given.choice("over", ("udp", "tcp"))
        self._expect = given.choice("expect", ("answer", "nxdomain", "any"))
        self._recurse = given.flag("recurse", default=True)
        self._asked = [(name, kind, of_class)]
        if given.flag("server_id"):
            self._asked.append(("id.server", TYPES["TXT"], CLASSES["CH"]))
        self._numbers = [secrets.randbelow(65_536) for _ in self._asked]
        self._at = 0
        self._waiting = b""
        self._strangers = 0
        self._first: Finding | None = None

    def begin(self) -> Turn:
        """Ask the first question."""
        return Turn(send=self._question())

    def hear(self, data: bytes) -> Turn:
        """A datagram is a message; over TCP two bytes say how long the next one is."""
        if self.transport == "udp":
            return self._message(data)
        self._waiting += data
        say = b""
        while len(self._waiting) >= 2:
            size = struct.unpack_from("!H", self._waiting)[0]
            if len(self._waiting) < 2 + size:
                break
            message, self._waiting = self._waiting[2 : 2 + size], self._waiting[2 + size :]
            turn = self._message(message)
            say += turn.send
            if turn.done is not None:
                return turn._replace(send=say)
        return Turn(send=say)

    def closed(self) -> Finding:
        """Hung up: the first answer, where there was one, still counts."""
        return self._first or Finding(CLOSED, "", "hung up without an answer")

    def late(self) -> Finding:
        """No answer in time: the first one, where there was one, still counts."""
        return self._first or Finding(TIMEOUT, "", "no answer to the question")

    def _question(self) -> bytes:
        name, kind, of_class = self._asked[self._at]
        number = self._numbers[self._at]
        message = question(number, name, kind, of_class, recurse=self._recurse)
        return message if self.transport == "udp" else struct.pack("!H", len(message)) + message

    def _message(self, data: bytes) -> Turn:
        try:
            heard = answer(data)
        except ValueError as fault:
            return self._odd(f"not DNS: {fault}")
        if not heard.is_answer or heard.number != self._numbers[self._at]:
            return self._odd("an answer to another question")
        # A server that could not read the question may leave it out; one that names another is odd.
        if heard.question is not None and not _same(heard.question, self._asked[self._at]):
            return self._odd("an answer to another question")
        return self._second(heard) if self._first is not None else self._judge(heard)

    def _odd(self, why: str) -> Turn:
        """Over UDP anybody can send; over TCP only the one who is looked at."""
        self._strangers += 1
        if self.transport == "udp" and self._strangers <= STRANGERS_MAX:
            return Turn()
        return Turn(done=self._first or Finding(PROTOCOL, "", why))

    def _judge(self, heard: Answer) -> Turn:
        seen = _lines(heard)
        first = seen.split("\n", 1)[0]
        kind = self._asked[0][1]
        held = any(each in (kind, _CNAME) or kind == TYPES["ANY"] for each, _ in heard.records)
        if self._expect == "any":
            finding = judged(self._holds, seen, first)
        elif self._expect == "nxdomain":
            good = heard.code == "NXDOMAIN"
            finding = judged("", seen, first) if good else Finding(STATUS, seen, first)
        elif heard.code != "NOERROR":
            finding = Finding(STATUS, seen, first)
        elif not held:
            cut = "; the answer was cut, ask over tcp" if heard.cut else ""
            finding = Finding(STATUS, seen, f"the name has no such record{cut}")
        else:
            finding = judged(self._holds, seen, heard.records[0][1])
        if self._at + 1 == len(self._asked):
            return Turn(done=finding)
        self._first, self._at = finding, self._at + 1
        return Turn(send=self._question())

    def _second(self, heard: Answer) -> Turn:
        first = self._first
        assert first is not None
        return Turn(done=first._replace(seen=f"{_lines(heard)}\n{first.seen}"[:SEEN_LENGTH_MAX]))


def _lines(heard: Answer) -> str:
    return "\n".join([heard.code, *(text for _, text in heard.records)])[:SEEN_LENGTH_MAX]


def _same(heard: tuple[str, int, int], asked: tuple[str, int, int]) -> bool:
    """The same question, whatever the case of its letters."""
    return heard[1:] == asked[1:] and heard[0].lower() == spelt(asked[0]).lower()
