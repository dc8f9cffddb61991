"""Sentences."""

from __future__ import annotations

from migrator.engine import events as ev
from migrator.reports import narrative
from migrator.reports.story import StoryBook
from migrator.reports.summary import run_facts, summary_text
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from weekend import DECIDER, Weekend, a_quiet_weekend, a_troubled_weekend, a_weekend, minutes

T = texts("en", "Europe/Stockholm")


def told(weekend: Weekend, outcome: str | None = "completed") -> StoryBook:
    return tell(weekend.itinerary, weekend.lines(outcome))


def test_a_quiet_weekend_is_told_in_three_sentences() -> None:
    planned, happened, trouble = narrative.three_sentences(T, told(a_quiet_weekend()))
    assert planned == (
        "The plan was to move 6 subsystems from old-hall to new-cluster in 2 waves, between"
        " Friday 2023-10-13 18:00 and Monday 2023-10-16 06:00."
    )
    assert happened == "All of them moved."
    assert trouble.startswith("Nothing had to be stopped; the run ended Saturday")
    assert trouble.endswith("before the window did.")


def test_the_sentence_of_what_happened_accounts_for_every_subsystem() -> None:
    book = told(a_troubled_weekend(), "returned")
    counts = book.counts
    assert counts.moved + counts.returned + counts.blocked + counts.stuck == counts.planned
    assert "never begun" in narrative.happened_sentence(T, book)


def test_moves_that_are_neither_here_nor_there_are_not_left_out() -> None:
    weekend = a_weekend(1, 3)
    weekend.gate(weekend.itinerary.waves[0])
    sentence = narrative.happened_sentence(T, told(weekend, None))
    assert sentence == (
        "None of them stands on the new side and 3 stand on the old side, their moves not finished."
    )


def test_a_run_that_overran_says_by_how_much() -> None:
    weekend = a_weekend(1, 1)
    late = ev.CommandRefused("c", "go", "w01", DECIDER, "the window is over")
    weekend.note(weekend.itinerary.window.end + minutes(89), late)
    sentence = narrative.trouble_sentence(T, told(weekend)).replace("\N{NO-BREAK SPACE}", " ")
    assert sentence == "Nothing had to be stopped; the run ended 1 h 30 min after the window did."


def test_an_amendment_is_told_with_what_became_of_its_dry_run() -> None:
    weekend = a_weekend(1, 1)
    leg = next(iter(weekend.itinerary.legs.values()))
    words = (leg.id, "copy", "copy.sh", "a", "b", DECIDER, "bo", "other table")
    weekend.note(weekend.itinerary.window.start, ev.StepAmended(*words, "passed"))
    weekend.note(weekend.itinerary.window.start, ev.StepAmended(*words))
    book = told(weekend)
    passed, unknown = (narrative.decided(T, book, each) for each in book.exceptions)
    assert passed == f"{unknown}; its dry run with it passed"
    swedish = narrative.decided(texts("sv", "Europe/Stockholm"), book, book.exceptions[0])
    assert swedish.endswith("; torrkörningen med den gick bra")
    rows = run_facts(book, "report.html")["exceptions"]
    assert isinstance(rows, list)
    assert [each["dry_run"] for each in rows] == ["passed", None]


def test_an_unknown_person_is_named_by_the_id() -> None:
    book = told(a_quiet_weekend(1, 1))
    assert narrative.person(book, DECIDER) == "Decider No. 1"
    assert narrative.person(book, f"{DECIDER}, somebody") == "Decider No. 1, somebody"


def test_subjects_are_named_and_not_numbered() -> None:
    book = told(a_quiet_weekend(1, 3))
    leg = next(iter(book.itinerary.legs.values()))
    words = narrative.subject_words(T, book, f"{leg.id}/start")
    assert words == f"{leg.name}, the step: start on the target"
    check = book.itinerary.checks[0]
    assert narrative.subject_words(T, book, check.id) == f"the check: {check.name['en']}"
    assert narrative.subject_words(T, book, "w01") == "wave w01"


def test_a_timeline_is_in_order_and_ends_with_the_end_of_the_wave() -> None:
    book = told(a_troubled_weekend(), "returned")
    for wave in book.waves:
        moments = narrative.timeline(T, book, wave.attempts[0])
        assert list(moments) == sorted(moments, key=lambda m: (m.at, m.seq))
    last = narrative.timeline(T, book, book.waves[1].attempts[0])[-1]
    assert last.text == "The whole wave is back on the old side."
    blocked = narrative.timeline(T, book, book.waves[3].attempts[0])
    assert [m.text for m in blocked] == ["The wave was blocked: wave w02 is returned."]


def taken_back(**figures: object) -> tuple[str, ...]:
    """What the story of an unwind says of the bridges."""
    weekend = a_weekend(1, 2)
    wave = weekend.itinerary.waves[0]
    first, second = wave.moves
    event = ev.UnwindBegun(
        wave.id, 1, (first,), ("asked for",), partial=True, by=DECIDER, cause="x",
        bridges=(f"{first} to {second}: 3 links, 30 calls/h",), **figures,  # type: ignore[arg-type]  # a test's own data
    )  # fmt: skip
    weekend.note(weekend.gate(wave) + minutes(10), event)
    book = told(weekend, None)
    unwind = book.troubles[0].unwind
    assert unwind is not None
    said = narrative.bridge_sentences(T, book, unwind)
    assert all(each in summary_text(T, book, "x") for each in said)
    return said


def test_an_unwind_tells_what_it_leaves_to_the_bridges() -> None:
    too_many, heaviest = taken_back(calls_per_hour=1200.0, calls_per_hour_max=900.0)
    assert too_many == "Bridges then carry 1,200 calls an hour, and they can 900: too many."
    assert heaviest.startswith("The heaviest bridge that it opens again: ")
    assert taken_back(calls_per_hour=5.0, calls_per_hour_max=9.0)[0] == (
        "Bridges then carry 5 of the 9 calls an hour that they can."
    )
    assert taken_back(calls_per_hour=5.0)[0] == "Bridges then carry 5 calls an hour."


def test_where_nobody_counted_calls_no_sentence_is_said_about_bridges() -> None:
    assert taken_back() == ()


def test_a_wave_that_goes_back_for_the_bridges_sake_says_so_first() -> None:
    said = taken_back(calls_per_hour=5.0, widened="without the rest ...")
    assert said[0] == (
        "All of the wave goes back, because a part of it would overload the bridges."
    )


def test_what_is_taken_into_the_same_unwind_has_the_last_word_on_the_bridges() -> None:
    weekend = a_weekend(1, 2)
    wave = weekend.itinerary.waves[0]
    at = weekend.gate(wave) + minutes(10)
    for move, calls in zip(wave.moves, (90.0, 0.0), strict=True):
        event = ev.UnwindBegun(wave.id, 1, (move,), ("asked for",), True, DECIDER, "x", calls, 50.0)
        weekend.note(at, event)
    facts = run_facts(told(weekend, None), "x")["troubles"]
    assert isinstance(facts, list)
    assert facts[0]["bridges"] == {
        "calls_per_hour": 0.0, "calls_per_hour_max": 50.0, "overloaded": False, "widened": False,
        "heaviest": [],
    }  # fmt: skip
