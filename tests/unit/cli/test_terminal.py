"""No terminal holds a run up or ends it: frozen, closed, or gone before the result is said."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import practising
from migrator.cli.app import INTERRUPTED
from migrator.cli.runs import see_run
from migrator.cli.terminal import LINES_WAITING_MAX, Teller, outliving_its_terminal, unheard

LEADS = "from migrator.cli import main; main()"
LONG = "a line that is long enough to fill what a terminal takes without being read " * 2


@contextmanager
def terminal() -> Iterator[int]:
    """A pseudo-terminal as stdout and stderr; gives its other end, which nobody reads.

    Not a fixture: pytest puts its own streams back between a fixture and its test.
    """
    other_end, own_end = os.openpty()
    with os.fdopen(own_end, "w", encoding="utf-8") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        patch.setattr(sys, "stdout", stream)
        yield other_end


def test_a_frozen_terminal_makes_nobody_wait() -> None:
    with terminal() as other_end:
        teller = Teller()
        teller.start()
        for number in range(1_000):
            teller.line(f"{number} {LONG}", "bad")  # would block for ever if it wrote by itself
            teller.footer(["where we are"])
        os.close(other_end)
        teller.stop()


def _read_until(terminal: int, last: str) -> str:
    """What a terminal shows, up to a word: the kernel hands it over in pieces."""
    shown = b""
    while last.encode() not in shown and select.select([terminal], [], [], 10)[0]:
        shown += os.read(terminal, 65_536)
    return shown.decode()


def test_news_and_footer_reach_a_terminal_that_is_read() -> None:
    with terminal() as other_end:
        teller = Teller()
        teller.start()
        teller.line("w01 is HELD", "bad")
        teller.footer(["ÖVNING/PRACTICE night-1"])
        teller.stop()
        shown = _read_until(other_end, "night-1")
        os.close(other_end)

    assert "w01 is HELD" in shown
    assert "night-1" in shown


def test_what_was_missed_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller()
    for _ in range(LINES_WAITING_MAX + 7):
        teller.line("news", "")
    teller.start()
    teller.stop()

    assert "(7 lines were not shown: see migrator journal)" in capsys.readouterr().err


def test_a_result_that_nobody_reads_changes_no_exit_code() -> None:
    with terminal() as other_end:
        os.close(other_end)
        with unheard():
            sys.stdout.write("completed\n")
        sys.stdout.write("and what Python itself still writes at its end\n")
        sys.stdout.flush()


def test_a_full_disk_is_still_told() -> None:
    with pytest.raises(OSError, match="full"), unheard():
        raise OSError(28, "the disk is full")


def test_a_signal_means_again_what_it_meant_before() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with outliving_its_terminal():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGHUP) is before


@pytest.mark.slow
def test_a_run_goes_on_when_its_terminal_is_closed() -> None:
    practising.begun("night-1", play=())
    other_end, own_end = os.openpty()
    run = subprocess.Popen(
        [sys.executable, "-c", LEADS, "run", "--continue", "night-1"],
        stdin=own_end, stdout=own_end, stderr=own_end, start_new_session=True,
    )  # fmt: skip
    os.close(own_end)
    seen = b""
    while b"gate of" not in seen:  # it leads by now
        seen += os.read(other_end, 4_096)
    run.send_signal(signal.SIGHUP)
    os.close(other_end)
    night = see_run("night-1", practising.FOLDER)
    with night.store:
        told = night.run.seq
        practising.until(lambda: night.refresh() and night.run.seq > told + 20)
    run.terminate()
    run.terminate()

    assert run.wait(timeout=30) in {0, INTERRUPTED}
