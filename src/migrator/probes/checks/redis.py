"""Redis: PING, and where it is asked for INFO or ROLE. Nothing is written, no key is read.

A server that wants a password answers PING with NOAUTH: that is Redis's own word, so the link is
proved. A password is sent only where the look names the variable that holds it. Identity: run_id
in INFO (a new one at each start), the role, or a text of an error.
"""

from __future__ import annotations

from migrator.probes.agent.wire import CLOSED, MISMATCH, PROTOCOL, STATUS, TIMEOUT, Look
from migrator.probes.checks.arguments import Arguments, judged, readable
from migrator.probes.checks.talk import Finding, Talk, Turn

ANSWER_BYTES_MAX = 65_536
LINE_BYTES_MAX = 4_096
ITEMS_MAX = 1_000
DEPTH_MAX = 4
MARKS = (b"+", b"-", b":", b"$", b"*")
ALIVE = ("NOAUTH", "NOPERM")
"""Errors of a Redis that works and does not let a stranger in."""

_Held = tuple[bytes, str, int]  # the mark of the answer, its text, and where it ends


class RedisTalk(Talk):
    """One command at a time, in the order of `_commands`."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        given = Arguments(look, ("info", "role", "password_env", "user"))
        self._holds = given.holds
        self._role = given.choice("role", ("", "any", "master", "slave", "sentinel"))
        password, user = given.secret("password_env"), given.text("user")
        if user and not password:
            raise ValueError("user is of no use without password_env")
        self._commands: list[list[str]] = [["PING"]]
        if password:
            self._commands.insert(0, ["AUTH", *filter(None, [user]), password])
        if given.flag("info"):
            self._commands.append(["INFO", "server"])
        if self._role:
            self._commands.append(["ROLE"])
        self._at = 0
        self._waiting = b""
        self._seen: list[str] = []

    def begin(self) -> Turn:
        """The first command."""
        return Turn(send=_command(self._commands[0]))

    def hear(self, data: bytes) -> Turn:
        """Take whole answers; each brings the next command."""
        self._waiting += data
        say = b""
        while True:
            try:
                held = _answer(self._waiting, 0, 0)
            except ValueError as fault:
                return Turn(send=say, done=Finding(PROTOCOL, "", str(fault)))
            if held is None:
                return Turn(send=say)
            mark, text, end = held
            self._waiting = self._waiting[end:]
            finding = self._heard(self._commands[self._at][0], mark, text)
            if finding is not None:
                return Turn(send=say, done=finding)
            self._at += 1
            say += _command(self._commands[self._at])

    def closed(self) -> Finding:
        """Hung up in mid-talk: too many callers, or a server that speaks TLS only."""
        return Finding(CLOSED, self._text(), "hung up without a whole answer")

    def late(self) -> Finding:
        """A server that works through a long command answers nobody meanwhile."""
        return Finding(TIMEOUT, self._text(), f"silent after {self._commands[self._at][0]}")

    def _heard(self, command: str, mark: bytes, text: str) -> Finding | None:
        self._seen.append(text)
        if mark == b"-":
            # A stranger who is not let in has reached a Redis; one who was to be let in has not.
            alive = text.split(" ", 1)[0] in ALIVE and self._commands[0][0] != "AUTH"
            if alive or (command != "AUTH" and text.startswith("NOPERM")):
                return judged(self._holds, self._text(), text)
            return Finding(STATUS, self._text(), f"{command}: {text}"[:300])
        if command == "PING" and (mark, text) != (b"+", "PONG"):
            return Finding(PROTOCOL, self._text(), f"no PONG but {text[:100]}")
        if command == "ROLE" and self._role not in ("any", text.split("\n", 1)[0]):
            return Finding(MISMATCH, self._text(), f"its role is {text[:100]}, not {self._role}")
        if self._at + 1 < len(self._commands):
            return None
        return judged(self._holds, self._text(), text.split("\n", 1)[0])

    def _text(self) -> str:
        return "\n".join(self._seen)[:4_096]


def _command(words: list[str]) -> bytes:
    parts = [word.encode() for word in words]
    body = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"*%d\r\n%s" % (len(parts), body)


def _answer(data: bytes, start: int, depth: int) -> _Held | None:
    """One whole answer of RESP2 from `start`; None while it is not whole. ValueError: not Redis."""
    end = data.find(b"\n", start, start + LINE_BYTES_MAX)
    if end < 0:
        if len(data) - start >= LINE_BYTES_MAX:
            raise ValueError("a line without an end: not Redis")
        return None
    mark, line = data[start : start + 1], data[start + 1 : end - 1]
    # Judged by whole lines, so that what is quoted is the same however the network cuts it.
    if mark not in MARKS or data[end - 1 : end] != b"\r":
        raise ValueError(f"not Redis: {readable(data[start:end], 100)}")
    end -= 1
    if mark in (b"+", b"-", b":"):
        return mark, readable(line, LINE_BYTES_MAX), end + 2
    size = _size(line, ANSWER_BYTES_MAX if mark == b"$" else ITEMS_MAX)
    if mark == b"$":
        return _bulk(data, end + 2, size)
    if depth == DEPTH_MAX:
        raise ValueError("lists in lists without an end")
    texts, at = [], end + 2
    for _ in range(size):
        held = _answer(data, at, depth + 1)
        if held is None:
            return None
        texts.append(held[1])
        at = held[2]
        if at > ANSWER_BYTES_MAX:
            raise ValueError("an answer that is too long")
    return mark, "\n".join(texts), at


def _bulk(data: bytes, start: int, size: int) -> _Held | None:
    if size < 0:
        return b"$", "", start
    end = start + size
    if len(data) < end + 2:
        return None
    if data[end : end + 2] != b"\r\n":
        raise ValueError("a text without its end")
    return b"$", readable(data[start:end]), end + 2


def _size(line: bytes, most: int) -> int:
    if line == b"-1":
        return -1
    if not line.isdigit() or len(line) > 9 or int(line) > most:
        raise ValueError(f"an answer of a size that cannot be: {readable(line, 100)}")
    return int(line)
