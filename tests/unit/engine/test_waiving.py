"""The verb waive: a regressed link is let be, by name, for one look, and never as evidence."""

from __future__ import annotations

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import ActState, RunState, WaveState
from migrator.plan.model import Act, Reaction, Trouble
from playing import Play

LINKS = "a/probe-links"
CLOCK = {Trouble.LINKS_REGRESSED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15)}


def judged(play: Play, *names: str, look: str = "probe-links", count: int = 0) -> None:
    """A look that finds these links regressed, and fails until nobody tries it again."""
    subject = f"a/{look}"
    for _ in range(20):
        if subject in play.under_way:
            number = count or len(names)
            play.note(ev.LinksJudged("a", 1, look, 9, 0, 0, number, 0, names))
            play.end(subject, outcome="failed", detail=f"{number} links regressed")
        elif play.wave() is WaveState.HELD:
            return
        else:
            play.wait(3)
    raise AssertionError("the look never held its wave")


def held(*names: str, count: int = 0, **changes: object) -> Play:
    play = Play(an_itinerary(**{"waves": ("a",), **changes}))  # type: ignore[arg-type]  # a test's own data
    play.go_on(LINKS)
    judged(play, *names, count=count)
    return play


def test_the_wave_goes_on_when_every_regressed_link_is_waived() -> None:
    play = held("l1", "l2")
    first = play.say("waive", "l1", by="lena", reason="closed until Monday")
    assert first[1:] == (
        ev.LinkWaived("w1", "a", 1, "probe-links", "l1", 1, "lena", "closed until Monday"),
    )
    assert play.wave() is WaveState.HELD

    second = play.say("waive", "l2", reason="known")
    assert [type(each).__name__ for each in second[1:]] == ["LinkWaived", "HoldReleased"]
    assert play.wave() is WaveState.MOVING
    assert play.act(LINKS).state is ActState.FORCED
    assert play.folded() == play.run


def test_a_waiver_is_listed_and_the_run_ends_with_exceptions() -> None:
    play = held("l1")
    play.say("waive", "l1", reason="known")
    assert play.run.exceptions == ["a/probe-links: link l1 waived by anna: known"]
    assert play.run.waves["w1"].exceptions == play.run.exceptions
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("commit", "w1")
    play.go_on(lambda run: run.state is RunState.ENDED)
    assert play.run.outcome == "with_exceptions"


def test_what_no_look_has_named_keeps_the_hold() -> None:
    names = ("l1", "l2", "l3", "l4", "l5")
    play = held(*names, count=7)
    for name in names:
        play.say("waive", name)
    assert play.last(ev.LinkWaived).left == 2
    assert play.wave() is WaveState.HELD
    assert play.refusal("waive", "l6") == (
        "'l6' is not among the regressed links: a/probe-links: 2 that it does not name"
    )


def test_the_clock_of_the_unwind_ends_with_the_hold() -> None:
    play = held("l1", on=CLOCK)
    assert play.run.waves["w1"].holds[0].unwind_at is not None
    play.say("waive", "l1")
    play.wait(20)
    assert play.wave() is WaveState.MOVING


def test_a_waiver_comes_too_late_once_the_wave_goes_back() -> None:
    play = held("l1", on=CLOCK)
    play.wait(15)
    assert play.wave() is WaveState.UNWINDING
    said = play.refusal("waive", "l1")
    assert said == "no wave is held for regressed links, so there is none to waive"


def test_a_waiver_comes_too_early_before_a_look_has_failed() -> None:
    play = Play(an_itinerary(waves=("a",)))
    assert "no wave is held for regressed links" in play.refusal("waive", "l1")
    play.say("hold", "w1")
    assert "no wave is held for regressed links" in play.refusal("waive", "l1")


def test_a_link_is_waived_once_and_only_where_it_regressed() -> None:
    play = held("l1", "l2")
    play.say("waive", "l1")
    assert play.refusal("waive", "l1") == "l1 is waived already; left are: a/probe-links: l2"
    assert play.refusal("waive", "l9") == (
        "'l9' is not among the regressed links: a/probe-links: l2"
    )


def test_only_those_who_lead_the_wave_waive() -> None:
    said = held("l1").refusal("waive", "l1", "heidi")
    assert said == "heidi may not decide this; anna, bo, dora, lena may"


def test_a_waiver_needs_a_reason() -> None:
    said = held("l1").refusal("waive", "l1", reason="")
    assert said == "a waiver needs a reason; it is listed as an exception"


def test_a_waiver_counts_for_its_look_alone() -> None:
    play = held("l1")
    play.say("waive", "l1")
    play.go_on("a/soak")
    judged(play, "l1", look="soak")
    assert play.wave() is WaveState.HELD
    play.say("waive", "l1")
    assert play.happened(ev.LinkWaived)[-1].look == "soak"
    assert play.wave() is WaveState.ACCEPTED


def test_what_an_earlier_try_found_is_not_waived_for_one_that_did_not_look() -> None:
    play = held("l1")
    play.say("retry", LINKS)
    play.end(LINKS, outcome="failed", detail="the prober is gone")
    while LINKS in play.under_way or play.wave() is not WaveState.HELD:
        play.end(*[LINKS] * (LINKS in play.under_way), outcome="failed")
        play.wait(3)
    assert "no wave is held for regressed links" in play.refusal("waive", "l1")


def test_a_new_look_forgets_what_was_waived_of_the_old_one() -> None:
    play = held("l1", "l2")
    play.say("waive", "l1")
    play.say("retry", LINKS)
    judged(play, "l1")
    assert play.run.moves["a"].waived == {}
    play.say("waive", "l1")
    assert play.wave() is WaveState.MOVING


def test_a_failed_look_that_names_no_link_has_none_to_waive() -> None:
    play = held("l1", on={Trouble.LINKS_REGRESSED: Reaction(Act.HOLD)})
    play.say("retry", LINKS)
    for _ in range(9):
        if LINKS in play.under_way:
            play.note(ev.LinksJudged("a", 1, "probe-links", 9, 0, 0, 0, 0, ()))
            play.end(LINKS, outcome="failed")
        play.wait(3)
    assert play.wave() is WaveState.HELD
    assert "no wave is held for regressed links" in play.refusal("waive", "l1")
