"""The shift handover note: what moved, what waits for whom, what is decided next, what is open."""

from __future__ import annotations

from datetime import timedelta

from itineraries import START, an_itinerary
from migrator.engine.ports import Line
from migrator.engine.states import CheckState, WaveState
from migrator.reports.shift_note import Note, note_text, shift_note
from migrator.reports.texts import texts
from playing import Play

SV, EN = texts("sv", "Europe/Stockholm"), texts("en", "Europe/Stockholm")
ONE = an_itinerary(waves=("a", "b"))


def lines(play: Play) -> tuple[Line, ...]:
    return tuple(
        Line(seq, at, 1, "engine", event, "", "") for seq, (at, event) in enumerate(play.history, 1)
    )


def noted(play: Play, hours: float = 24) -> Note:
    since = play.now - timedelta(hours=hours)
    return shift_note(ONE, lines(play), play.run, since, play.now, EN)


def test_a_wave_that_went_on_is_named_with_what_it_was_and_is() -> None:
    play = Play(ONE)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    note = noted(play)
    first = note.moved[0]
    assert (first.wave, first.before, first.now) == ("w1", "not begun", "accepted")
    assert (first.moved_before, first.moved_now, first.moves) == (0, 1, 1)
    assert "w1 (Wave 1): not begun → accepted; 1 of 1 moved, before 0" in note_text(note, EN, "x")


def test_what_happened_before_the_shift_is_not_told_again() -> None:
    play = Play(ONE)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.now += timedelta(minutes=2)
    assert noted(play, hours=1 / 60).moved == ()


def test_whoever_is_waited_for_is_named() -> None:
    play = Play(ONE)
    play.go_on(
        lambda run: any(c.state is CheckState.ASSIGNED for c in run.checks.values()), ticks=False
    )
    (known,) = [c for c in play.run.checks.values() if c.state is CheckState.ASSIGNED]
    waits = noted(play).waits
    assert (known.person.capitalize(),) in [each.people for each in waits]
    assert all(each.since is None or each.since >= START for each in waits)


def test_the_gates_to_come_are_the_next_decisions() -> None:
    play = Play(ONE)
    assert [each.wave for each in noted(play).decisions] == ["w1", "w2"]
    play.say("go", "w1")
    note = noted(play)
    assert [(each.wave, each.people) for each in note.decisions] == [("w2", ("Anna", "Bo"))]


def test_an_open_disturbance_is_told_whole_and_a_closed_one_is_not() -> None:
    play = Play(ONE)
    play.say("disturb", "w1", "lena", reason="the printers stand")
    (open_one,) = noted(play).disturbances
    assert (open_one.level, open_one.owner, open_one.about) == ("yellow", "Lena", "w1")
    assert "the printers stand" in note_text(noted(play), SV, "x")
    play.say("close", open_one.id, "lena", "mended by hand", cause="paper")
    assert noted(play).disturbances == ()


def test_a_quiet_shift_says_so_in_all_four_parts() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("commit", "w1")
    play.go_on(lambda run: run.outcome != "")
    play.now += timedelta(hours=2)
    text = note_text(noted(play, hours=1), EN, "night-1")
    assert text.count("Nothing") == 2
    assert text.count("None") == 2
