"""What people do by hand takes effect in the simulated world when they tick it, and once."""

from __future__ import annotations

from bench import Bench
from by_hand import carried_out, hand, recipe
from migrator.engine.events import StepEnded, UndoEnded
from migrator.engine.ports import Line
from migrator.plan.model import Itinerary
from playing import Play
from stage import Stage


def by_hand(*keys: str) -> Itinerary:
    return carried_out(recipe(means={key: hand("anna") for key in keys}), waves=("a",))


def heard(bench: Bench, act: str, *, before: tuple[str, ...] = ()) -> Play:
    """The platform hears that an act was ticked, after these acts of its own."""
    bench.steps("a", *before)
    play = Play(bench.platform.itinerary)
    play.go_on(act)
    play.say("tick", act, verdict="works")
    tell(bench, play)
    return play


def tell(bench: Bench, play: Play) -> None:
    at, event = next(
        (at, event)
        for at, event in reversed(play.history)
        if isinstance(event, StepEnded | UndoEnded)
    )
    bench.platform.hear(play.run, [Line(1, at, 1, "anna", event, "", "")])


def test_what_is_ticked_takes_effect_once() -> None:
    bench = Bench(itinerary=by_hand("fence"))
    play = heard(bench, "a/fence", before=("prepare", "copy", "quiesce"))
    kept = len(bench.kept)
    assert bench.a().old.fenced
    assert not bench.a().old.granted

    bench.undo("a/start-source")
    tell(bench, play)
    bench.platform.resume(play.run)
    assert not bench.a().old.fenced, "the same tick again is no second fence"
    assert len(bench.kept) == kept + 1
    assert bench.world.audit(bench.clock.now()).effects_doubled == 0


def test_what_the_platform_does_itself_is_not_done_again_when_it_is_heard_of() -> None:
    bench = Bench(itinerary=by_hand())
    play = Play(bench.platform.itinerary)
    play.go_on("a/copy")
    play.end("a/copy")
    tell(bench, play)
    assert bench.world.effects == {}
    assert not bench.a().new.rows


def test_what_cannot_be_done_has_no_effect() -> None:
    bench = Bench(itinerary=by_hand("fence"))
    play = Play(bench.platform.itinerary)
    play.go_on("a/fence")
    play.say("tick", "a/fence", verdict="does_not_work")
    tell(bench, play)
    assert not bench.a().old.fenced


def test_who_says_to_have_done_what_this_world_refuses_is_not_believed() -> None:
    bench = Bench(itinerary=by_hand("final-copy"))
    heard(bench, "a/final-copy", before=("prepare",))
    assert bench.world.violations == ["a: the final copy needs a fenced old side"]


def test_a_tick_in_the_instant_of_a_death_takes_effect_after_it() -> None:
    bench = Bench(itinerary=by_hand("fence"))
    bench.steps("a", "prepare", "copy", "quiesce")
    play = Play(bench.platform.itinerary)
    play.go_on("a/fence")
    play.say("tick", "a/fence", verdict="works")
    assert not bench.a().old.fenced, "it died before it heard of it"

    bench.platform.resume(play.folded())
    assert bench.a().old.fenced


def test_a_death_at_any_moment_of_a_weekend_by_hand_changes_nothing() -> None:
    itinerary = by_hand("prepare", "fence", "grant", "switch")
    first = Stage(itinerary, keep_moments=True)
    first.play()
    assert first.ledger().violations == []

    for moment in first.moments[::3]:
        again = Stage(itinerary, moment=moment)
        again.play()
        assert again.end_state() == first.end_state(), moment.why
        assert again.ledger().violations == [], moment.why
