"""`migrator watch`: one frame where nobody looks, and a screen that fits its terminal."""

from __future__ import annotations

import pytest

import practising
from migrator.cli import app
from migrator.cli.live_screen import frame
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.platform.simulated.faults import PlannedFault

HOLD = PlannedFault("step_fails", "web", "probe-links", times=9)


def held(line: Line) -> bool:
    return isinstance(line.event, ev.WaveHeld)


def ended(line: Line) -> bool:
    return isinstance(line.event, ev.RunEnded)


@pytest.mark.parametrize(("width", "height"), [(80, 23), (80, 24), (100, 30), (160, 50), (250, 60)])
def test_a_frame_fills_its_terminal_and_no_more(width: int, height: int) -> None:
    for last in (held, ended):
        seen = practising.seen_after(last, faults=(HOLD,))
        lines = frame(seen, seen.now(), width, height)
        assert len(lines) == height
        assert max(line.cell_len for line in lines) <= width


def test_the_mode_stands_on_top_and_the_clock_beside_it() -> None:
    seen = practising.seen_after(held, faults=(HOLD,))
    title = frame(seen, seen.now(), 80, 24)[0].plain
    assert title.startswith(" ÖVNING/PRACTICE  small-p1 ")
    assert "Oct" in title
    assert title.rstrip().endswith("CEST")


def test_a_hold_shows_its_countdown_its_cause_and_its_verbs_at_any_size() -> None:
    seen = practising.seen_after(held, faults=(HOLD,))
    for size in ((80, 24), (160, 50)):
        text = "\n".join(line.plain for line in frame(seen, seen.now(), *size))
        assert "15 min 00 s" in text
        assert "the wave is unwound by itself" in text
        assert "web/probe-links failed after" in text
        assert "veto | retry | override | unwind: migrator decide small-p1" in text
        assert "HELD" in text


def test_a_screen_says_when_nobody_leads() -> None:
    seen = practising.seen_after(held, faults=(HOLD,), led_by=None)
    assert "NOBODY leads it" in frame(seen, seen.now(), 100, 30)[1].plain


def test_the_end_is_told_with_what_to_do_next() -> None:
    seen = practising.seen_after(ended)
    text = "\n".join(line.plain for line in frame(seen, seen.now(), 80, 24))
    assert "THE RUN IS OVER" in text
    assert "completed: every wave was accepted" in text
    assert "migrator report small-p1" in text
    assert "WAITS FOR PEOPLE" not in text


def test_a_pasted_reason_does_not_steer_the_screen() -> None:
    seen = practising.seen_after(held, faults=(HOLD,))
    seen.run.waves["w1"].holds[0].cause = "x\x1b[31mred"
    text = "".join(line.plain for line in frame(seen, seen.now(), 160, 50))
    assert "\x1b" not in text


def test_without_a_terminal_one_frame_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["watch", "latest"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(" ÖVNING/PRACTICE  small-p1")
    assert "── WAVES" in out
    assert "\x1b" not in out
