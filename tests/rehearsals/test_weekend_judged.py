"""The judge can fail: for each promise a world, a recipe or an engine is broken, and it is named.

A promise that nobody can break is not tested by its tests. Each mutant below is one plausible
mistake; a rehearsal with it must be condemned, in words that name the promise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from faults import Wrong, name_of
from itineraries import after, an_itinerary
from migrator.engine import events as ev
from migrator.engine import fold, fold_acts, moving
from migrator.engine.draft import Draft
from migrator.engine.policy import authority_after
from migrator.engine.ports import ActResult, Entry, Platform
from migrator.engine.states import IllegalEvent, WaveState
from migrator.plan.model import Itinerary, Leg, Recipe, StepKind, UndoKind
from migrator.plan.recipes import RECIPES
from migrator.platform.simulated.effects import Effects
from migrator.platform.simulated.faults import PlannedFault
from migrator.platform.simulated.judge import _committed
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import Place, World
from migrator.wiring import rehearsal
from stage import Stage

ESTATE = an_itinerary(
    waves=("ab", "c"), links=("ab:3", "bc"), before=("ac",), stateless="b", seats=2
)
TAKEN_BACK = (PlannedFault("links_regress", "a", share=1.0),)
Patch = Callable[[pytest.MonkeyPatch], None]


def condemned(
    itinerary: Itinerary = ESTATE,
    faults: tuple[PlannedFault, ...] = (),
    wrap: Callable[[Platform], Platform] | None = None,
) -> str:
    """Everything that the judge says about a rehearsal."""
    stage = Stage(itinerary, faults, wrap=wrap)
    stage.play()
    return "\n".join(stage.ledger().violations)


def with_steps(name: str, *kinds: StepKind) -> Itinerary:
    """The estate with the steps of a recipe in this order; kinds that are left out are left out."""
    recipe = RECIPES[name]
    by_kind = {step.kind: step for step in recipe.steps}
    return with_recipe(replace(recipe, steps=tuple(by_kind[kind] for kind in kinds)))


def with_recipe(recipe: Recipe) -> Itinerary:
    return replace(ESTATE, recipes={**ESTATE.recipes, recipe.name: recipe})


def kinds_of(name: str) -> list[StepKind]:
    return [step.kind for step in RECIPES[name].steps]


def moved(name: str, kind: StepKind, before: StepKind) -> Itinerary:
    """The estate with one step of a recipe brought forward."""
    kinds = kinds_of(name)
    kinds.remove(kind)
    kinds.insert(kinds.index(before), kind)
    return with_steps(name, *kinds)


def never(*kinds: StepKind | UndoKind) -> Callable[[Platform], Platform]:
    """A platform that says done and does nothing, for these kinds of acts."""
    idle = {kind.value for kind in kinds}

    def answer(intent: ev.StepStarted | ev.UndoStarted) -> ActResult | None:
        act = name_of(intent).partition("/")[2]
        if act not in idle:
            return None
        recipe = ESTATE.recipes[ESTATE.legs[intent.move].recipe]
        return ActResult("done", "of course", authority=authority_after(recipe, act))

    return lambda platform: Wrong(platform, answer)


def test_the_unbroken_estate_is_not_condemned() -> None:
    assert condemned() == ""
    assert condemned(faults=TAKEN_BACK) == ""


# --- both sides live ----------------------------------------------------------------------------


def test_a_grant_before_the_fence_is_refused_by_a_good_platform() -> None:
    stage = Stage(moved("stateful", StepKind.GRANT, StepKind.QUIESCE))
    stage.play()
    ended = [line.event for line in stage.lines if isinstance(line.event, ev.StepEnded)]

    assert any("still admits work; authority is not granted" in each.detail for each in ended)
    assert stage.ledger().both_live_seconds == 0


def test_a_grant_before_the_fence_on_a_platform_that_does_not_look_makes_both_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(World, "require", lambda *_args, **_words: None)
    early = [StepKind.START, StepKind.GRANT]
    kinds: list[StepKind] = [kind for kind in kinds_of("stateful") if kind not in early]
    at = kinds.index(StepKind.QUIESCE)
    kinds[at:at] = early

    assert "a: both sides were live for" in condemned(with_steps("stateful", *kinds))


def test_a_fence_that_does_nothing_is_noticed_before_anything_is_granted() -> None:
    stage = Stage(ESTATE, wrap=never(StepKind.FENCE))
    stage.play()

    started = [line.event for line in stage.lines if isinstance(line.event, ev.StepStarted)]
    assert not [each for each in started if (each.move, each.step) == ("a", "grant")]
    assert stage.ledger().both_live_seconds == 0


def test_a_fence_that_does_nothing_on_a_platform_that_does_not_look_loses_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fence(self: Effects, _place: Place, leg: Leg) -> ActResult:
        return ActResult("done", authority=self._authority_of(leg, "fence"))

    monkeypatch.setattr(World, "require", lambda *_args, **_words: None)
    monkeypatch.setattr(Effects, "_fence", fence)
    monkeypatch.setattr(Effects, "_quiesce", lambda *_args: ActResult("done"))
    said = condemned()

    assert "both sides were live for" in said
    assert "rows that were acknowledged are not on the live side" in said


def test_a_drain_without_its_timer_is_seen_when_the_drain_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    true = Effects._switch

    def switch(self: Effects, place: Place, leg: Leg) -> ActResult:
        result = true(self, place, leg)
        place.drain_armed = False
        return result

    assert condemned(faults=(PlannedFault("step_fails", "b", "drain"),)) == ""
    monkeypatch.setattr(Effects, "_switch", switch)
    said = condemned(faults=(PlannedFault("step_fails", "b", "drain"),))

    assert "b: both sides were live for" in said


# --- rows ---------------------------------------------------------------------------------------


def test_a_final_copy_that_does_nothing_loses_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Effects, "_final_copy", lambda *_args: ActResult("done"))
    slow = {"c": {"step_minutes": {**ESTATE.legs["c"].step_minutes}}}
    said = condemned(an_itinerary(waves=("ab", "c"), stateless="b", legs=slow))

    assert "rows that were acknowledged are not on the live side" in said


def test_an_unwind_that_does_not_bring_data_back_loses_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Effects, "_bring_back", lambda *_args: ActResult("done"))
    said = condemned(faults=(PlannedFault("handler_says_no", function="f1"),))

    assert "was unwound and does not have all its rows" in said
    assert "rows that were acknowledged are not on the live side" in said


# --- effects ------------------------------------------------------------------------------------


def test_a_platform_that_ignores_tokens_does_things_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    undisturbed = Stage(ESTATE, keep_moments=True)
    undisturbed.play()
    monkeypatch.setattr(World, "took_effect", lambda *_args: False)
    said = []
    for moment in [m for m in undisturbed.moments if m.why.startswith("effect")][:6]:
        again = Stage(ESTATE, moment=moment)
        again.play()
        said += again.ledger().violations

    assert any("effects were done twice" in each for each in said)


# --- unwinds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "undo", [UndoKind.START_SOURCE, UndoKind.GRANT_SOURCE, UndoKind.SWITCH_BACK]
)
def test_an_undo_that_only_says_done_is_found_by_the_proof_and_else_by_the_judge(
    undo: UndoKind,
) -> None:
    refused = (PlannedFault("handler_says_no", function="f1"),)
    stage = Stage(ESTATE, refused, wrap=never(undo))
    stage.play()
    proven = stage.run.waves["w1"]
    assert proven.state is WaveState.STUCK or "live side" in "\n".join(stage.ledger().violations)

    said = condemned(faults=refused, wrap=never(undo, UndoKind.PROVE_BACK))
    assert "was unwound and is not live on the old side" in said


@pytest.mark.parametrize(
    ("undos", "faults"),
    [
        ((UndoKind.STOP_TARGET, UndoKind.REMOVE), ("handler_says_no", "", "")),
        ((UndoKind.DISCARD_COPY,), ("handler_says_no", "", "")),
        ((UndoKind.REMOVE,), ("step_fails", "a", "copy")),
    ],
)
def test_what_an_undo_leaves_on_the_target_is_seen(
    undos: tuple[UndoKind, ...], faults: tuple[str, str, str]
) -> None:
    kind, subsystem, step = faults
    function = "" if subsystem else "f1"
    fault = PlannedFault(kind, subsystem, step, function, times=9)

    assert "something of it is left on the target" in condemned(faults=(fault,), wrap=never(*undos))


def test_an_engine_that_skips_undos_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    true = fold_acts.needed_undos
    monkeypatch.setattr(fold_acts, "needed_undos", lambda run, record: true(run, record)[:-1])

    assert "something of it is left on the target" in condemned(faults=TAKEN_BACK)


def test_an_unwind_of_what_is_committed_is_illegal_and_would_be_seen() -> None:
    stage = Stage(ESTATE)
    stage.play()
    begun = ev.UnwindBegun("w1", 1, (), (), partial=False, by="anna", cause="x")
    stage.journal.append([Entry(stage.clock.now(), "engine", begun)])

    with pytest.raises(IllegalEvent, match="wave w1 is committed"):
        stage.ledger()
    assert list(_committed(stage.lines)) == [
        f"w1: unwound after its commit (line {len(stage.lines)})"
    ]


# --- order, seats, hours ------------------------------------------------------------------------


def test_an_engine_that_forgets_before_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_may_cut", lambda *_args: True)
    said = condemned(an_itinerary(waves=("ab",), before=("ba",)))

    assert "a: its cut began before b had switched" in said


def test_an_engine_that_forgets_blackout_slots_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = {"a": {"blackouts": ((after(0), after(600), "payments"),)}}
    itinerary = an_itinerary(waves=("a",), legs=slots)
    assert condemned(itinerary) == ""
    monkeypatch.setattr(moving, "_may_cut", lambda *_args: True)

    assert "a: its cut began inside the blackout slot 'payments'" in condemned(itinerary)


def test_an_engine_that_gives_every_seat_twice_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    itinerary = an_itinerary(waves=("abc",), seats=1)
    assert condemned(itinerary) == ""
    monkeypatch.setattr(Draft, "seat", lambda *_args: None)

    assert "blue: 2 moves at once with 1 seats" in condemned(itinerary)


def test_a_plan_that_parts_what_moves_together_is_seen() -> None:
    itinerary = an_itinerary(waves=("a", "b"), with_=("ab",))

    assert "a and b must move together and are in two waves" in condemned(itinerary)


# --- evidence -----------------------------------------------------------------------------------


def test_an_engine_that_accepts_regressed_links_is_seen() -> None:
    def blind(intent: ev.StepStarted | ev.UndoStarted) -> ActResult | None:
        if name_of(intent) == "a/soak":
            judged = ev.LinksJudged("a", 1, "soak", 0, 0, 0, 3, 0, ("l",))
            return ActResult("done", "never mind", judged=judged)
        return None

    said = condemned(wrap=lambda platform: Wrong(platform, blind))
    assert "a: accepted although 3 links regressed" in said


def test_an_engine_that_does_not_wait_for_ticks_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_checked", lambda *_args: True)
    faults = (PlannedFault("handler_never_answers", function="f1", times=9),)
    said = condemned(faults=faults)

    assert "w1: accepted although f1@w1 has not passed" in said


def test_an_engine_that_counts_refusals_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.engine.checks.enough", lambda ticks, _quorum: bool(ticks))
    faults = (PlannedFault("handler_says_no", function="f1"),)

    assert "w1: accepted although f1@w1 was refused" in condemned(faults=faults)


# --- the journal --------------------------------------------------------------------------------


def test_a_loop_that_forgets_to_journal_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    true = fold.apply

    def more(run: object, at: object, event: ev.Event) -> None:
        true(run, at, event)  # type: ignore[arg-type]  # passed through
        if isinstance(event, ev.GateDecided):
            true(run, at, ev.RunPaused("and nobody wrote it down"))  # type: ignore[arg-type]  # the same

    monkeypatch.setattr("migrator.conductor.loop.apply", more)
    said = condemned()

    assert "the fold of the journal differs from the live run in state" in said


def test_an_engine_that_moves_authority_without_a_word_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    true = SimulatedPlatform._take_effect

    def silent(self: SimulatedPlatform, leg: Leg, intent: ev.StepStarted, name: str) -> ActResult:
        return replace(true(self, leg, intent, name), authority=None)

    monkeypatch.setattr(SimulatedPlatform, "_take_effect", silent)

    assert "a: the journal gives authority to old, new admits work" in condemned()


def test_a_rehearsal_says_what_its_judge_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Draft, "seat", lambda *_args: None)
    rehearsed = rehearsal(an_itinerary(waves=("abc",), seats=1), seed=1, accidents=False)

    assert "blue: 2 moves at once with 1 seats" in "\n".join(rehearsed.ledger.violations)
