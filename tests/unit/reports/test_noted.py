"""Defects, what tests left behind and whom to suspect, in both languages."""

from __future__ import annotations

from itineraries import a_check, an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import WaveState
from migrator.reports.noted import defects, left_behind, suspect_lines, suspected
from migrator.reports.texts import texts
from playing import Play

EN, SV = texts("en"), texts("sv")
F1, F2 = "f1@w1", "f2@w1"


def two_functions() -> Play:
    checks = (a_check("f1", 1, "ab", leaves_behind="a test case"), a_check("f2", 1, "b"))
    play = Play(an_itinerary(waves=("ab",), checks=checks))
    play.go_on(lambda run: F1 in run.checks and F2 in run.checks, ticks=False)
    play.settle()
    return play


def test_a_defect_is_told_with_function_wave_and_person() -> None:
    play = two_functions()
    play.say("tick", F2, "heidi", verdict="works_but", note_digest="n1")
    (row,) = defects(play.run, SV)

    assert (row.id, row.name, row.wave, row.person) == ("F1", "prova f2", "w1", "Heidi")
    assert (row.note_digest, row.raised_by, row.gone) == ("n1", "", False)
    assert defects(play.run, EN, "w9") == ()
    play.say("raise", "F1", "anna")
    assert defects(play.run, EN, "w1")[0].raised_by == "Anna"
    play.wait(15)
    assert play.wave() is WaveState.UNWINDING
    assert defects(play.run, EN)[0].gone


def test_what_was_withdrawn_is_no_defect() -> None:
    play = two_functions()
    play.say("tick", F2, "heidi", verdict="works_but")
    play.say("withdraw", F2, "heidi")

    assert defects(play.run, EN) == ()


def test_what_a_test_left_is_listed_with_what_it_is_and_stays_listed_after_an_unwind() -> None:
    play = two_functions()
    play.say("tick", F1, "hanna", verdict="works", left_behind="T-4711")
    (row,) = left_behind(play.run, EN)

    assert (row.name, row.what, row.reference) == ("try f1", "a test case", "T-4711")
    assert (row.person, row.taken_back) == ("Hanna", False)
    assert left_behind(play.run, EN, ["w9"]) == ()
    play.say("unwind", "w1")
    assert left_behind(play.run, EN, ["w1"])[0].taken_back


def test_suspects_have_their_reasons_in_words() -> None:
    play = two_functions()
    assert suspect_lines(play.run, EN) == []
    play.say("tick", F2, "heidi", verdict="works")
    play.say("tick", F1, "hanna", verdict="does_not_work")
    attempt = play.run.moves["a"].attempt
    judged = ev.LinksJudged("a", attempt, "probe-links", 1, 0, 0, 2, 0, ("l-1", "l-2"))
    play.note(judged)

    first, second = suspected(play.run, EN, "w1")
    assert (first.part, first.name) == ("a", "A")
    assert first.reasons == (
        "the function that does not work uses it",
        "none of those that work does",
        "2 of its links are worse since the move: l-1, l-2",
    )
    assert second.reasons[1] == "of the 1 that work, 1"
    assert suspect_lines(play.run, SV)[0].startswith(
        "a: funktionen som inte fungerar använder det; ingen av dem som fungerar gör det; "
        "2 av dess kopplingar är sämre sedan flytten: l-1, l-2"
    )
