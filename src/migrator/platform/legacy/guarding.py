"""The conductor's end of the guard: starts it, hands it the task, hears what it says.

Called by `command.py` with a way to start programs (here, or `ssh.py`). Two promises: nothing is
begun before `go` was sent, and leaving this module by any way (also by a time-out, which cancels)
ends the command and all its offspring. No secret is on any command line: all goes through stdin.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import inspect
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import IO, Final, Protocol

from migrator.platform.legacy import guard, guard_record, guard_voice

LOADER: Final = (
    "import json,os,sys,types\n"
    "n,b=int(sys.argv[1]),b''\n"
    "while len(b)<n:\n"
    " c=os.read(0,n-len(b))\n"
    " if not c: sys.exit(0)\n"
    " b+=c\n"
    "for name,text in json.loads(b.decode()):\n"
    " m=sys.modules[name]=types.ModuleType(name)\n"
    " exec(compile(text,name,'exec'),m.__dict__)\n"
    "sys.exit(m.main())\n"
)
"""Puts the guard's modules, which come in on stdin, in place under their own names."""

BOOTSTRAP: Final = f"exec({LOADER!r})"
"""The same in one line: ssh hands it to the login shell, and some cannot quote a line break."""

LEAVE_SECONDS: Final = 5.0
"""Beyond its grace, so long may a guard need to end everything and leave."""

STDERR_BYTES_MAX: Final = 16_384
"""Of what the guard or ssh complained about, the end is kept."""

FORCE_TIMES_MAX: Final = 50
"""What SIGKILL does not end within a second hangs in the kernel; the next proof will say so."""

FRAME_BYTES: Final = 262_144
"""A line of the guard beyond its output: processes, words, progress."""


class Way(Protocol):
    """How a guard is started: on this machine, or over ssh on another.

    After `silence_seconds` without a sign of life the guard ends its command; 0: never.
    """

    @property
    def host(self) -> str:
        """Where; empty for this machine."""
        ...

    @property
    def silence_seconds(self) -> float:
        """How long the guard bears to hear nothing."""
        ...

    def argv(self, bootstrap: Sequence[str]) -> Sequence[str]:
        """The program and its arguments that start `python3 bootstrap` there."""
        ...

    def environment(self) -> Mapping[str, str]:
        """The environment of what is started here."""
        ...

    def python(self) -> str:
        """The interpreter there."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """On this machine, with the interpreter that the conductor itself runs on."""

    host: str = ""
    silence_seconds: float = 0.0  # the pipe's end and the kernel tell at once

    def argv(self, bootstrap: Sequence[str]) -> Sequence[str]:
        """As it is."""
        return bootstrap

    def environment(self) -> Mapping[str, str]:
        """Path, home and language; everything else of the conductor's stays with it."""
        return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}

    def python(self) -> str:
        """The conductor's own."""
        return sys.executable


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it. `went` is False when certainly nothing was begun."""

    went: bool
    refused: str = ""  # why the guard began nothing
    text: str = ""
    ended: bool = False
    exit: int = 0
    cut: str = ""
    head: bytes = b""
    tail: bytes = b""
    left_out: int = 0
    ended_behind: int = 0
    code: int = 0  # of the guard or of ssh
    stderr: bytes = b""


Progress = Callable[[int, str], None]
"""Told of each progress line: per cent, and the words as the program wrote them."""


async def guarded(
    way: Way, task: Mapping[str, object], output_max: int, progress: Progress
) -> Heard:
    """Run one task under a guard. Raises OSError when the guard itself cannot be started."""
    sources = _sources()
    argv = way.argv([way.python(), "-I", "-S", "-c", BOOTSTRAP, str(len(sources))])
    with tempfile.TemporaryFile() as stderr:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=dict(way.environment()),
            start_new_session=True,  # Ctrl-C at the terminal is the conductor's affair alone
            limit=output_max * 2 + FRAME_BYTES,
        )
        # Numbers and marks of another host mean nothing here.
        mark = "" if way.host else f"{task['key']}.{task['mark']}"
        talk = _Talk(process, progress, mark)
        try:
            await talk.send(sources + json.dumps(task).encode("ascii") + b"\n")
            heard = await talk.listen(way.silence_seconds)
        finally:
            await talk.leave(float(str(task["grace_seconds"])) + LEAVE_SECONDS)
        assert process.returncode is not None, "it was waited for"
        return replace(heard, code=process.returncode, stderr=_end_of(stderr))


class _Talk:
    """The conversation with one guard."""

    def __init__(self, process: asyncio.subprocess.Process, progress: Progress, mark: str) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._in = process.stdin
        self._out = process.stdout
        self._progress = progress
        self._mark = mark

    async def send(self, data: bytes) -> None:
        """Write; a guard that is gone is heard of by its silence."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._in.write(data)
            await self._in.drain()

    async def listen(self, silence_seconds: float) -> Heard:
        """Wait for `ready`, say `go`, and hear it to the end."""
        words = await self._next()
        if words is None:
            return Heard(went=False)
        if words["says"] == "refused":
            return Heard(went=False, refused=str(words["why"]), text=str(words["text"]))
        await self.send(b"go\n")
        beat = asyncio.create_task(self._beat(silence_seconds)) if silence_seconds else None
        try:
            return await self._hear_out()
        finally:
            if beat is not None:
                beat.cancel()
                await asyncio.gather(beat, return_exceptions=True)

    async def _hear_out(self) -> Heard:
        while True:
            words = await self._next()
            if words is None:
                return Heard(went=True)
            match words["says"]:
                case "progress":
                    self._progress(int(str(words["share"])), str(words["text"]))
                case "refused":
                    return Heard(went=False, refused=str(words["why"]), text=str(words["text"]))
                case "ended":
                    return Heard(
                        went=True,
                        ended=True,
                        exit=int(str(words["exit"])),
                        cut=str(words["cut"]),
                        head=base64.b64decode(str(words["head"])),
                        tail=base64.b64decode(str(words["tail"])),
                        left_out=int(str(words["left_out"])),
                        ended_behind=int(str(words["ended_behind"])),
                    )
                case _:
                    continue  # `ready` is said once, and heard before

    async def _next(self) -> dict[str, object] | None:
        """The guard's next line; None when it says no more."""
        while True:
            try:
                line = await self._out.readline()
            except (ValueError, ConnectionResetError):  # a line beyond every limit is not its own
                return None
            if not line:
                return None
            # What stands before the mark was printed by the other host's login scripts.
            _, mark, text = line.rpartition(b"\x1e")
            if mark and line.endswith(b"\n"):
                with contextlib.suppress(ValueError):
                    words = json.loads(text)
                    if isinstance(words, dict) and "says" in words:
                        return words

    async def _beat(self, silence_seconds: float) -> None:
        """Give signs of life, so that a broken connection ends the command at its other end."""
        while True:
            await asyncio.sleep(silence_seconds / 4)
            await self.send(b"\n")

    async def leave(self, seconds: float) -> None:
        """Let go of the lifeline and wait until the guard has ended everything and left."""
        self._in.close()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._process.wait()
        finally:
            if self._process.returncode is None:
                self._process.kill()
            if await self._process.wait() != 0:
                await self._end_by_force()

    async def _end_by_force(self) -> None:
        """The guard failed or was killed: end whatever carries this try's mark on this machine."""
        for _ in range(FORCE_TIMES_MAX):
            left = guard_record.marked(self._mark) if self._mark else []
            if not left:
                return
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(guard_record.TICK_SECONDS)


@cache
def _sources() -> bytes:
    """The guard's modules under their names, the ones that are needed first at the front."""
    modules = (guard_record, guard_voice, guard)
    texts = [(module.__name__, inspect.getsource(module)) for module in modules]
    return json.dumps(texts).encode()


def _end_of(file: IO[bytes]) -> bytes:
    """The last of what was complained about."""
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - STDERR_BYTES_MAX))
    return file.read()
