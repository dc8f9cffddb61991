"""A run's refused checks as suspects: through its own checks, links and looks."""

from __future__ import annotations

from itineraries import a_check, an_itinerary
from migrator.engine import events as ev
from migrator.engine.suspecting import suspects_of
from migrator.ids import SubsystemId
from playing import Play

F1, F2 = "f1@w1", "f2@w1"


def two_functions() -> Play:
    """One about `a` and `b`, one about `b`; all of it switched, nobody has ticked."""
    checks = (a_check("f1", 1, "ab"), a_check("f2", 1, "b"))
    play = Play(an_itinerary(waves=("ab",), links=("ab:3",), checks=checks))
    play.go_on(lambda run: F1 in run.checks and F2 in run.checks, ticks=False)
    play.settle()
    return play


def test_nothing_is_suspected_before_anything_is_refused() -> None:
    play = two_functions()
    assert suspects_of(play.run) == ()
    play.say("tick", F2, "heidi", verdict="works")
    assert suspects_of(play.run) == ()


def test_what_only_the_failing_function_uses_comes_first() -> None:
    play = two_functions()
    play.say("tick", F2, "heidi", verdict="works")
    play.say("tick", F1, "hanna", verdict="does_not_work")

    found = [(each.part, each.other, each.passes) for each in suspects_of(play.run, "w1")]
    assert found == [("a", "b", ()), ("a", "", (F2,)), ("b", "", (F2,))]  # `a` is linked with `b`
    assert suspects_of(play.run, "w9") == ()


def test_the_last_look_at_the_links_counts() -> None:
    play = two_functions()
    play.say("tick", F1, "hanna", verdict="does_not_work")
    assert [each.part for each in suspects_of(play.run)] == ["a", "b"]
    attempt = play.run.moves["b"].attempt
    play.note(
        ev.LinksJudged("b", attempt, "probe-links", 1, 0, 0, 2, 0, ("l-1",), causes=("no route",))
    )

    worse = next(each for each in suspects_of(play.run) if each.part == "b")
    assert (worse.regressed, worse.examples, worse.causes) == (2, ("l-1",), ("no route",))


def test_an_overridden_check_speaks_for_nobody() -> None:
    play = two_functions()
    play.say("tick", F2, "heidi", verdict="does_not_work")
    play.codes["bo"] = "d"
    play.say("override", F2, "anna", second="bo", code_digest="d")
    play.say("tick", F1, "hanna", verdict="does_not_work")

    assert all(each.passes == () for each in suspects_of(play.run))


def test_a_function_is_near_what_it_only_passes() -> None:
    checks = (a_check("f1", 1, "a", passing=(SubsystemId("b"),)), a_check("f2", 1, "b"))
    play = Play(an_itinerary(waves=("ab",), checks=checks))
    play.go_on(lambda run: F1 in run.checks, ticks=False)
    play.settle()
    play.say("tick", F1, "hanna", verdict="does_not_work")

    assert [(each.part, each.near) for each in suspects_of(play.run)] == [
        ("a", "core"),
        ("b", "passing"),
    ]
