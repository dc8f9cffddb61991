"""The loop: one process that looks, with epoll, within its share of the caps.

The dispatcher starts one for each core and feeds it lines ("address, tab, look"); results leave as
lines. It never resolves a name and never sees an address outside the allowed ranges. Everything is
bounded: what it has read and not begun, what is open, and what waits to be written. It ends when
the dispatcher does.
"""

from __future__ import annotations

import errno
import heapq
import socket
from random import Random

from migrator.probes.agent import wire
from migrator.probes.agent.alone import Alone
from migrator.probes.agent.caps import Caps
from migrator.probes.agent.faults import SHORTAGES, detail_of, word_of
from migrator.probes.agent.incoming import BadLook, Limits
from migrator.probes.agent.job import Job, read_job_line
from migrator.probes.agent.pipes import Pipes
from migrator.probes.agent.polling import OUT, a_poller
from migrator.probes.agent.results import result_line, sides_in
from migrator.probes.agent.session import Session
from migrator.probes.agent.watch import now
from migrator.probes.checks.registry import UnknownKind, talk_for
from migrator.probes.checks.talk import Finding

AT_ONCE = getattr(socket, "SOCK_NONBLOCK", 0) | getattr(socket, "SOCK_CLOEXEC", 0)
STREAM, DATAGRAM = int(socket.SOCK_STREAM) | AT_ONCE, int(socket.SOCK_DGRAM) | AT_ONCE
"""Plain numbers: joining the named ones costs more than the rest of a look's beginning."""

RawSocket = socket.SocketType
"""The socket as C gives it: half the cost of Python's own around it."""

BURST = 64
"""Looks begun between two questions to epoll: few, so that answers are timed when they come."""

WAITING_MAX = 8_192
"""Looks read ahead, so that one busy target does not hold up the others behind it."""

TICKS = 20
"""How many times a second the time of tries is looked at."""

CROWDED_TRIES, CROWDED_SECONDS = 20, 0.25
HOPS_MAX = 10
CONNECTED = Finding(wire.OK)
STANDS = (0, errno.EISCONN)
UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK)

LAST = float("inf")
"""The moment after which nothing is told any more."""

NOTHING = "the batch's time ended first"

Knock = tuple[socket.SocketType, Job, float, int]
"""A bare port on which nothing is said: the socket, the look, when it began, and its tick."""


class Loop:
    """One process's part of a batch."""

    def __init__(self, limits: Limits, deadline: float, lines_in: int, lines_out: int) -> None:
        self.deadline = deadline
        self.caps = Caps(limits)
        self._chance = Random()  # only for how long a pause is, which nobody needs to repeat
        self._poller = a_poller()
        self._pipes = Pipes(self._poller, lines_in, lines_out)
        self._alone = Alone(self._poller)
        self._lonely: dict[int, Job] = {}
        self._open: dict[int, Session | Knock] = {}
        self._ticks: dict[int, set[int]] = {}
        self._tick = int(now() * TICKS)
        self._wakes: list[tuple[float, int, Session]] = []
        self._serial = 0
        self._near = True  # connections stood at once lately, as to this machine or the next pod
        self._told = now()

    def run(self) -> bool:
        """Look until everything is done: True; False where the dispatcher went away."""
        pipes = self._pipes
        while not pipes.deserted:
            t = now()
            if t >= self.deadline:
                self._give_up()
            self._begin()
            self._tell(t)
            pipes.write()
            pipes.want(self.caps.waiting < WAITING_MAX and not pipes.crowded)
            if pipes.ended and not (pipes.lines or self._open or self._lonely or self.caps.waiting):
                if pipes.empty and self._told == LAST:
                    break
                if self._told != LAST:
                    self._tell(LAST)
                    continue
            events = self._poller.poll(self._patience())
            t = now()
            for fd, mask in events:
                self._event(fd, mask, t)
            self._expire(t)
        self._poller.close()
        return not pipes.deserted

    # Beginning

    def _begin(self) -> None:
        """Begin what the caps let begin, a burst at most."""
        caps, lines = self.caps, self._pipes.lines
        for _ in range(BURST):
            t = now()
            if not caps.open(t) or self._pipes.crowded:
                return
            job = caps.due(t) if caps.heap else None
            if job is None:
                if not lines or caps.waiting >= WAITING_MAX:
                    return
                job = self._admit(lines.popleft(), t)
            if job is not None:
                self._start(job, t)

    def _admit(self, line: bytes, t: float) -> Job | None:
        """Read one line; the look comes back where it may start now."""
        try:
            address, look = read_job_line(line)
        except BadLook as error:
            self._say(result_line(error.look_id, wire.BAD_LOOK, detail=str(error)))
            return None
        job = Job(look, self.caps.target_of(address, look["port"], t))
        if not job.plain or not look["port"]:
            wrong = self._unusable(look)
            if wrong:
                self._say(result_line(look["id"], wrong[0], detail=wrong[1], address=address))
                return None
        return self.caps.admit(job, t)

    def _unusable(self, look: wire.Look) -> tuple[str, str] | None:
        try:
            talk = talk_for(look)
            if talk.transport != "none" and not look["port"]:
                raise ValueError("port 0 is none that could be looked at")
            if talk.tls == "always" or look.get("tls"):
                from migrator.probes.agent.secure import Secure

                Secure(look)
        except UnknownKind as error:
            return wire.UNKNOWN_KIND, str(error)
        except ValueError as error:
            return wire.BAD_LOOK, str(error)
        return None

    def _start(self, job: Job, t: float) -> None:
        """Begin one try. What this machine lacks is tried again and not blamed on the target."""
        target = job.target
        talk = None if job.plain else talk_for(job.look)
        if talk is not None and talk.transport == "none":
            self.caps.started(target, t)
            self._lonely[id(job)] = job
            self._alone.begin(job, talk)
            return
        kind = DATAGRAM if talk is not None and talk.transport == "udp" else STREAM
        try:
            sock = RawSocket(target.family, kind, 0)
        except OSError as error:
            self._not_begun(job, error.errno or errno.ENOBUFS, t)
            return
        if not AT_ONCE:  # pragma: no cover - other systems
            sock.setblocking(False)  # noqa: FBT003
        number = sock.connect_ex(target.at)
        if number == errno.EINPROGRESS and self._near:
            # Asking again is cheaper than epoll, and on this machine the answer is there by now.
            number = sock.connect_ex(target.at)
            self._near = number not in UNDER_WAY
        if number in SHORTAGES:
            sock.close()
            self._not_begun(job, number, t)
            return
        self.caps.started(target, t)
        if talk is not None:
            self._converse(Session(self, job, talk, sock, t), number)
        elif number in UNDER_WAY:
            self._knock(sock, job, t)
        else:
            job.source = sock.getsockname()[0] if number in STANDS else ""
            sock.close()
            self._known(job, number, t, now())

    def _knock(self, sock: socket.SocketType, job: Job, t: float) -> None:
        fd = sock.fileno()
        tick = self._due(fd, t + job.seconds)
        self._open[fd] = (sock, job, t, tick)
        self._poller.register(fd, OUT)

    def _converse(self, session: Session, number: int) -> None:
        t = now()
        fd = session.fd
        session.tick = self._due(fd, session.began + session.job.seconds)
        self._open[fd] = session
        if number in UNDER_WAY:
            session.mask = OUT
            self._poller.register(fd, OUT)
            return
        self._poller.register(fd, 0)
        if number in STANDS:
            session.arrived(t)
        else:
            self.over(session, Finding(word_of(number), "", detail_of(number)), t)

    def _not_begun(self, job: Job, number: int, t: float) -> None:
        """There is no socket or port on this machine, or no such network at all."""
        self.caps.passed(job.target)
        if number not in SHORTAGES:
            finding = Finding(word_of(number), "", detail_of(number))
            self._tried(job, finding, (0.0, 0.0), t)
            return
        if number in (errno.EMFILE, errno.ENFILE):
            # No more files than are open now: asking for more would only fail again.
            self.caps.in_flight_max = max(1, self.caps.flying)
        job.crowded += 1
        if job.crowded > CROWDED_TRIES:
            job.give_up(wire.CROWDED, f"no socket on this machine: {detail_of(number)}")
            self._say(job.line())
        else:
            self.caps.later(job, t + CROWDED_SECONDS * self._chance.uniform(0.5, 1.5))

    # What happens on the way

    def _event(self, fd: int, mask: int, t: float) -> None:
        entry = self._open.get(fd)
        if isinstance(entry, tuple):
            sock, job, began, tick = entry
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            job.source = "" if number else sock.getsockname()[0]
            del self._open[fd]
            self._ticks[tick].discard(fd)
            sock.close()
            self._known(job, number, began, t)
        elif entry is not None:
            entry.seen(mask, t)
        elif fd == self._alone.wake:
            self._hear_threads()
        else:
            self._pipes.event(fd, mask)

    def _known(self, job: Job, number: int, began: float, t: float) -> None:
        """A bare port answered: that number, or none."""
        self._near = self._near or t - began < 0.0002
        self.caps.ended(job.target)
        took = t - began
        if number in STANDS:
            self._tried(job, CONNECTED, (took, took), t)
        else:
            self._tried(job, Finding(word_of(number), "", detail_of(number)), (took, took), t)

    def _tried(self, job: Job, finding: Finding, times: tuple[float, float], t: float) -> None:
        """One try is over: the look is decided, or it waits for the next."""
        self.caps.fared(job.target, finding.word)
        sides = sides_in(job.look, finding.seen) if finding.seen else 0
        if job.tried(finding.word, times[0], times[1], finding.detail, sides):
            self._say(job.line())
        else:
            self.caps.later(job, t + job.pause(self._chance))

    def over(self, session: Session, finding: Finding, t: float) -> None:
        """A session ended."""
        self._drop(session)
        job = session.job
        connect = (session.connected if session.connected >= 0 else t) - session.began
        since = job.since if job.since >= 0 else session.began
        self._tried(job, finding, (connect, t - since), t)

    def onward(self, session: Session, look: wire.Look) -> None:
        """A session ended, and its look goes on with another one, in the same try."""
        self._drop(session)
        job, t = session.job, now()
        wrong = self._unusable(look)
        if wrong or job.hops >= HOPS_MAX:
            detail = wrong[1] if wrong else f"sent on more than {HOPS_MAX} times"
            self._tried(job, Finding(wire.FAILED, "", detail), (0.0, t - session.began), t)
            return
        target = self.caps.target_of(job.target.address, look["port"], t)
        job.go_on(look, target, session.began)
        self.caps.later(job, t)

    def listen(self, session: Session, mask: int) -> None:
        """Wake a session for these events."""
        self._poller.modify(session.fd, mask)

    def wake_after(self, session: Session, seconds: float) -> None:
        """Call a session again, whatever happens."""
        self._serial += 1
        heapq.heappush(self._wakes, (now() + seconds, self._serial, session))

    def _drop(self, session: Session) -> None:
        del self._open[session.fd]
        self._ticks[session.tick].discard(session.fd)
        session.close()
        self.caps.ended(session.job.target)

    def _hear_threads(self) -> None:
        for job, tries, finding, began, ended in self._alone.done():
            # A look that was given up is not here any more; its thread only did not know.
            if self._lonely.get(id(job)) is job and job.tries == tries:
                del self._lonely[id(job)]
                self.caps.ended(job.target)
                self._tried(job, finding, (0.0, ended - began), ended)

    # Time

    def _due(self, fd: int, at: float) -> int:
        """Look at this connection's time then; the tick in which it stands."""
        tick = int(at * TICKS) + 1
        self._ticks.setdefault(tick, set()).add(fd)
        return tick

    def _expire(self, t: float) -> None:
        """End the tries whose time is over. Answers that came in the meantime were taken before."""
        while self._wakes and self._wakes[0][0] <= t:
            session = heapq.heappop(self._wakes)[2]
            if session.alive:
                session.waited(t)
        last = int(t * TICKS)
        while self._tick < last:
            self._tick += 1
            for fd in tuple(self._ticks.get(self._tick, ())):
                entry = self._open[fd]
                if isinstance(entry, tuple):
                    del self._open[fd]
                    entry[0].close()
                    self.caps.ended(entry[1].target)
                    detail = f"no answer in {entry[1].seconds:g} s"
                    took = t - entry[2]
                    self._tried(entry[1], Finding(wire.TIMEOUT, "", detail), (took, took), t)
                else:
                    entry.late(t)
            self._ticks.pop(self._tick, None)

    def _patience(self) -> float:
        """How long there is nothing to do unless something happens, in seconds."""
        t, caps = now(), self.caps
        until = t + 0.5
        if self._open:
            until = t + 1 / TICKS
        if caps.flying < caps.in_flight_max and not self._pipes.crowded:
            if self._pipes.lines and caps.waiting < WAITING_MAX:
                until = min(until, caps.next - caps.slack)
            elif caps.heap:
                until = min(until, max(caps.heap[0][0], caps.next - caps.slack))
        if self._wakes:
            until = min(until, self._wakes[0][0])
        return max(0.0, until - t)

    def _give_up(self) -> None:
        """The batch's time is over: say so of everything that is not known, and of what comes."""
        for entry in list(self._open.values()):
            if isinstance(entry, tuple):
                entry[0].close()
                self.caps.ended(entry[1].target)
                self._no_time(entry[1])
            else:
                entry.alive = False
                self._drop(entry)
                self._no_time(entry.job)
        self._open.clear()
        self._ticks.clear()
        self._wakes.clear()
        for job in self._lonely.values():
            self.caps.ended(job.target)
            self._no_time(job)
        self._lonely.clear()
        for job in self.caps.drain():
            self._no_time(job)
        lines = self._pipes.lines
        while lines:
            try:
                address, look = read_job_line(lines.popleft())
            except BadLook as error:
                self._say(result_line(error.look_id, wire.BAD_LOOK, detail=str(error)))
                continue
            self._say(result_line(look["id"], wire.NO_TIME, detail=NOTHING, address=address))

    def _no_time(self, job: Job) -> None:
        detail = f"the batch's time ended after {job.tries} of {job.of} tries"
        job.give_up(wire.NO_TIME, f"{detail}; the last: {job.word}" if job.tries else NOTHING)
        self._say(job.line())

    def _say(self, line: str) -> None:
        self._pipes.results.append(line)

    def _tell(self, t: float) -> None:
        """Once a second, how things stand: a line of the loop's own, which the dispatcher eats."""
        if t < self._told + 0.5:
            return
        self._told = t
        waiting = self.caps.waiting + len(self._pipes.lines)
        slowed = "".join(f"\t{name}" for name in self.caps.slowed)
        self._say(f"#{self.caps.flying}\t{waiting}{slowed}\n")
