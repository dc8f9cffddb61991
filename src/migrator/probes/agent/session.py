"""One connection on which something is said: connecting, TLS where asked, and the talk.

The loop makes one for each try of a look that is more than a bare port, hands it what epoll saw and
hears how it ended. It reads and writes without ever waiting; a talk that breaks on what a stranger
sent ends its own look and nothing else.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from migrator.probes.agent import wire
from migrator.probes.agent.faults import detail_of, word_of
from migrator.probes.agent.job import Job
from migrator.probes.checks.talk import Finding, Talk, Turn

if TYPE_CHECKING:
    from migrator.probes.agent.secure import Secure

IN = getattr(select, "EPOLLIN", 1)
OUT = getattr(select, "EPOLLOUT", 4)
HEARD_BYTES_MAX = 16 * 1024 * 1024
"""No check needs more; each kind ends much earlier by itself."""

READ_BYTES, READS_AT_ONCE = 65536, 4
BREAKS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What goes wrong in a check that meets an answer which nobody foresaw."""


class Keeper(Protocol):
    """The loop, as far as a session needs it."""

    def listen(self, session: Session, mask: int) -> None:
        """Wake the session for these events from now on."""

    def wake_after(self, session: Session, seconds: float) -> None:
        """Call `waited` then, unless it is over."""

    def over(self, session: Session, finding: Finding, t: float) -> None:
        """It ended."""

    def onward(self, session: Session, look: wire.Look) -> None:
        """It ended, and the look goes on with another connection."""


class Session:
    """One try of one look."""

    __slots__ = (
        "alive",
        "began",
        "connected",
        "fd",
        "heard",
        "job",
        "keeper",
        "mask",
        "out",
        "secure",
        "sock",
        "talk",
        "tick",
    )

    def __init__(
        self, keeper: Keeper, job: Job, talk: Talk, sock: socket.SocketType, t: float
    ) -> None:
        self.keeper, self.job, self.talk, self.sock = keeper, job, talk, sock
        self.fd = sock.fileno()
        self.began, self.connected = t, -1.0
        self.secure: Secure | None = None
        self.out = b""
        self.heard = self.mask = self.tick = 0
        self.alive = True

    def seen(self, events: int, t: float) -> None:
        """Epoll saw something."""
        if self.connected < 0:
            number = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                self._end(Finding(word_of(number), "", detail_of(number)), t)
                return
            self.arrived(t)
            return
        if events & ~OUT:
            self._read(t)
        if self.alive and events & OUT:
            self._flush(t)

    def arrived(self, t: float) -> None:
        """The connection stands."""
        self.connected = t
        self.job.source = self.sock.getsockname()[0]
        look = self.job.look
        if self.talk.tls == "always" or (self.talk.tls == "asked" and look.get("tls")):
            self._start_tls(t)
        else:
            self._ask(self.talk.begin, t)

    def waited(self, t: float) -> None:
        """The time that the talk asked for is over."""
        self._ask(self.talk.waited, t)

    def late(self, t: float) -> None:
        """The try's time is over."""
        if self.connected < 0:
            self._end(Finding(wire.TIMEOUT, "", f"no answer in {self.job.seconds:g} s"), t)
            return
        if self.secure is not None and not self.secure.standing:
            self._end(Finding(wire.TIMEOUT, "", "accepted, but silent when TLS should begin"), t)
            return
        finding = self.talk.late()
        detail = finding.detail or f"accepted, but no whole answer in {self.job.seconds:g} s"
        self._end(Finding(finding.word, finding.seen, detail), t)

    def close(self) -> None:
        """Let go of the connection, in good manners where it costs nothing."""
        self.alive = False
        if self.secure is not None and self.secure.standing:
            with suppress(OSError):
                self.sock.send(self.secure.farewell())
        self.sock.close()

    def _ask(self, step: Callable[[], Turn], t: float) -> None:
        try:
            turn = step()
        except BREAKS as error:
            turn = Turn(done=broke(error))
        self._do(turn, t)

    def _do(self, turn: Turn, t: float) -> None:
        """Do what the talk wants next."""
        if turn.done is not None:
            # What it says last is owed to the other end, so that it does not wait for more.
            if turn.send:
                self._say(turn.send, t)
            if self.alive:
                self._end(turn.done, t)
            return
        if turn.send:
            self._say(turn.send, t)
        if not self.alive:
            return
        if turn.onward is not None:
            self.alive = False
            self.keeper.onward(self, turn.onward)
        elif turn.start_tls:
            self._start_tls(t)
        else:
            if turn.wait:
                self.keeper.wake_after(self, turn.wait)
            self._listen()

    def _start_tls(self, t: float) -> None:
        from migrator.probes.agent.secure import Secure

        try:
            self.secure = Secure(self.job.look, self.talk.alpn)
        except ValueError as error:
            self._end(Finding(wire.FAILED, "", f"TLS cannot begin: {error}"), t)
            return
        self._shake(t)

    def _shake(self, t: float) -> None:
        from migrator.probes.agent.secure import Broken, Distrusted

        secure = self.secure
        assert secure is not None
        try:
            standing = secure.shake()
        except Distrusted as error:
            self._push(secure.outgoing(), t)
            if self.alive:
                reason = str(error)
                self._ask(lambda: self.talk.distrusted(reason), t)
            return
        except Broken as error:
            self._push(secure.outgoing(), t)
            if self.alive:
                self._end(Finding(wire.TLS, "", str(error)), t)
            return
        self._push(secure.outgoing(), t)
        if not self.alive:
            return
        if standing:
            self._ask(lambda: self.talk.secured(*secure.shown()), t)
            self._stands(t)
        else:
            self._listen()

    def _stands(self, t: float) -> None:
        """TLS stands, and the talk was told: now it begins, or goes on where it asked for TLS."""
        if self.alive and self.talk.tls != "inside":
            self._ask(self.talk.begin, t)
        if self.alive:
            self._hear(b"", t)

    def _read(self, t: float) -> None:
        """Take what came, and let the talk hear it."""
        for _ in range(READS_AT_ONCE):
            try:
                data = self.sock.recv(READ_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                number = error.errno or errno.ECONNRESET
                self._end(Finding(word_of(number), "", self._lost(detail_of(number))), t)
                return
            if not data and self.talk.transport == "tcp":
                self._hung_up(t)
                return
            self.heard += len(data)
            if self.heard > HEARD_BYTES_MAX:
                self._end(Finding(wire.PROTOCOL, "", "an answer without end"), t)
                return
            self._hear(data, t)
            if not self.alive or len(data) < READ_BYTES:
                return

    def _hear(self, data: bytes, t: float) -> None:
        secure = self.secure
        if secure is None:
            self._ask(lambda: self.talk.hear(data), t)
            return
        from migrator.probes.agent.secure import Broken

        if data:
            secure.put(data)
        if not secure.standing:
            self._shake(t)
            return
        try:
            plain = secure.read()
        except Broken as error:
            self._end(Finding(wire.TLS, "", str(error)), t)
            return
        self._push(secure.outgoing(), t)
        if plain and self.alive:
            self._ask(lambda: self.talk.hear(plain), t)

    def _hung_up(self, t: float) -> None:
        if self.secure is not None and not self.secure.standing:
            self._end(Finding(wire.CLOSED, "", "hung up in the middle of the TLS handshake"), t)
            return
        try:
            finding = self.talk.closed()
        except BREAKS as error:
            finding = broke(error)
        self._end(finding, t)

    def _say(self, data: bytes, t: float) -> None:
        if self.secure is None:
            self._push(data, t)
            return
        from migrator.probes.agent.secure import Broken

        try:
            self.secure.write(data)
        except Broken as error:
            self._end(Finding(wire.TLS, "", str(error)), t)
            return
        self._push(self.secure.outgoing(), t)

    def _push(self, data: bytes, t: float) -> None:
        if data:
            self.out += data
            self._flush(t)

    def _flush(self, t: float) -> None:
        """Send what is owed, as far as it goes."""
        while self.out:
            try:
                sent = self.sock.send(self.out)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                number = error.errno or errno.ECONNRESET
                self._end(Finding(word_of(number), "", self._lost(detail_of(number))), t)
                return
            self.out = self.out[sent:]
        self._listen()

    def _listen(self) -> None:
        mask = IN | OUT if self.out else IN
        if mask != self.mask:
            self.keeper.listen(self, mask)
            self.mask = mask

    def _lost(self, detail: str) -> str:
        if self.secure is not None and not self.secure.standing:
            return f"in the middle of the TLS handshake: {detail}"
        return f"accepted, then: {detail}" if self.talk.transport == "tcp" and detail else detail

    def _end(self, finding: Finding, t: float) -> None:
        if self.alive:
            self.alive = False
            self.keeper.over(self, finding, t)


def broke(error: BaseException) -> Finding:
    """A check met an answer that it could not take."""
    return Finding(wire.FAILED, "", f"the check itself failed: {type(error).__name__}: {error}")
