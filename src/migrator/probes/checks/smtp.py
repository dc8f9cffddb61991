"""SMTP: banner, EHLO, STARTTLS where it is asked for, QUIT. No mail is begun and nobody signs in.

Nothing is said before the server's 220: one that counts early talkers as senders of junk would
otherwise close its door to this vantage point. Identity: the banner and the lines that answer EHLO,
in which servers name themselves. RFC 5321 and 3207.
"""

from __future__ import annotations

from migrator.probes.agent.wire import CLOSED, MISMATCH, PROTOCOL, STATUS, TIMEOUT, TLS, Look
from migrator.probes.checks.arguments import SEEN_LENGTH_MAX, Arguments, certified, judged, readable
from migrator.probes.checks.talk import Finding, Talk, Turn

LINE_BYTES_MAX = 2_048  # RFC 5321 asks for 512; some servers advertise more in one line
LINES_MAX = 100  # of one answer
QUIT = b"QUIT\r\n"


class SmtpTalk(Talk):
    """One answer at a time; `_expects` says which."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        given = Arguments(look, ("starttls", "ehlo"))
        self._holds = given.holds
        self._starttls = given.flag("starttls")
        name = given.text("ehlo", "migrator-probe.invalid", 255)
        if not name.isascii() or not name or " " in name:
            raise ValueError("ehlo must be a host's name")
        self._name = name.encode("ascii")
        self._expects = "banner"
        self._waiting = b""
        self._lines: list[bytes] = []
        self._seen: list[str] = []

    def begin(self) -> Turn:
        """The server speaks first."""
        return Turn()

    def secured(self, certificate: dict[str, object], version: str, cipher: str) -> Turn:
        """After STARTTLS everything said before is forgotten, so EHLO is said again."""
        if self._expects != "tls":
            return Turn()
        self._expects = "secured"
        # What TLS was begun for counts, and not what was said in the open before it.
        self._seen = [*self._seen[:1], *certified(certificate, version)]
        return Turn(send=b"EHLO " + self._name + b"\r\n")

    def distrusted(self, reason: str) -> Turn:
        """Only a talk that begins with TLS can be looked at a second time as bare TLS."""
        if self._expects == "tls":
            return Turn(done=Finding(TLS, self._text(), reason))
        return super().distrusted(reason)

    def hear(self, data: bytes) -> Turn:
        """Take whole answers, one after the other."""
        self._waiting += data
        say = b""
        while True:
            answer = self._whole_answer()
            if answer is None:
                return Turn(send=say)
            if isinstance(answer, Finding):
                return Turn(send=say, done=answer)
            turn = self._answered(*answer)
            say += turn.send
            if turn.done is not None or turn.start_tls:
                return turn._replace(send=say)

    def closed(self) -> Finding:
        """Hung up in mid-talk."""
        return Finding(CLOSED, self._text(), f"hung up {self._after()}")

    def late(self) -> Finding:
        """Slow greetings are how some servers keep away those who send junk: give them time."""
        return Finding(TIMEOUT, self._text(), f"silent {self._after()}")

    def _whole_answer(self) -> tuple[int, list[str]] | Finding | None:
        while True:
            line, end, rest = self._waiting.partition(b"\n")
            if len(line) > LINE_BYTES_MAX:
                return Finding(PROTOCOL, "", "a line without an end: not SMTP")
            if not end:
                return None
            self._waiting = rest
            line = line.rstrip(b"\r")
            mark = line[3:4]
            if not line[:3].isdigit() or mark not in (b"", b" ", b"-"):
                return Finding(PROTOCOL, "", f"not SMTP: {readable(line, 100)}")
            self._lines.append(line)
            if self._lines[0][:3] != line[:3] or len(self._lines) > LINES_MAX:
                return Finding(PROTOCOL, "", f"an answer in disorder: {readable(line, 100)}")
            if mark != b"-":
                lines, self._lines = [readable(each, 500) for each in self._lines], []
                return int(line[:3]), lines

    def _answered(self, code: int, lines: list[str]) -> Turn:
        expects = self._expects
        if expects == "starttls":
            return self._begin_tls(code, lines)
        self._seen += lines
        if expects == "banner" and code == 220:
            self._expects = "ehlo"
            return Turn(send=b"EHLO " + self._name + b"\r\n")
        if expects == "ehlo" and code in (500, 502) and not self._starttls:
            self._expects = "helo"  # a server of before 1995, and there are some
            return Turn(send=b"HELO " + self._name + b"\r\n")
        if expects == "banner" or code != 250:
            return self._end(Finding(STATUS, self._text(), lines[0][:300]))
        if expects == "ehlo" and self._starttls:
            return self._ask_for_tls(lines)
        return self._end(judged(self._holds, self._text(), self._seen[0]))

    def _ask_for_tls(self, lines: list[str]) -> Turn:
        if not any(line[4:].strip().upper() == "STARTTLS" for line in lines):
            return self._end(
                Finding(MISMATCH, self._text(), f"offers no STARTTLS: {lines[0]}"[:300])
            )
        self._expects = "starttls"
        return Turn(send=b"STARTTLS\r\n")

    def _begin_tls(self, code: int, lines: list[str]) -> Turn:
        if code != 220:
            return self._end(Finding(STATUS, self._text(), lines[0][:300]))
        if self._waiting:
            # Words slipped in behind the answer would be taken for words said inside TLS.
            return Turn(done=Finding(PROTOCOL, "", "said something between STARTTLS and TLS"))
        self._expects = "tls"
        return Turn(start_tls=True)

    def _after(self) -> str:
        return f"after {' / '.join(self._seen)[:200]!r}" if self._seen else "before its banner"

    def _text(self) -> str:
        return "\n".join(self._seen)[:SEEN_LENGTH_MAX]

    def _end(self, finding: Finding) -> Turn:
        return Turn(send=QUIT, done=finding)
