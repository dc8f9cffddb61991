"""The check of an HTTP server: status, a header, what the body holds, and redirects on request.

GET and HEAD only, one request a connection. HTTPS is the same with the look's `tls`. What it reads
is bounded, head and body; where a mark or a text stands behind that bound, it is not found.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from migrator.probes.agent.wire import CLOSED, MISMATCH, OK, PROTOCOL, STATUS, TIMEOUT, Look, Plain
from migrator.probes.checks.arguments import Arguments, readable
from migrator.probes.checks.http_body import Body, BrokenBody
from migrator.probes.checks.talk import Finding, Talk, Turn

HEAD_BYTES_MAX = 32 * 1024
REDIRECTS_MAX = 5
INTERIM_MAX = 10
PATH_LENGTH_MAX = 4_096
PORTS = {False: 80, True: 443}
REDIRECTS = (301, 302, 303, 307, 308)
UNSENDABLE = (
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "transfer-encoding",
)
"""Headers that sign in, or that change what is sent and to whom."""

STATUS_LINE = re.compile(r"HTTP/1\.[01] ([1-5]\d\d)(?: (.*))?")
HEAD_END = re.compile(rb"\r?\n\r?\n")
FIELD_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
ARGUMENTS = ("path", "method", "status", "header", "redirects", "host", "send")


class HttpTalk(Talk):
    """Arguments: `path`, `method` (GET or HEAD), `status` (a list; else every 2xx and 3xx),
    `header` (a table: name and what its value must hold), `holds` (in the body), `redirects` (how
    many to follow, within the same host), `host` (for the Host line), `send` (further headers).
    """

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        args = Arguments(look, ARGUMENTS)
        self.method = args.choice("method", ("GET", "HEAD"))
        self.path = args.text("path", "/", PATH_LENGTH_MAX)
        if not self.path.startswith("/") or not re.fullmatch(r"[!-~]+", self.path):
            raise ValueError("path must begin with / and hold only what an address can hold")
        self.statuses = args.numbers("status", [])
        self.held = table(look, "header")
        self.redirects = redirects_of(look)
        self.host = args.text("host") or authority(look)
        self.send = table(look, "send")
        if any(name.lower() in UNSENDABLE for name in self.send):
            raise ValueError(f"send cannot hold any of {', '.join(UNSENDABLE)}")
        self.holds = args.holds
        self._raw = b""
        self._status = self._interim = self._searched = 0
        self._head = ""
        self._headers: dict[str, str] = {}
        self._body: Body | None = None

    def begin(self) -> Turn:
        """Ask."""
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            f"Host: {self.host}",
            "User-Agent: migrator-probe/1",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Connection: close",
            *(f"{name}: {value}" for name, value in self.send.items()),
            "",
            "",
        ]
        return Turn(send="\r\n".join(lines).encode("latin-1", "replace"))

    def hear(self, data: bytes) -> Turn:
        """Read the head, then as much of the body as is wanted."""
        try:
            if self._body is None:
                self._raw += data
                fault = self._read_heads()
                if fault:
                    return Turn(done=Finding(PROTOCOL, readable(self._raw), fault))
            else:
                self._body.take(data)
        except BrokenBody as error:
            return Turn(done=Finding(PROTOCOL, self._seen(), f"{self._line()}: {error}"))
        if self._body is not None and (self._body.whole or self._points_elsewhere):
            return self._judge()
        return Turn()

    def closed(self) -> Finding:
        """Hung up: the end of some bodies, the middle of everything else."""
        if self._body is None:
            if self._raw:
                return Finding(PROTOCOL, readable(self._raw), "hung up in the middle of the head")
            return Finding(CLOSED, "", "hung up without an answer")
        if not self._body.until_close:
            told = f"{self._line()}: hung up before {self._body.missing}"
            return Finding(CLOSED, self._seen(), told)
        done = self._judge().done
        assert done is not None, "a redirect is followed as soon as its head is read"
        return done

    def late(self) -> Finding:
        """What came in time, for whoever looks for the reason."""
        if self._body is not None:
            return Finding(TIMEOUT, self._seen(), f"{self._line()}: the body did not end in time")
        if self._raw:
            return Finding(TIMEOUT, readable(self._raw), "the head did not end in time")
        return Finding(TIMEOUT, "", "accepted, but no answer to the request in time")

    def _read_heads(self) -> str:
        """Take the heads apart, interim ones too; what is wrong with them."""
        while self._body is None:
            end = HEAD_END.search(self._raw, self._searched)
            if end is None:
                # Not from the beginning again: a head that comes byte by byte would cost a second.
                self._searched = max(0, len(self._raw) - 3)
                if not b"HTTP/".startswith(self._raw[:5]):
                    return f"no HTTP: {readable(self._raw, 80)!r}"
                return "a head without end" if len(self._raw) > HEAD_BYTES_MAX else ""
            head, self._raw, self._searched = self._raw[: end.start()], self._raw[end.end() :], 0
            lines = head.decode("utf-8", "replace").splitlines()
            first = STATUS_LINE.fullmatch(lines[0]) if lines else None
            if first is None or len(head) > HEAD_BYTES_MAX:
                return f"no HTTP: {readable(head, 80)!r}"
            self._status = int(first[1])
            if self._status < 200:
                self._interim += 1
                if self._interim > INTERIM_MAX or self._status == 101:
                    return f"{self._status} instead of an answer"
                continue
            self._head = "\n".join(lines)
            self._take_head(lines[1:])
        return ""

    def _take_head(self, lines: list[str]) -> None:
        """Keep the fields, and begin the body that they announce."""
        for line in lines:
            name, _, value = line.partition(":")
            key = name.strip().lower()
            before = self._headers.get(key)
            self._headers[key] = f"{before}, {value.strip()}" if before else value.strip()
        length = self._headers.get("content-length")
        if self.method == "HEAD" or self._status in (204, 304):
            self._body = Body(0)
        elif "chunked" in self._headers.get("transfer-encoding", "").lower():
            self._body = Body(chunked=True)
        elif length is None:
            self._body = Body()
        else:
            # The same length said twice is one length; anything else is none.
            lengths = {part.strip() for part in length.split(",")}
            if len(lengths) != 1 or not re.fullmatch(r"\d{1,15}", next(iter(lengths))):
                self._body = Body()
                raise BrokenBody(f"a length that is none: {length[:40]!r}")
            self._body = Body(int(lengths.pop()))
        raw, self._raw = self._raw, b""
        self._body.take(raw)

    @property
    def _points_elsewhere(self) -> bool:
        followed = self.redirects and self._status not in self.statuses
        return bool(followed) and self._status in REDIRECTS

    def _judge(self) -> Turn:
        """The answer is here: is it the one that was asked for?"""
        seen, line = self._seen(), self._line()
        if self._points_elsewhere:
            return self._follow(seen, line)
        good = self._status in self.statuses if self.statuses else 200 <= self._status < 400
        if not good:
            wanted = f", not {' or '.join(map(str, self.statuses))}" if self.statuses else ""
            return Turn(done=Finding(STATUS, seen, f"{line}{wanted}"))
        for name, wanted in self.held.items():
            value = self._headers.get(name.lower())
            if value is None or wanted not in value:
                told = f"{line}: {name} is {value!r} and does not hold {wanted!r}"
                return Turn(done=Finding(MISMATCH, seen, told))
        if self.holds and self.holds not in self._text():
            body = self._text()[:120]
            return Turn(done=Finding(MISMATCH, seen, f"{line}: no {self.holds!r} in: {body}"))
        return Turn(done=Finding(OK, seen, line))

    def _follow(self, seen: str, line: str) -> Turn:
        """Go where the answer points, if that is still the same host."""
        secure = bool(self.look.get("tls"))
        scheme = "https" if secure else "http"
        here = f"{scheme}://{self.host}"
        location = self._headers.get("location", "")
        try:
            there = urlsplit(urljoin(here + self.path, location))
            port = there.port or PORTS[there.scheme == "https"]
            same = there.scheme in ("http", "https") and there.hostname == urlsplit(here).hostname
        except ValueError:
            same = False
        path = (there.path or "/") + (f"?{there.query}" if there.query else "") if same else ""
        if not location or not same or not re.fullmatch(r"[!-~]{1,4096}", path):
            told = f"{line}: points to {readable(location.encode(), 120)!r}, not this host"
            return Turn(done=Finding(STATUS, seen, told))
        args = dict(self.look.get("args", {}))
        args.update(path=path, redirects=self.redirects - 1, host=there.netloc.rpartition("@")[2])
        # The last redirect that is allowed must not be taken for a good answer.
        if self.redirects == 1 and not self.statuses:
            args["status"] = [*range(200, 300)]
        onward = Look(**{**self.look, "port": port, "args": args, "tls": there.scheme == "https"})
        return Turn(onward=onward)

    def _line(self) -> str:
        line = self._head.partition("\n")[0]
        return line.partition(" ")[2] or line

    def _text(self) -> str:
        assert self._body is not None
        return self._body.data.decode("utf-8", "replace")

    def _seen(self) -> str:
        return f"{self._head}\n\n{self._text()}" if self._body is not None else self._head


def authority(look: Look) -> str:
    """The Host line that belongs to a look's host and port."""
    name = look.get("server_name") or look["host"].partition("%")[0]
    host = f"[{name}]" if ":" in name else name
    return host if look["port"] == PORTS[bool(look.get("tls"))] else f"{host}:{look['port']}"


def table(look: Look, name: str) -> dict[str, str]:
    """An argument of names and texts, fit to stand in a head."""
    given = look.get("args", {}).get(name)
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > 50:
        raise ValueError(f"{name} must be a table of 50 names at most, each with a text")
    found: dict[str, str] = {}
    for key, value in given.items():
        if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
            raise ValueError(f"{name}: the value of {key!r:.40} must be a text of one line")
        if not FIELD_NAME.fullmatch(key):
            raise ValueError(f"{name}: {key!r:.40} is no name of a header")
        found[key] = value
    return found


def redirects_of(look: Look) -> int:
    """How many redirects to follow."""
    given: Plain = look.get("args", {}).get("redirects", 0)
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= REDIRECTS_MAX:
        raise ValueError(f"redirects must be a number from 0 to {REDIRECTS_MAX}")
    return given
