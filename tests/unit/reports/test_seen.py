"""The sheet of a gate: what speaks for or against a go, and nothing that nobody has computed."""

from __future__ import annotations

import json

import pytest

from itineraries import after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import CheckState, WaveState
from migrator.reports.seen import FORMAT, gate_sheet
from playing import Play

F1 = "f1@w1"


def sheet(play: Play, wave: str = "w2") -> dict[str, object]:
    made = gate_sheet(play.run, play.now, wave, "night", "f" * 64)
    json.dumps(made)  # plain data: it is stored
    return made


def rows(made: dict[str, object], key: str) -> list[dict[str, object]]:
    found = made[key]
    assert isinstance(found, list)
    return found


def two_waves(**changes: object) -> Play:
    policy = {"ahead_of_gate": (), "next_wave_when": "verified"}
    return Play(an_itinerary(**{"waves": ("a", "b"), "policy": policy, **changes}))  # type: ignore[arg-type]  # a test's own data


def test_a_first_gate_has_nothing_before_it() -> None:
    made = sheet(two_waves(), "w1")
    assert (made["format"], made["run"], made["wave"], made["head"]) == (
        FORMAT, "night", "w1", "f" * 64,
    )  # fmt: skip
    assert made["gate"] == {
        "opened": after(0).isoformat(),
        "deadline": after(60).isoformat(),
        "unanswered": "no-go",
        "deciders": ["anna", "bo"],
    }
    empty = ("earlier", "open_checks", "holds", "regressed", "unproved", "exceptions", "limits")
    assert [key for key in empty if made[key]] == []
    assert made["waits"] == [], "the gate itself is what is decided"


def test_the_checks_of_earlier_waves_are_open_until_they_have_passed() -> None:
    play = two_waves()
    assert sheet(play)["open_checks"] == [
        {"check": F1, "wave": "w1", "state": "not opened", "person": ""}
    ]
    play.go_on(
        lambda run: F1 in run.checks and run.checks[F1].state is CheckState.ASSIGNED, ticks=False
    )
    person = play.run.checks[F1].person
    assert sheet(play)["open_checks"] == [
        {"check": F1, "wave": "w1", "state": "assigned", "person": person}
    ]
    assert F1 in str(sheet(play)["waits"])
    play.say("tick", F1, person, verdict="works")
    assert sheet(play)["open_checks"] == []


@pytest.mark.parametrize("verb", ["no-go", "unwind"])
def test_a_wave_that_is_gone_has_no_open_checks(verb: str) -> None:
    play = two_waves()
    if verb == "unwind":
        play.go_on("a/probe-links")
        play.end("a/probe-links")
    play.say(verb, "w1")
    play.go_on(lambda run: run.waves["w1"].state in {WaveState.DECLINED, WaveState.RETURNED})
    assert sheet(play)["open_checks"] == []
    assert sheet(play)["unproved"] == []


def test_a_check_of_an_earlier_attempt_is_not_opened_yet() -> None:
    play = two_waves()
    play.go_on(
        lambda run: F1 in run.checks and run.checks[F1].state is CheckState.ASSIGNED, ticks=False
    )
    play.say("unwind", "w1")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)
    play.say("retry", "w1")
    (row,) = rows(sheet(play), "open_checks")
    assert row["state"] == "not opened"


def test_holds_limits_and_exceptions_are_on_it() -> None:
    play = two_waves()
    play.say("sign", "no new wave after", until=after(600).isoformat())
    play.say("go", "w1")
    play.say("hold", "w1", reason="odd figures")
    made = sheet(play)
    (hold,) = rows(made, "holds")
    assert (hold["wave"], hold["subject"], hold["unwind_at"]) == ("w1", "w1", None)
    assert "odd figures" in str(hold["cause"])
    assert made["limits"] == [
        {"limit": "no new wave after", "until": after(600).isoformat(), "by": "anna"}
    ]
    assert made["line"] == play.run.seq


def looked(play: Play, regressed: int, deferred: int, *names: str) -> None:
    """What the look at the links of a found; the look itself ends well."""
    play.note(ev.LinksJudged("a", 1, "probe-links", 9, 0, 0, regressed, deferred, names))
    play.end("a/probe-links", outcome="failed" if regressed else "done")


def test_links_that_nobody_has_looked_at_are_unproved() -> None:
    play = two_waves()
    play.go_on("a/probe-links")
    (row,) = rows(sheet(play), "unproved")
    assert (row["move"], row["links"]) == ("a", None)
    looked(play, 0, 3)
    (row,) = rows(sheet(play), "unproved")
    assert (row["move"], row["links"]) == ("a", 3)
    assert sheet(play)["regressed"] == []


def test_links_that_could_not_be_looked_at_are_no_better_than_unseen_ones() -> None:
    play = two_waves()
    play.go_on("a/probe-links")
    play.note(ev.LinksJudged("a", 1, "probe-links", 9, 0, 0, 0, 0, (), unproved=2, untestable=1))
    play.end("a/probe-links")
    found = [(row["links"], row["why"]) for row in rows(sheet(play), "unproved")]
    assert found == [
        (2, "they could not be looked at"),
        (1, "they are declared untestable, with what is watched instead"),
    ]


def test_regressed_links_are_named_with_what_was_waived() -> None:
    play = two_waves()
    play.note(ev.LinksJudged("a", 1, "baseline", 9, 0, 2, 0, 0, ()))
    play.go_on("a/probe-links")
    for _ in range(9):
        if "a/probe-links" in play.under_way:
            looked(play, 2, 0, "l1", "l2")
        play.wait(1)
    play.say("waive", "l1", reason="closed")
    made = sheet(play)
    assert made["regressed"] == [
        {"move": "a", "wave": "w1", "look": "probe-links", "links": 2,
         "examples": ["l1", "l2"], "waived": ["l1"], "causes": []}
    ]  # fmt: skip
    assert made["unproved"] == []
    assert made["exceptions"] == ["a/probe-links: link l1 waived by anna: closed"]
    assert play.wave() is WaveState.HELD


def test_a_gate_knows_what_was_proved_of_the_links_before_anything_moved() -> None:
    play = two_waves()
    assert sheet(play)["links"] is None
    play.note(ev.LinksCovered("b1", "2023-10-13T21:00:00+02:00", 30, 27, 1, 2, 0, 0))
    found = sheet(play)["links"]
    assert isinstance(found, dict)
    assert (found["sweep"], found["proved"], found["links"]) == ("b1", 27, 30)
    assert str(found["said"]).startswith("27 of 30 links proved, 1 did not answer, 2 not proved")


def test_what_handlers_noted_is_on_the_sheet_and_nothing_where_they_noted_nothing() -> None:
    play = two_waves()
    assert not {"defects", "suspects"} & sheet(play).keys()
    play.go_on(lambda run: F1 in run.checks, ticks=False)
    play.settle()
    play.say("tick", F1, "hanna", verdict="works_but")
    assert rows(sheet(play), "defects") == [
        {"defect": "F1", "check": F1, "wave": "w1", "person": "Hanna"}
    ]
    play.say("raise", "F1", "anna")
    assert [row["part"] for row in rows(sheet(play), "suspects")] == ["a"]
