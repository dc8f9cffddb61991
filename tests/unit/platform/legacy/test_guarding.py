"""The conversation with the guard: signs of life, what is begun only after `go`, old shells."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from pathlib import Path

import pytest

from migrator.platform.legacy.guard_record import processes
from migrator.platform.legacy.guarding import BOOTSTRAP, Here, _sources, guarded

pytestmark = pytest.mark.skipif(not processes(), reason="no /proc on this machine")


def a_task(folder: Path, script: str, silence_seconds: float = 0.0) -> dict[str, object]:
    """What a guard is told."""
    return {
        "run_key": "run",
        "key": "key",
        "mark": "1",
        "move": "web",
        "act": "copy",
        "attempt": 1,
        "token": "tok-1",
        "epoch": 1,
        "folder": str(folder / "guards"),
        "parent": 0,
        "argv": ["sh", "-c", script],
        "cwd": str(folder),
        "files": None,
        "environment": {},
        "secrets": {},
        "output_max": 1024,
        "grace_seconds": 0.1,
        "settle_seconds": 0.1,
        "silence_seconds": silence_seconds,
    }


async def alone(*lines: bytes) -> list[dict[str, object]]:
    """A guard that is told these lines and then hears nothing, with its lifeline held open."""
    sources = _sources()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", BOOTSTRAP, str(len(sources))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(sources + b"\n".join(lines) + b"\n")
    heard = await process.stdout.read()
    await process.wait()
    process.stdin.close()
    return [json.loads(line.lstrip(b"\x1e")) for line in heard.splitlines()]


async def test_a_guard_that_never_hears_go_begins_nothing_and_leaves(tmp_path: Path) -> None:
    task = json.dumps(a_task(tmp_path, "sleep 300", 0.1)).encode()
    assert await alone(task) == [{"says": "ready"}]


async def test_signs_of_life_keep_a_command_going_and_their_absence_ends_it(
    tmp_path: Path,
) -> None:
    task = a_task(tmp_path, "sleep 0.3; echo done", 0.1)
    heard = await guarded(Here(silence_seconds=0.1), task, 1024, lambda _share, _text: None)
    assert (heard.ended, heard.cut, heard.head) == (True, "", b"done\n")
    silent = await guarded(Here(), task, 1024, lambda _share, _text: None)
    assert (silent.ended, silent.cut) == (True, "nothing was heard from the conductor")


async def test_leaving_before_go_leaves_nothing(tmp_path: Path) -> None:
    task = a_task(tmp_path, "touch begun")
    waiting = asyncio.create_task(guarded(Here(), task, 1024, lambda _share, _text: None))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not (tmp_path / "begun").exists()


async def test_what_a_login_script_prints_is_not_taken_for_the_guards_words(
    tmp_path: Path,
) -> None:
    fake = tmp_path / "python"
    end = json.dumps(
        {
            "says": "ended",
            "exit": 0,
            "cut": "",
            "left_out": 0,
            "ended_behind": 0,
            "head": base64.b64encode(b"hi").decode(),
            "tail": "",
        }
    )
    fake.write_text(
        '#!/bin/sh\necho welcome; echo \'{"says": "refused"}\'\n'
        'printf \'no line end\\036{"says": "ready"}\\n\'; echo more\n'
        f"printf '\\036%s\\n' '{end}'\ncat > {tmp_path}/heard\n"
    )
    fake.chmod(0o700)

    class There(Here):
        def python(self) -> str:
            return str(fake)

    heard = await guarded(There(), a_task(tmp_path, ""), 1024, lambda _share, _text: None)
    assert (heard.ended, heard.head) == (True, b"hi")
    assert (tmp_path / "heard").read_bytes().endswith(b"\ngo\n")


def test_the_bootstrap_is_one_line_of_plain_letters() -> None:
    assert BOOTSTRAP.isascii()
    assert "\n" not in BOOTSTRAP
    assert not set(BOOTSTRAP) & {"!", "`", "$"}, "a csh would read them even within quotes"
    assert len(BOOTSTRAP) < os.sysconf("SC_ARG_MAX") // 100
