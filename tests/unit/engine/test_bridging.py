"""What an unwind leaves to the bridges: journalled with it, and what follows where it is too much.

Every link carries ten calls per hour. A wave `abc` with `ab:3` and `bc:2` whose b alone goes back
asks the bridges for 50.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from itineraries import an_itinerary, carrying
from migrator.engine import events as ev
from migrator.engine.bridging import carried, figures, load_after
from migrator.engine.states import WaveState
from migrator.plan.bridges import Crossing
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from playing import Play

A_PART = {
    Trouble.SOAK: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, scope="move"),
    Trouble.REFUSED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, scope="move"),
}
BY_STEP = {Trouble.STEP_FAILED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, scope="move")}


def three(limit: float | None, **words: object) -> Itinerary:
    made = an_itinerary(
        waves=("abc",),
        links=words.pop("links", ("ab:3", "bc:2")),  # type: ignore[arg-type]  # a test's own data
        stateless="abc",
        on=A_PART,
        **words,  # type: ignore[arg-type]  # a test's own data
    )
    return carrying(made, limit)


def soaking(itinerary: Itinerary) -> Play:
    """All of the wave has switched, and is watched."""
    play = Play(itinerary)
    soaks = {f"{move}/soak" for move in "abc"}
    play.go_on(lambda _run: soaks <= play.under_way, but=soaks)
    return play


def failed(itinerary: Itinerary) -> Play:
    """The soak of b failed, and nobody vetoed that it goes back."""
    play = soaking(itinerary)
    play.fail("b/soak")
    play.end("a/soak", "c/soak")
    play.wait(15)
    return play


# --- it is said ---------------------------------------------------------------------------------


def test_an_unwind_says_what_bridges_carry_then_and_which_are_the_heaviest() -> None:
    begun = failed(three(100.0)).last(ev.UnwindBegun)
    assert begun.moves == ("b",)
    assert (begun.calls_per_hour, begun.calls_per_hour_max) == (50.0, 100.0)
    assert begun.bridges == ("a to b: 3 links, 30 calls/h", "b to c: 2 links, 20 calls/h")
    assert figures(begun) == (
        "bridges then carry 50 calls per hour of the 100 that they can "
        "(the heaviest again: a to b: 3 links, 30 calls/h)"
    )


def test_where_nobody_counted_calls_nothing_is_claimed() -> None:
    begun = failed(replace(three(10.0), pairs=an_itinerary(links=("ab",)).pairs)).last(
        ev.UnwindBegun
    )
    assert begun.calls_per_hour is None
    assert figures(begun) == ""
    assert begun.bridges == ("a to b: 1 link",)
    assert begun.moves == ("b",)  # and what nobody knows takes nothing along


def test_what_nobody_counted_is_said_to_be_unknown() -> None:
    uncounted = an_itinerary(waves=("ab",), links=("ab",), stateless="ab")
    assert "nobody knows" in carried(load_after(Play(uncounted).run, {"a": "asked for"}))


def test_five_bridges_are_named_and_no_more() -> None:
    links = ("ab:3", "bc:2", *(f"b{name}" for name in "uvwxyz"))
    play = soaking(three(None, links=links))
    play.say("unwind", "a")
    assert len(play.last(ev.UnwindBegun).bridges) == 1
    play = Play(carrying(an_itinerary(waves=("a",), links=[f"a{x}" for x in "uvwxyz"]), None))
    play.go_on("a/probe-links")
    play.say("unwind", "a")
    assert play.last(ev.UnwindBegun).bridges == ()  # all of them cross now, and none afterwards
    assert play.last(ev.UnwindBegun).calls_per_hour == 0.0


def test_a_no_go_an_abort_and_an_operators_whole_wave_say_it_too() -> None:
    for verb, target in (("unwind", "w1"), ("abort", ""), ("unwind", "everything")):
        play = soaking(three(10.0, links=("ab:3", "bx:2")))
        play.say(verb, target)
        begun = play.last(ev.UnwindBegun)
        assert (begun.calls_per_hour, begun.calls_per_hour_max, begun.bridges) == (0.0, 10.0, ())
        assert figures(begun) == "bridges then carry 0 calls per hour of the 10 that they can"
        assert figures(replace(begun, calls_per_hour_max=None)) == ""


def test_what_was_prepared_for_a_blocked_wave_says_it_too() -> None:
    play = Play(carrying(an_itinerary(waves=("a", "b"), before=("ab",), links=("ax:2",)), 10.0))
    play.go_on("a/quiesce", but=["b/copy"])
    play.say("hold", "w1")
    play.end("a/quiesce")
    play.say("unwind", "w1")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)
    play.go_on(lambda _run: play.last(ev.UnwindBegun).wave == "w2")
    assert play.last(ev.UnwindBegun).calls_per_hour == 0.0


def test_the_rest_of_a_wave_is_counted_as_arrived_also_before_it_has_switched() -> None:
    play = Play(three(None))
    play.go_on("a/switch", but=["a/switch", "b/switch", "c/switch"])
    assert load_after(play.run, ["b"]).now == Crossing(0, 0, 0.0)
    assert load_after(play.run, ["b"]).after == Crossing(2, 5, 50.0)
    assert load_after(play.run, ["a", "b", "c"]).after == Crossing(0, 0, 0.0)


def test_what_may_not_move_without_it_does_not_arrive() -> None:
    play = Play(three(None, before=("bc",)))
    play.go_on("a/switch", but=["a/switch", "b/switch"])
    assert load_after(play.run, ["b"]).after == Crossing(1, 3, 30.0)  # c stays with b


def test_what_is_going_back_already_counts_as_back() -> None:
    play = soaking(three(None))
    play.say("unwind", "a")
    assert load_after(play.run, ["b"]).after == Crossing(1, 2, 20.0)


# --- by itself, it takes all of the wave --------------------------------------------------------


def test_a_part_that_would_overload_the_bridges_takes_all_of_its_wave_along() -> None:
    play = failed(three(49.0))
    begun = play.last(ev.UnwindBegun)
    why = (
        "without the rest of the wave bridges would carry 50 calls per hour of the 49 that they can"
    )
    assert begun.moves == ("a", "b", "c")
    assert begun.reasons == (why, "asked for", why)
    assert not begun.partial
    assert begun.widened == why
    assert (begun.calls_per_hour, begun.by) == (0.0, "policy")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)
    assert play.folded() == play.run


def test_a_handlers_no_takes_it_along_too() -> None:
    itinerary = three(49.0)
    check = replace(itinerary.checks[0], core=itinerary.waves[0].moves[1:2])
    play = Play(replace(itinerary, checks=(check,)))
    play.go_on(lambda run: any(each.person for each in run.checks.values()), ticks=False)
    play.say("tick", check.id, play.run.checks[check.id].person, verdict="does_not_work")
    play.end(*play.under_way)
    play.wait(15)
    assert play.last(ev.WaveHeld).trouble == "refused"
    assert play.last(ev.UnwindBegun).moves == ("a", "b", "c")
    assert play.last(ev.UnwindBegun).widened


@pytest.mark.parametrize("limit", [50.0, None])
def test_a_part_that_bridges_can_carry_goes_alone(limit: float | None) -> None:
    begun = failed(three(limit)).last(ev.UnwindBegun)
    assert (begun.moves, begun.partial, begun.widened) == (("b",), True, "")


def test_where_the_whole_wave_would_overload_them_as_well_the_part_goes() -> None:
    # d has moved before: with a on the old side again its seven links are bridges, too.
    itinerary = an_itinerary(
        waves=("d", "abc"), links=("ab:3", "bc:2", "ad:7"), stateless="abcd", on=A_PART
    )
    play = Play(carrying(itinerary, 49.0))
    soaks = {f"{move}/soak" for move in "abc"}
    play.go_on(lambda _run: soaks <= play.under_way, but=soaks)
    play.fail("b/soak")
    play.end("a/soak", "c/soak")
    play.wait(15)
    begun = play.last(ev.UnwindBegun)
    assert (begun.moves, begun.calls_per_hour, begun.widened) == (("b",), 50.0, "")


def test_a_switch_that_never_came_about_takes_its_wave_along_as_well() -> None:
    # With a and c switched and b not, the bridges carry now what they would carry for ever.
    play = Play(replace(three(49.0), policy=replace(three(49.0).policy, on=BY_STEP)))
    play.go_on("b/switch")
    play.end("a/switch", "c/switch")
    play.fail("b/switch")
    play.end(*play.under_way)
    assert load_after(play.run, ["b"]).now.calls_per_hour == 50.0
    play.wait(15)
    begun = play.last(ev.UnwindBegun)
    assert begun.moves == ("a", "b", "c")
    assert begun.widened


def test_a_load_that_the_plan_itself_brings_takes_nothing_along() -> None:
    # Gone on, b's six links to what stays would cross for good; back, it asks for less.
    begun = failed(three(40.0, links=("ab:3", "bc:2", "bx:6"))).last(ev.UnwindBegun)
    assert (begun.moves, begun.calls_per_hour, begun.widened) == (("b",), 50.0, "")


def test_who_follows_from_the_wider_set_has_the_reason_of_the_closure() -> None:
    itinerary = an_itinerary(
        waves=("ab", "c"), links=("ab:5",), stateless="abc", before=("bc",),
        on={Trouble.SOAK: A_PART[Trouble.SOAK]}, policy={"next_wave_when": "verified"},
    )  # fmt: skip
    play = Play(carrying(itinerary, 49.0))
    play.go_on("c/soak", but=["a/soak", "b/soak", "c/soak"])
    play.fail("a/soak")
    play.end("b/soak", "c/soak")
    play.wait(15)
    reasons = {
        move: reason
        for event in play.happened(ev.UnwindBegun)
        for move, reason in zip(event.moves, event.reasons, strict=True)
    }
    assert reasons["a"] == "asked for"
    assert reasons["b"].startswith("without the rest of the wave bridges would carry 50")
    assert reasons["c"] == "was moved because b had moved before it"


# --- an operator is asked -----------------------------------------------------------------------


def test_a_part_that_would_overload_them_is_refused_to_an_operator() -> None:
    play = soaking(three(49.0))
    assert play.refusal("unwind", "b") == (
        "with only b back bridges would carry 50 calls per hour of the 49 that they can "
        "(the heaviest: a to b: 3 links, 30 calls/h); with all of w1 back bridges would carry 0 "
        "calls per hour of the 49 that they can: unwind w1, or give --over-capacity if they may be "
        "overloaded (runbooks/decision-over-capacity.md)"
    )
    assert play.wave() is WaveState.MOVING


def test_it_is_done_where_the_operator_says_that_they_may_be_overloaded() -> None:
    play = soaking(three(49.0))
    play.say("unwind", "b", over_capacity="yes")
    begun = play.last(ev.UnwindBegun)
    assert (begun.moves, begun.partial, begun.calls_per_hour) == (("b",), True, 50.0)
    assert ": TOO MANY" in figures(begun)


@pytest.mark.parametrize("target", ["w1", "everything"])
def test_a_whole_wave_is_never_refused_for_the_bridges(target: str) -> None:
    itinerary = an_itinerary(waves=("d", "ab"), links=("ad:7",), stateless="abd")
    play = Play(carrying(itinerary, 49.0))
    soaks = {"a/soak", "b/soak"}
    play.go_on(lambda _run: soaks <= play.under_way, but=soaks)
    play.say("unwind", target if target == "everything" else "w2")
    assert "b" in {move for event in play.happened(ev.UnwindBegun) for move in event.moves}


def test_a_part_that_is_all_that_was_begun_is_no_part() -> None:
    play = Play(carrying(an_itinerary(waves=("d", "ab"), links=("ad:7",), stateless="abd"), 49.0))
    play.go_on("a/soak", but=["a/soak", "b/soak"])
    play.say("unwind", "b", over_capacity="yes")
    play.go_on(lambda run: run.moves["b"].returned, but=["a/soak"])
    play.say("unwind", "a")
    assert play.last(ev.UnwindBegun).moves == ("a",)
    assert play.last(ev.UnwindBegun).calls_per_hour == 70.0
