"""Asking a child process: a request goes in, the answer comes out, errors are raised again.

Called by the conductor's wiring (`ask`, which never blocks the loop) and by commands (`ask_now`).
The child is this same program under this same interpreter; it is ended when its caller gives up.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Final, TypedDict

from migrator import errors
from migrator.errors import EnvironmentFailed, Fault, MigratorError

SECONDS_MAX: Final = 600.0
"""Planning and judging millions of links take seconds; what takes this long hangs."""


class _Told(TypedDict):
    kind: str
    reference: str
    message: str
    hint: str
    faults: list[_FaultTold]
    count: int


class _FaultTold(TypedDict):
    file: str
    line: int | None
    path: str
    message: str


class _Reply(TypedDict, total=False):
    answer: object
    error: _Told


async def ask(verb: str, request: Mapping[str, object], seconds_max: float = SECONDS_MAX) -> object:
    """The child's answer, without blocking the loop. Raises what the child raised."""
    child = await asyncio.create_subprocess_exec(
        *_command(verb),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds_max):
            out, said = await child.communicate(json.dumps(request).encode())
    except TimeoutError as error:
        raise _hung(verb, seconds_max) from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode is not None, "a child whose output has ended has ended"
    return _answer(verb, child.returncode, out, said)


def ask_now(verb: str, request: Mapping[str, object], seconds_max: float = SECONDS_MAX) -> object:
    """The child's answer; for commands, which have nothing else to do."""
    try:
        done = subprocess.run(  # noqa: S603 - our own program, by its full name
            _command(verb),
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=seconds_max,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _hung(verb, seconds_max) from error
    return _answer(verb, done.returncode, done.stdout, done.stderr)


def _command(verb: str) -> list[str]:
    return [sys.executable, "-m", "migrator.probes.child", verb]


def _answer(verb: str, code: int, out: bytes, said: bytes) -> object:
    try:
        reply: _Reply = json.loads(out)
    except ValueError as error:
        last = (said.decode("utf-8", "replace").strip().splitlines() or ["nothing was said"])[-1]
        raise EnvironmentFailed(
            "child-failed",
            f"the process for '{verb}' ended with {code} and no answer: {last}",
            hint="see that memory and disk are not full, then do the same again",
        ) from error
    told = reply.get("error")
    if told is not None:
        raise _raised(told)
    return reply["answer"]


def _raised(told: _Told) -> MigratorError:
    """The child's error, as it was."""
    kind: type[MigratorError] = getattr(errors, told["kind"])
    return kind(
        told["reference"],
        told["message"],
        hint=told["hint"],
        faults=tuple(Fault(**fault) for fault in told["faults"]),
        count=told["count"],
    )


def _hung(verb: str, seconds: float) -> EnvironmentFailed:
    return EnvironmentFailed(
        "child-failed",
        f"the process for '{verb}' had no answer after {seconds:g} seconds and was ended",
        hint="see what else the machine is doing, then do the same again",
    )
