"""PostgreSQL: what it answers to a start. Signs in only where told, and then only reads who it is.

Without `sign_in` the start names a user and no password is ever sent: whatever the server asks for
(or the reason for which it refuses) is PostgreSQL's own word. A refusal of the user or database
that the look names is an answer that says no, since the real caller would be refused too; one of
the name that we make up proves the server and nothing more. With `sign_in` the server's settings
and one query of its role follow, which change nothing, and the session ends politely. Identity:
cluster_name, the database, the role, the address it listens at, or the text of a refusal.
"""

from __future__ import annotations

import struct

from migrator.probes.agent.wire import CLOSED, MISMATCH, PROTOCOL, STATUS, TIMEOUT, TLS, Look
from migrator.probes.checks.arguments import SEEN_LENGTH_MAX, Arguments, certified, judged, readable
from migrator.probes.checks.scram import MECHANISM, Scram, md5_answer
from migrator.probes.checks.talk import Finding, Talk, Turn

ASK_FOR_TLS = struct.pack("!II", 8, 80_877_103)
TERMINATE = b"X\0\0\0\4"
MESSAGE_BYTES_MAX = 30_000
MESSAGES_MAX = 200
USER = "migrator_probe"
REFUSALS = ("28000", "28P01", "3D000", "42501", "08P01")
"""Of the user, the password, the database and the right to connect; the last is a pooler's word."""

METHODS = {0: "trust", 3: "password", 5: "md5", 7: "gss", 9: "sspi", 10: "sasl", 11: "sasl"}
QUERY = (
    "SELECT pg_is_in_recovery(), current_database(), inet_server_addr(), inet_server_port(), "
    "(SELECT setting FROM pg_settings WHERE name = 'cluster_name')"
)
"""Reads only, and knows nothing that a server of 2010 would not know."""


class PostgresqlTalk(Talk):
    """TLS where asked, a start, and the sign-in's messages where told."""

    tls = "inside"

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        given = Arguments(look, ("user", "database", "sign_in", "password_env", "role"))
        self._holds = given.holds
        self._named = bool(given.text("user"))
        self._user = given.text("user", USER) or USER
        self._database = given.text("database") or self._user
        self._sign_in = given.flag("sign_in")
        self._role = given.choice("role", ("", "primary", "standby"))
        self._password = given.secret("password_env")
        if self._sign_in and not self._named:
            raise ValueError("sign_in needs a user")
        if (self._password or self._role) and not self._sign_in:
            raise ValueError("password_env and role need sign_in")
        self._scram: Scram | None = None
        self._proved = True
        self._asked_for_tls = False
        self._inside_tls = False
        self._waiting = b""
        self._messages = 0
        self._signed_in = False
        self._settings: list[str] = []
        self._row: list[str] = []
        self._asked = False

    def begin(self) -> Turn:
        """TLS first, where the look says so; the protocol has its own way to begin it."""
        if self.look.get("tls"):
            self._asked_for_tls = True
            return Turn(send=ASK_FOR_TLS)
        return Turn(send=self._start())

    def secured(self, certificate: dict[str, object], version: str, cipher: str) -> Turn:
        """Inside TLS the talk begins anew."""
        self._asked_for_tls, self._inside_tls = False, True
        self._settings += certified(certificate, version)
        return Turn(send=self._start())

    def distrusted(self, reason: str) -> Turn:
        """A bare look at TLS would not know how to begin it here."""
        return Turn(done=Finding(TLS, "", reason))

    def hear(self, data: bytes) -> Turn:
        """Take whole messages: a letter, a size, a body."""
        self._waiting += data
        if self._asked_for_tls:
            return self._tls_answer()
        say = b""
        while len(self._waiting) >= 5:
            size = struct.unpack_from("!I", self._waiting, 1)[0]
            if self._waiting[:1] not in LETTERS or not 4 <= size <= MESSAGE_BYTES_MAX:
                said = readable(self._waiting[:5])
                return Turn(send=say, done=Finding(PROTOCOL, "", f"not PostgreSQL: {said!r}"))
            if len(self._waiting) < 1 + size:
                break
            letter, body = self._waiting[:1], self._waiting[5 : 1 + size]
            self._waiting = self._waiting[1 + size :]
            turn = self._message(letter, body)
            say += turn.send
            if turn.done is not None:
                return turn._replace(send=say)
        return Turn(send=say)

    def closed(self) -> Finding:
        """Hung up: a proxy without a server behind it, or one that wants TLS from the start."""
        return Finding(CLOSED, self._text(), "hung up without an answer")

    def late(self) -> Finding:
        """Accepted and silent: a server whose disk or locks hang accepts all the same."""
        return Finding(TIMEOUT, self._text(), "accepted, and did not answer the start")

    def _start(self) -> bytes:
        words = ["user", self._user, "database", self._database, "application_name", USER, ""]
        body = struct.pack("!I", 196_608) + "\0".join(words).encode() + b"\0"
        return struct.pack("!I", len(body) + 4) + body

    def _tls_answer(self) -> Turn:
        first = self._waiting[:1]
        if first == b"S":
            if self._waiting[1:]:
                # Words slipped in before TLS would be taken for words said inside it.
                return Turn(done=Finding(PROTOCOL, "", "said something between yes and TLS"))
            self._waiting = b""
            return Turn(start_tls=True)
        if first == b"N":
            return Turn(done=Finding(TLS, "", "the server offers no TLS"))
        return Turn(done=Finding(PROTOCOL, "", f"not PostgreSQL: {readable(first)!r}"))

    def _message(self, letter: bytes, body: bytes) -> Turn:
        self._messages += 1
        if self._messages > MESSAGES_MAX:
            return Turn(done=Finding(PROTOCOL, self._text(), "messages without an end"))
        if letter == b"E":
            return self._refused(_error(body))
        try:
            if letter == b"R":
                return self._authentication(struct.unpack_from("!I", body)[0], body[4:])
            if letter == b"D" and self._asked and not self._row:
                self._row = _row(body)
        except (ValueError, struct.error) as fault:
            return Turn(done=Finding(PROTOCOL, self._text(), f"odd: {fault}"[:300]))
        if letter == b"S" and self._signed_in and len(self._settings) < 50:
            name, _, value = body.rstrip(b"\0").partition(b"\0")
            self._settings.append(f"{readable(name, 60)}={readable(value, 100)}")
        if letter != b"Z":
            return Turn()
        if not self._signed_in:
            return Turn(done=Finding(PROTOCOL, self._text(), "ready before anybody signed in"))
        if not self._asked:
            self._asked = True
            query = QUERY.encode() + b"\0"
            return Turn(send=b"Q" + struct.pack("!I", len(query) + 4) + query)
        return Turn(send=TERMINATE, done=self._judge())

    def _authentication(self, method: int, rest: bytes) -> Turn:
        if method == 12 and self._scram is not None:
            self._proved = self._scram.proved(rest)
            return Turn()
        if method == 0:
            if not self._proved:
                raise ValueError("the server does not know the password itself")
            self._signed_in = True
            if self._sign_in:
                return Turn()
            return Turn(send=TERMINATE, done=self._answered(f"asks {self._user} for nothing"))
        name = METHODS.get(method, f"method {method}")
        if not self._sign_in:
            # Hung up without a farewell: a server that waits for a password would log one as odd.
            return Turn(done=self._answered(f"asks {self._user} for {name}"))
        sent = self._proof(method, rest) if self._password else None
        if sent is None:
            return Turn(done=Finding(STATUS, self._text(), f"asks for {name}: not given"))
        return Turn(send=b"p" + struct.pack("!I", len(sent) + 4) + sent)

    def _proof(self, method: int, rest: bytes) -> bytes | None:
        """What shows that we know the password; None where that would hand it out."""
        if method == 10 and MECHANISM.encode() in rest.split(b"\0") and self._scram is None:
            self._scram, self._proved = Scram(self._password), False
            first = self._scram.first()
            return MECHANISM.encode() + b"\0" + struct.pack("!I", len(first)) + first
        if method == 11 and self._scram is not None:
            return self._scram.final(rest)
        if method == 5 and len(rest) == 4:
            return md5_answer(self._user, self._password, rest) + b"\0"
        # In the open only inside TLS, where nobody between can read it.
        return self._password.encode() + b"\0" if method == 3 and self._inside_tls else None

    def _refused(self, error: dict[str, str]) -> Turn:
        code, said = error.get("C", ""), error.get("M", "")
        if not code:
            return Turn(done=Finding(PROTOCOL, "", "an error without a code"))
        detail = f"{code} {said}"
        if self._asked:
            # Signed in, and not let to read who it is: the link works, its identity stays unseen.
            self._settings.append(detail)
            return Turn()
        if code in REFUSALS and not self._named:
            return Turn(done=self._answered(detail))
        return Turn(done=Finding(STATUS, detail, detail[:300]))

    def _answered(self, detail: str) -> Finding:
        return judged(self._holds, "\n".join([*self._settings, detail])[:SEEN_LENGTH_MAX], detail)

    def _judge(self) -> Finding:
        role = {"f": "primary", "t": "standby"}.get(self._row[0] if self._row else "", "unknown")
        names = ("database", "address", "port", "cluster_name")
        words = [f"{name}={value}" for name, value in zip(names, self._row[1:])]  # noqa: B905 - 3.9
        self._settings[:0] = [f"role={role}", *words]
        detail = " ".join([f"role={role}", *words])
        if self._role and role != self._role:
            return Finding(MISMATCH, self._text(), f"not {self._role}: {detail}"[:300])
        return judged(self._holds, self._text(), detail)

    def _text(self) -> str:
        return "\n".join(self._settings)[:SEEN_LENGTH_MAX]


LETTERS = (b"R", b"E", b"N", b"S", b"K", b"Z", b"T", b"D", b"C", b"v")
"""What a server says to a start and to one query; anything else is no PostgreSQL."""


def _error(body: bytes) -> dict[str, str]:
    parts = [part for part in body.split(b"\0") if part]
    return {chr(part[0]): readable(part[1:], 300) for part in parts[:30]}


def _row(body: bytes) -> list[str]:
    (count,), at, values = struct.unpack_from("!H", body), 2, []
    for _ in range(min(count, 10)):
        (size,) = struct.unpack_from("!i", body, at)
        at += 4
        values.append(readable(body[at : at + size], 100) if size > 0 else "")
        at += max(size, 0)
    return values
