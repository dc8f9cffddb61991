"""A process is gone when it certainly has ended, and not before."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.store import machine
from migrator.store.machine import ThisMachine


def test_this_process_is_there() -> None:
    here = ThisMachine()

    assert not here.is_gone(here.myself())
    assert here.myself() == here.myself()


def test_a_process_that_ended_is_gone_even_before_its_parent_looked() -> None:
    here = ThisMachine()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        holder = replace(here.myself(), pid=child.pid, begun=machine._begun(child.pid))
        assert not here.is_gone(holder)
        assert child.stdin is not None
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie from here on
        assert here.is_gone(holder)

    assert here.is_gone(holder)


def test_a_number_that_was_given_to_another_process_does_not_keep_the_first_alive() -> None:
    here = ThisMachine()

    assert here.is_gone(replace(here.myself(), begun="1"))


def test_every_process_of_an_earlier_boot_is_gone() -> None:
    here = ThisMachine()

    assert here.is_gone(replace(here.myself(), boot="another"))


def test_a_process_in_another_container_cannot_be_judged() -> None:
    here = ThisMachine()

    assert not here.is_gone(replace(here.myself(), space="pid:[1]", pid=2**22 + 1))


def test_a_process_that_is_hidden_from_us_is_not_taken_for_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = ThisMachine()
    holder = here.myself()
    monkeypatch.setattr(machine, "_begun", lambda _pid: "")

    def forbidden(_pid: int, signal: int) -> None:
        assert signal == 0
        raise PermissionError

    monkeypatch.setattr(os, "kill", forbidden)

    assert not here.is_gone(holder)


def test_a_machine_that_tells_nothing_of_processes_takes_nobody_for_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "PROC", tmp_path)
    here = ThisMachine()

    assert here.myself().begun == ""
    assert not here.is_gone(here.myself())


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)

    assert ThisMachine().myself().user == str(os.getuid())


def test_the_clock_never_goes_back() -> None:
    here = ThisMachine()

    assert 0 < here.seconds() <= here.seconds()
