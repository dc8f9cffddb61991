"""A talk with an agent that is a process: the agent's bytes and the looks in, its lines out.

Used by `here.py` and `over_ssh.py`, which say what to start and how to read its end. Nothing is
ever kept whole: lines are taken as the pipe takes them, and what comes back waits until somebody
takes it. However the talk ends, the process and all that it started end with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from migrator.engine.ports import VantageLost
from migrator.probes.bootstrap import READY
from migrator.probes.lines import READ_BYTES, is_end, whole_lines

COMPLAINT_BYTES_MAX: Final = 4096
"""The end of stderr is kept: that is where the reason stands."""

NOISE_BYTES_MAX: Final = 64 * 1024
"""What a login script may say before our agent does."""

WRITE_BYTES: Final = 32 * 1024
END_SECONDS_MAX: Final = 2.0
"""An agent that has said its end, or has been asked to go, needs no longer."""

Explain = Callable[[int, str], VantageLost]
"""Makes a reason of an exit code (-1: it still runs) and the end of stderr."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What to start, what to hand to it first, and how to tell why it ended."""

    argv: Sequence[str]
    agent: bytes
    environment: Mapping[str, str]
    explain: Explain


async def converse(
    begun: Begun, header: bytes, lines: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    """Hand over, and give back what comes. Raises VantageLost unless an end line came."""
    talk = _Talk(begun, await _started(begun))
    try:
        async with aclosing(whole_lines(talk.stdout.read)) as answers:
            talk.stdin.write(begun.agent + header)
            if not await _ready(answers):
                raise await talk.cut()
            talk.feed(lines)
            async for line in answers:
                yield line
                if is_end(line):
                    talk.raise_what_failed()
                    return
            raise await talk.cut()
    finally:
        await talk.end()


async def _started(begun: Begun) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *begun.argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=dict(begun.environment),
            start_new_session=True,
        )
    except OSError as error:
        said = f"{begun.argv[0]} cannot be started: {error.strerror}"
        raise VantageLost(said, for_good=True) from error


async def _ready(answers: AsyncGenerator[bytes, None]) -> bool:
    """Pass over whatever a login script says; False where no agent begins."""
    noise = 0
    async for line in answers:
        if line.rstrip() == READY:
            return True
        noise += len(line)
        if noise > NOISE_BYTES_MAX:
            raise VantageLost("something else than an agent answers there", for_good=True)
    return False


class _Talk:
    """One process, what is being said to it, and the end of what it complains of."""

    def __init__(self, begun: Begun, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdin, self.stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._begun, self._process = begun, process
        self._complaint = b""
        self._hearing = asyncio.create_task(self._hear())
        self._feeding: asyncio.Task[None] | None = None

    def feed(self, lines: AsyncIterator[bytes]) -> None:
        """Begin to write the lines, beside whoever reads the answers."""
        self._feeding = asyncio.create_task(self._feed(lines))

    def raise_what_failed(self) -> None:
        """Where the lines themselves could not be read, no answer to them is whole."""
        task = self._feeding
        if task is not None and task.done() and not task.cancelled():
            error = task.exception()
            if error is not None:
                raise error

    async def cut(self) -> VantageLost:
        """The reason for an output that ended without an end line."""
        self.raise_what_failed()
        # It ends a moment after its output does, and what it complains of comes by another pipe.
        await asyncio.wait({self._hearing}, timeout=END_SECONDS_MAX)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS_MAX):
                await self._process.wait()
        words = self._complaint.decode("utf-8", "replace")
        said = "".join(c if c.isprintable() or c == "\n" else " " for c in words).strip()
        code = self._process.returncode
        return self._begun.explain(-1 if code is None else code, said)

    async def end(self) -> None:
        """Shut its input, which an agent takes for its caller's end; then kill what is left."""
        tasks = [self._hearing, *([self._feeding] if self._feeding else [])]
        if self._feeding is not None:
            self._feeding.cancel()
        self.stdin.close()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS_MAX):
                    await self._drained()
        finally:
            # The whole group, also where its leader has gone: it may have left somebody behind.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._hearing.cancel()
        # A connection that ssh keeps for others may hold these pipes open: not waited for.
        transport = getattr(self._process, "_transport", None)
        if isinstance(transport, asyncio.BaseTransport):
            transport.close()
        await self._process.wait()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drained(self) -> None:
        """Take what is still in its pipes, because it may be waiting for that, until it is gone."""
        while await self.stdout.read(READ_BYTES):
            pass
        await self._process.wait()

    async def _hear(self) -> None:
        """Read for as long as there is anything, so that the process never waits for us."""
        while more := await self._stderr.read(COMPLAINT_BYTES_MAX):
            self._complaint = (self._complaint + more)[-COMPLAINT_BYTES_MAX:]

    async def _feed(self, lines: AsyncIterator[bytes]) -> None:
        """Write each line as the pipe takes it, and the empty one that ends a batch."""
        waiting, whole = 0, False
        try:
            async for line in lines:
                self.stdin.write(line)
                waiting += len(line)
                if waiting >= WRITE_BYTES:
                    waiting = 0
                    await self.stdin.drain()
            self.stdin.write(b"\n")
            await self.stdin.drain()
            whole = True
        except ConnectionError:
            pass  # an agent that has gone tells why by itself
        finally:
            if not whole:
                self.stdin.close()  # else it would wait for the rest, and we for its end
