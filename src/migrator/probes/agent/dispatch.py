"""The dispatcher: reads the batch, minds the allow-list, and shares the looks out among the loops.

The agent's first process. All looks of one /24 or /64 go to the same loop, so that caps of targets
and networks hold although loops know nothing of each other. It reads no faster than the loops look,
and writes whole lines only. Its caller is gone when nobody reads its lines, or when its input ends
in the middle of a batch; then it ends, and the loops with it.
"""

from __future__ import annotations

import os
import re
import select
import zlib
from typing import NamedTuple

from migrator.probes.agent import wire
from migrator.probes.agent.incoming import BadLook, Order, read_look
from migrator.probes.agent.names import Answer, Names
from migrator.probes.agent.ranges import network_of, packed_of, text_of
from migrator.probes.agent.results import result_line
from migrator.probes.agent.watch import now

QUICK = re.compile(
    rb'\{"id": ?"[^"\\]+", ?"kind": ?"[a-z_0-9]+", ?'
    rb'"host": ?"((\d{1,3}\.\d{1,3}\.\d{1,3})\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))", ?'
    rb'"port": ?\d+[,}]'
)
"""A look with an IPv4 address, with its fields in our own order: most of every sweep. It need not
be taken apart to know where it belongs."""

READ_BYTES = 64 * 1024
WRITE_BYTES = 4096
"""What a pipe that is ready surely takes without waiting."""

OWED_BYTES_MAX = 512 * 1024
PARKED_MAX = 5_000
NETWORKS_MAX = 50_000
NOT_ALLOWED = -1
NOTHING = "the batch's time ended first"


class Away(Exception):
    """The caller is gone, or a loop is: the batch cannot be ended in order. The text says which."""


class Worker(NamedTuple):
    """One loop, as the dispatcher sees it."""

    looks: int  # write lines here
    results: int  # read lines here


class Batch:
    """One batch, from the line after its header to its last result."""

    def __init__(self, order: Order, workers: list[Worker], source: int, sink: int) -> None:
        self._ranges, self._workers = order.ranges, workers
        self._source, self._sink = source, sink
        self._deadline = now() + order.seconds
        self._next_beat = now() + 1.0
        self._names = Names()
        self._networks: dict[bytes, int] = {}
        self._owed = [bytearray() for _ in workers]
        self._fed = [False for _ in workers]
        self._torn = [b"" for _ in workers]
        self._standing = [(0, 0) for _ in workers]
        self._cut = b""  # the beginning of a line whose end did not come yet
        self._skipping = False  # inside a line that is too long to be a look
        self._whole = False  # the empty line came
        self._out = bytearray()
        self.rest = b""  # what was read beyond the end of the batch
        self.n = 0
        self.slowed: dict[str, None] = {}

    def run(self, rest: bytes) -> None:
        """Carry the batch out. `rest` was read together with the header. Raises `Away`."""
        self._take(rest)
        living = {i: worker.results for i, worker in enumerate(self._workers)}
        while living:
            events = self._wait(living)
            if self._names.parked:
                self._settle()
            if not self._whole and self._source in events:
                self._read()
            for i, worker in enumerate(self._workers):
                if not self._fed[i]:
                    self._feed(i)
                if i in living and worker.results in events and not self._gather(i):
                    del living[i]
            self._beat()
            self._write(events.get(self._sink, 0))
        self._names.close()

    def say(self, line: str) -> None:
        """Write this line, and everything before it, however long it takes."""
        self._out += line.encode()
        while self._out:
            self._write(select.POLLOUT)
            if self._out:
                poller = select.poll()
                poller.register(self._sink, select.POLLOUT)
                poller.poll(1000)

    def _wait(self, living: dict[int, int]) -> dict[int, int]:
        poller = select.poll()
        slow = len(self._out) > OWED_BYTES_MAX
        full = slow or self._names.parked >= PARKED_MAX
        if not (self._whole or full or any(len(o) > OWED_BYTES_MAX for o in self._owed)):
            poller.register(self._source, select.POLLIN)
        for i, fd in living.items():
            if not slow:
                poller.register(fd, select.POLLIN)
            if self._owed[i]:
                poller.register(self._workers[i].looks, select.POLLOUT)
        poller.register(self._names.wake, select.POLLIN)
        poller.register(self._sink, select.POLLOUT if self._out else 0)
        seconds = min(self._next_beat - now(), 0.2 if self._names.parked else 1.0)
        return dict(poller.poll(max(0.0, seconds * 1000)))

    # Looks, on their way in

    def _read(self) -> None:
        data = os.read(self._source, READ_BYTES)
        if not data:
            raise Away("the input ended in the middle of the batch")
        self._take(data)

    def _take(self, data: bytes) -> None:
        """Sort every whole line to where it belongs."""
        lines = (self._cut + data).split(b"\n")
        self._cut = lines.pop()
        if self._skipping and lines:
            del lines[0]
            self._skipping = False
        for at, line in enumerate(lines):
            if not line or line == b"\r":
                self._whole = True
                self.rest = b"\n".join((*lines[at + 1 :], self._cut))
                return
            self._sort(line)
        if len(self._cut) > wire.LINE_BYTES_MAX:
            if not self._skipping:
                self._refuse("", wire.BAD_LOOK, f"a line longer than {wire.LINE_BYTES_MAX} bytes")
            self._skipping, self._cut = True, b""

    def _sort(self, line: bytes) -> None:
        quick = QUICK.match(line)
        if quick is not None:
            where = self._networks.get(quick[2], NOT_ALLOWED)
            if where != NOT_ALLOWED:
                self._owed[where] += b"%b\t%b\n" % (quick[1], line)
                return
        try:
            look = read_look(line)
        except BadLook as error:
            self._refuse(error.look_id, wire.BAD_LOOK, str(error))
            return
        host = look["host"]
        try:
            packed = packed_of(host)
        except (OSError, ValueError):
            answer = self._names.answer(host)
            if answer is None:
                self._names.park(host, line)
            else:
                self._named(line, look, answer)
            return
        if not self._ranges.allow(packed):
            detail = f"{host} is outside the allowed ranges"
            self._refuse(look["id"], wire.NOT_ALLOWED, detail, host)
            return
        where = self._hand_on(packed, host, line)
        if quick is not None and self._ranges.same_for_neighbours(packed):
            if len(self._networks) >= NETWORKS_MAX:
                self._networks.clear()
            self._networks[quick[2]] = where

    def _hand_on(self, packed: bytes, host: str, line: bytes) -> int:
        """To the loop that has this network; which one."""
        where = zlib.crc32(network_of(packed)) % len(self._workers)
        _, scoped, scope = host.partition("%")
        self._owed[where] += f"{text_of(packed)}{scoped}{scope}\t".encode() + line + b"\n"
        return where

    def _named(self, line: bytes, look: wire.Look, answer: Answer) -> None:
        """The look's name is known: to an allowed address of it, the first."""
        if answer.fault:
            self._refuse(look["id"], wire.DNS, f"{look['host']}: {answer.fault}")
            return
        for address in answer.addresses:
            packed = packed_of(address)
            if self._ranges.allow(packed):
                self._hand_on(packed, address, line)
                return
        found = ", ".join(answer.addresses)
        detail = f"{look['host']} is {found}: outside the allowed ranges"
        self._refuse(look["id"], wire.NOT_ALLOWED, detail, answer.addresses[0])

    def _settle(self) -> None:
        """Names that are known by now; and none is waited for beyond the batch's time."""
        for line, answer in self._names.come():
            self._named(line, read_look(line), answer)
        if now() >= self._deadline:
            for line in self._names.abandon():
                self._refuse(read_look(line)["id"], wire.NO_TIME, NOTHING)

    def _refuse(self, look_id: str, word: str, detail: str, address: str = "") -> None:
        self.n += 1
        self._out += result_line(look_id, word, detail=detail, address=address).encode()

    def _feed(self, i: int) -> None:
        owed, fd = self._owed[i], self._workers[i].looks
        try:
            while owed:
                del owed[: os.write(fd, owed[:READ_BYTES])]
        except BlockingIOError:
            return
        except OSError:
            raise Away("a loop ended before its time") from None
        if self._whole and not self._names.parked:
            os.close(fd)
            self._fed[i] = True

    # Results, on their way out

    def _gather(self, i: int) -> bool:
        """Take what a loop wrote; False at its end."""
        data = os.read(self._workers[i].results, READ_BYTES)
        if not data:
            if not self._fed[i] or self._torn[i]:
                raise Away("a loop ended before its time")
            return False
        data = self._torn[i] + data
        end = data.rfind(b"\n") + 1
        self._torn[i] = data[end:]
        data = data[:end]
        if data.startswith(b"#") or b"\n#" in data:
            lines = data.splitlines(keepends=True)
            for line in lines:
                if line.startswith(b"#"):
                    self._hear(i, line)
            data = b"".join(line for line in lines if not line.startswith(b"#"))
        self.n += data.count(b"\n")
        self._out += data
        return True

    def _hear(self, i: int, line: bytes) -> None:
        """How things stand with a loop."""
        flying, waiting, *slowed = line[1:].decode().rstrip("\n").split("\t")
        self._standing[i] = (int(flying), int(waiting))
        self.slowed.update(dict.fromkeys(slowed))

    def _beat(self) -> None:
        if now() < self._next_beat:
            return
        self._next_beat = now() + 1.0
        in_flight = sum(flying for flying, _ in self._standing)
        waiting = sum(waits for _, waits in self._standing) + self._names.parked
        self._out += (
            f'{{"beat":1,"done":{self.n},"in_flight":{in_flight},"waiting":{waiting},'
            f'"slowed":{len(self.slowed)}}}\n'
        ).encode()

    def _write(self, ready: int) -> None:
        """Write while the caller takes it, and never so much at once that it could block."""
        if ready & (select.POLLERR | select.POLLNVAL):
            raise Away("nobody reads the results")
        poller = select.poll()
        poller.register(self._sink, select.POLLOUT)
        try:
            while self._out and (ready or poller.poll(0)):
                del self._out[: os.write(self._sink, self._out[:WRITE_BYTES])]
                ready = 0
        except OSError:
            raise Away("nobody reads the results") from None
