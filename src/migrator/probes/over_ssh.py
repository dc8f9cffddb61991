"""The vantage point that is another host: the agent over the system's own `ssh`.

Made by the commands and the wiring. Keys, jump hosts and known hosts are ssh's affair and stand in
the operator's own configuration; nothing of ours weakens them, and nothing waits for a password.
One connection carries all batches. The agent's bytes go through it into the memory of an
interpreter there, so a host that has a Python needs no installation and keeps nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shlex
import shutil
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from migrator.engine.ports import VantageLost
from migrator.errors import InputError
from migrator.probes.bootstrap import NO_PYTHON, TEXT, why_not_begun
from migrator.probes.conversing import Begun, converse

CONNECT_SECONDS_MAX: Final = 10
ALIVE_SECONDS: Final = 5
ALIVE_COUNT_MAX: Final = 3
"""A silent connection is given up after 15 seconds."""

PERSIST_SECONDS: Final = 30
"""If we are killed, the connection that was kept for the next batch ends by itself so soon."""

LOST: Final = 255
"""What `ssh` ends with for every trouble of its own."""

PYTHONS: Final = ("python3", *(f"python3.{minor}" for minor in range(14, 8, -1)))
"""Where the first is too old, a newer one often stands beside it."""

_FOR_GOOD: Final = (
    "Permission denied",
    "Host key verification failed",
    "REMOTE HOST IDENTIFICATION HAS CHANGED",
    "Too many authentication failures",
    "Bad configuration option",
    "Bad owner or permissions",
    "Could not resolve hostname",
)
_HOST_KEY: Final = ("host key is known", "Host key verification", "HOST IDENTIFICATION")
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "USER", "LOGNAME", "SSH_AUTH_SOCK", "KRB5CCNAME")

# One line without exclamation marks: the login shell that hears it may be any, also a C shell.
_FIND_PYTHON: Final = (
    "t=$1; d=$2; n=$3; shift 3; for p; do "
    'if "$p" -I -B -c "import sys; sys.exit(sys.version_info < (3, 9))" 2>/dev/null; '
    'then exec "$p" -I -B -c "$t" "$d" "$n"; fi; done; '
    f'echo {NO_PYTHON} $(python3 -V 2>&1) >&2; exit 127'
)  # fmt: skip


class OverSsh:
    """Looks from `host`, a name of ssh's own configuration."""

    def __init__(self, agent: bytes, host: str, *, name: str = "", python: str = "") -> None:
        """Nothing is connected yet. Raises InputError for what is no host to ssh."""
        odd = any(letter.isspace() or not letter.isprintable() for letter in host)
        if not host or host.startswith("-") or odd:
            raise InputError(
                "ssh-host",
                f"{host!r} is no destination for ssh",
                hint="write a host, user@host, or a name from the ssh configuration",
            )
        self.name = name or host
        self._agent, self._host = agent, host
        self._pythons = tuple(dict.fromkeys([python or PYTHONS[0], *PYTHONS]))
        self._folder: Path | None = None
        self._connecting = asyncio.Lock()

    async def look(self, header: bytes, lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Look at everything, over the one connection. Raises VantageLost."""
        await self._connect()
        digest, size = hashlib.sha256(self._agent).hexdigest(), str(len(self._agent))
        text = f"exec(bytes.fromhex('{TEXT.encode().hex()}'))"
        there = ["sh", "-c", _FIND_PYTHON, "sh", text, digest, size, *self._pythons]
        argv = self._argv(["-T", "-o", "ControlMaster=no"], [shlex.join(there)])
        begun = Begun(argv, self._agent, _environment(), self._why)
        answers = converse(begun, header, lines)
        try:
            async for line in answers:
                yield line
        finally:
            await answers.aclose()

    async def close(self) -> None:
        """End the connection."""
        folder, self._folder = self._folder, None
        if folder is not None:
            await self._ask_master(folder, "exit")
            shutil.rmtree(folder, ignore_errors=True)

    # --- parts ------------------------------------------------------------------------------

    async def _connect(self) -> None:
        """Have a connection that the batches share; one that broke is made anew."""
        async with self._connecting:
            if self._folder is None:
                # A socket's path has 108 bytes at most, so the folder's is short.
                self._folder = Path(tempfile.mkdtemp(prefix="mig-", dir="/tmp"))
            elif await self._ask_master(self._folder, "check") == 0:
                return
            options = ["-N", "-f", "-o", "ControlMaster=yes"]
            options += ["-o", f"ControlPersist={PERSIST_SECONDS}"]
            with tempfile.TemporaryFile() as complaint:
                # A file and no pipe: the connection stays behind and would hold a pipe open.
                code = await _ran(self._argv(options, []), complaint.fileno())
                complaint.seek(0)
                said = complaint.read().decode("utf-8", "replace").strip()
            if code:
                raise self._why(code, said)

    async def _ask_master(self, folder: Path, word: str) -> int:
        argv = ["ssh", "-o", f"ControlPath={folder}/%C", "-O", word, "--", self._host]
        try:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):
                return await _ran(argv, DEVNULL)
        except TimeoutError:
            return LOST

    def _argv(self, options: Sequence[str], command: Sequence[str]) -> list[str]:
        given = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "ConnectTimeout": CONNECT_SECONDS_MAX,
            "ServerAliveInterval": ALIVE_SECONDS,
            "ServerAliveCountMax": ALIVE_COUNT_MAX,
            "ControlPath": f"{self._folder}/%C",
            # What the operator has set up for sessions of their own has no place in ours.
            "ClearAllForwardings": "yes",
            "PermitLocalCommand": "no",
            "RemoteCommand": "none",
            "LogLevel": "ERROR",
        }
        words = [word for name, value in given.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", *options, *words, "--", self._host, *command]

    def _why(self, code: int, complaint: str) -> VantageLost:
        known = why_not_begun(complaint)
        if known:
            return VantageLost(f"{known} on {self._host}", for_good=True)
        last = complaint.splitlines()[-1] if complaint else ""
        said = f": {last}" if last else ""
        if code != LOST:
            return VantageLost(f"its agent on {self._host} ended with {code}{said}")
        if any(words in complaint for words in _HOST_KEY):
            # The first line that speaks of a key names the host, which may be one on the way.
            lines = [line for line in complaint.splitlines() if "host key" in line.lower()]
            last = f"a host key is not known, or another one: {lines[0] if lines else last}"
            return VantageLost(f"{self._host} is not entered: {last}", for_good=True)
        for_good = any(words in complaint for words in _FOR_GOOD)
        return VantageLost(f"{self._host} cannot be entered{said}", for_good=for_good)


async def _ran(argv: Sequence[str], stderr: int) -> int:
    """Run it to its end; cancelled, it ends at once."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=DEVNULL, stdout=DEVNULL, stderr=stderr, env=dict(_environment()),
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise VantageLost(f"ssh cannot be started: {error.strerror}", for_good=True) from error
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _environment() -> Mapping[str, str]:
    """What ssh needs to find its configuration and the user's agent."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
