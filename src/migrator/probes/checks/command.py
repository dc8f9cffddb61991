"""What nobody thought of: a program on the vantage point, run as declared, judged by its exit code.

Off unless the look says `allow_command`, which only the sender of a batch sets and only where its
operator allowed it: a file of the inventory must not be able to run programs on other machines by
itself. A list of words and no shell, no input, a time limit on the program and everything that it
started, and of its output the first few kilobytes. It gets the target as MIGRATOR_HOST and
MIGRATOR_PORT, and nothing secret of the agent's own. Identity: its output.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from contextlib import suppress
from time import monotonic as now

from migrator.probes.agent.wire import FAILED, STATUS, TIMEOUT, Look
from migrator.probes.checks.arguments import (
    SECRETS_BEGIN_WITH,
    SEEN_LENGTH_MAX,
    Arguments,
    judged,
    readable,
)
from migrator.probes.checks.talk import Finding, Talk, Turn

KEPT_BYTES_MAX = 4 * SEEN_LENGTH_MAX
STEP_SECONDS = 0.02
"""How soon the end of a program is seen whose children keep its output open."""


class CommandTalk(Talk):
    """One program, run to its end in the agent's thread."""

    transport = "none"

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        given = Arguments(look, ("argv", "exit", "allow_command"), tls=False)
        self._holds = given.holds
        self._argv = given.texts("argv")
        self._good = given.numbers("exit", [0])
        if not self._argv or not self._argv[0].startswith("/"):
            # What a bare name means depends on a PATH that nobody declared.
            raise ValueError("argv must be a list that begins with the whole path of a program")
        if not given.flag("allow_command"):
            raise ValueError("commands are not allowed for this vantage point")

    def begin(self) -> Turn:
        """There is no connection to say anything over."""
        return Turn(done=Finding(FAILED, "", "a command is run and not connected"))

    def alone(self, seconds: float) -> Finding:
        """Run it. Ends within the time, with everything that it started in its session."""
        until = now() + seconds
        own = {k: v for k, v in os.environ.items() if not k.startswith(SECRETS_BEGIN_WITH)}
        target = {"MIGRATOR_HOST": self.look["host"], "MIGRATOR_PORT": str(self.look["port"])}
        try:
            process = subprocess.Popen(  # noqa: S603 - what was declared and allowed, and no shell
                self._argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={**own, **target},
                start_new_session=True,
            )
        except (OSError, ValueError) as fault:
            return Finding(FAILED, "", f"{self._argv[0]} cannot be run: {fault}"[:300])
        try:
            kept, ended = _output(process, until)
        finally:
            # Its own session: nobody else is in it, and a child may outlive the program.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            # One that runs by another user's rights cannot be killed, and is not waited for.
            with suppress(subprocess.TimeoutExpired):
                process.wait(1.0)
            if process.stdout is not None:
                process.stdout.close()
        seen = readable(kept)
        if not ended:
            return Finding(TIMEOUT, seen, f"still running after {seconds:.1f} s, and ended by us")
        return self._judge(process.returncode, seen)

    def _judge(self, code: int, seen: str) -> Finding:
        first = seen.strip().split("\n", 1)[0]
        how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
        detail = f"{how}: {first}" if first else how
        if code not in self._good:
            return Finding(STATUS, seen, detail[:300])
        return judged(self._holds, seen, detail)


def _output(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, bool]:
    """Read until the program ends or its time is over; keep the first bytes, drop the others.

    Whether it ended is asked before its output is read, so that its last words are not missed, and
    an output that its children keep open is not waited for.
    """
    assert process.stdout is not None
    out, kept, is_open = process.stdout.fileno(), b"", True
    poller = select.poll()  # an agent has more files open than `select` can count
    poller.register(out, select.POLLIN)
    while True:
        ended = process.poll() is not None
        left = max(until - now(), 0.0)
        if is_open and poller.poll(0 if ended else min(STEP_SECONDS, left) * 1000):
            data = os.read(out, 65_536)
            is_open = bool(data)
            kept += data[: KEPT_BYTES_MAX - len(kept)]
            if left:
                continue
        elif not is_open and not ended:
            with suppress(subprocess.TimeoutExpired):
                process.wait(left)
        if ended or not left:
            return kept, ended
