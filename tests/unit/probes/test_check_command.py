"""Commands: only where allowed, only so long, and judged by how they end."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from led_talks import a_look
from migrator.probes.agent.wire import Plain
from migrator.probes.checks.command import KEPT_BYTES_MAX, CommandTalk
from migrator.probes.checks.talk import Finding

SH = "/bin/sh"


def run(script: str, seconds: float = 5.0, **args: Plain) -> Finding:
    argv: Plain = [SH, "-c", script]
    return CommandTalk(a_look("command", argv=argv, allow_command=True, **args)).alone(seconds)


def test_program_that_ends_well_is_ok_and_its_output_is_seen() -> None:
    finding = run("echo side=new; echo more >&2", holds="side=new")
    assert finding == ("ok", "side=new\nmore\n", "exit code 0: side=new")


def test_program_that_ends_otherwise_says_no() -> None:
    finding = run("echo queue full; exit 3")
    assert finding == ("status", "queue full\n", "exit code 3: queue full")
    assert run("exit 3", exit=[0, 3]).word == "ok"
    assert run("kill -9 $$").detail.startswith("ended by signal 9")


def test_output_without_the_text_it_should_hold_is_a_mismatch() -> None:
    assert run("echo old", holds="new").word == "mismatch"


def test_target_is_told_and_secrets_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATOR_PROBE_DB", "s3cret")
    assert run("env").seen.count("s3cret") == 0
    assert run("echo $MIGRATOR_HOST:$MIGRATOR_PORT").seen == "192.0.2.1:4711\n"


def test_program_that_hangs_is_ended_with_its_children() -> None:
    began = time.monotonic()
    finding = run("echo begun; sleep 60 & sleep 60", seconds=0.1)
    assert (finding.word, finding.seen) == ("timeout", "begun\n")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("ends", ["wait", "exit 0"])
def test_nothing_that_it_started_goes_on(ends: str) -> None:
    child = int(run(f"sleep 60 & echo $!; {ends}", seconds=0.1).seen)
    for _ in range(200):
        if not alive(child):
            break
        time.sleep(0.01)
    assert not alive(child)


def alive(number: int) -> bool:
    """Whether a process goes on; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_program_that_closes_its_output_is_still_waited_for() -> None:
    assert run("exec >&- 2>&-; sleep 0.05; exit 4").detail == "exit code 4"
    assert run("exec >&- 2>&-; sleep 60", seconds=0.1).word == "timeout"


def test_children_that_keep_the_output_open_are_not_waited_for() -> None:
    began = time.monotonic()
    assert run("sleep 60 & echo done").seen == "done\n"
    assert time.monotonic() - began < 2


def test_endless_output_is_not_kept() -> None:
    finding = run("yes", seconds=0.1)
    assert finding.word == "timeout"
    assert len(finding.seen) <= KEPT_BYTES_MAX


def test_shell_has_no_part_in_it() -> None:
    argv: Plain = [sys.executable, "-c", "import sys; print(sys.argv[1])", "$(id); `id`"]
    look = a_look("command", argv=argv, allow_command=True)
    assert CommandTalk(look).alone(5.0).seen == "$(id); `id`\n"


def test_program_that_is_not_there_is_a_fault_of_this_place() -> None:
    look = a_look("command", argv=["/nowhere/at/all"], allow_command=True)
    assert CommandTalk(look).alone(1.0).word == "failed"


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"argv": [SH]}, "not allowed"),
        ({"argv": [SH], "allow_command": False}, "not allowed"),
        ({"argv": "sh -c id", "allow_command": True}, "argv"),
        ({"argv": ["sh"], "allow_command": True}, "whole path"),
        ({"argv": [], "allow_command": True}, "argv"),
        ({"argv": [SH, 1], "allow_command": True}, "argv"),
        ({"argv": [SH], "allow_command": True, "exit": ["0"]}, "exit"),
    ],
)
def test_command_that_is_not_declared_and_allowed_is_never_run(
    args: dict[str, Plain], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        CommandTalk(a_look("command", **args))


def test_command_is_never_a_connection() -> None:
    talk = CommandTalk(a_look("command", argv=[SH], allow_command=True))
    assert talk.transport == "none"
    assert talk.begin().done == ("failed", "", "a command is run and not connected")
