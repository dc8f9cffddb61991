"""Tasks, waits and acts by hand, put anywhere by chance: lint names it, or every promise is kept.

The recipes are the shipped ones with tasks between their steps and other means for their acts.
What lint lets through is rehearsed: everything goes well, everything is taken back, and something
fails. The judge asks the simulated world, in which a ticked act takes effect like any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from by_hand import a_task, an_undo, carried_out, clock, hand, recipe
from faults import planned_faults
from itineraries import after
from migrator.engine.states import RunState, WaveState
from migrator.plan.findings import errors
from migrator.plan.lint_means import lint_means
from migrator.plan.lint_recipes import lint_recipe
from migrator.plan.means import Call, Command, InDoubt, Means
from migrator.plan.model import Itinerary, Recipe, RecipeStep, RecipeUndo, StepKind, UndoKind
from migrator.plan.recipes import RECIPES
from migrator.platform.simulated.faults import PlannedFault
from migrator.wiring import Rehearsed, dry_run, rehearsal
from small_plan import an_inventory

PROGRAM: Final = Means(InDoubt.REPEAT, command=Command(("/bin/true",)))
CALL: Final = Means(InDoubt.ASK, call=Call("POST", "https://target/"))
PROOF: Final = replace(PROGRAM, proof=Command(("/bin/count",)))
OTHERS: Final = (hand("anna"), hand("bo", "lena"), hand(), clock(7), clock(until=after(300)),
                 clock(until=after(-1)), PROGRAM, CALL)  # fmt: skip


def by_all_four_means() -> Itinerary:
    """A stateful and a stateless move in two waves, by commands, calls, people and the clock."""
    recipes = [
        recipe(
            name,
            means={"prepare": PROGRAM, "start": CALL, "fence": hand("anna"), "soak": clock(20),
                   "bring-back": PROOF, "fence-target": hand(), "switch-back": hand("lena")},
            tasks=[("copy" if name == "stateful" else "start", a_task("pause", clock(15))),
                   ("switch", a_task("key", hand("anna", "bo"), "turn-back")),
                   ("probe-links", a_task("call", CALL, "call-back")),
                   ("verify", a_task("tell", hand(), looks=True))],
            undos=[an_undo("call-back", PROGRAM), an_undo("turn-back", hand("bo"))],
        )
        for name in ("stateful", "stateless")
    ]  # fmt: skip
    return carried_out(*recipes, waves=("a", "b"), stateless="b", links=("ab:9",), seats=1)


def test_a_plan_with_all_four_means_is_rehearsed_to_its_end() -> None:
    played = rehearsal(by_all_four_means(), seed=1, accidents=False)

    assert played.outcome == "completed"
    assert played.ledger.violations == []
    assert {wave.state for wave in played.run.waves.values()} == {WaveState.COMMITTED}
    kinds = {word.kind for name in ("stateful", "stateless")
             for word in means(played.run.itinerary.recipes[name])}  # fmt: skip
    assert kinds == {"command", "http", "manual", "wait-until"}


def test_a_dry_run_of_all_four_means_takes_everything_back() -> None:
    done = dry_run(by_all_four_means(), 1)

    for played in (done.forward, done.taken_back, done.rolled_back):
        assert played.ledger.violations == []
        assert played.run.state is RunState.ENDED
    assert done.forward.outcome == "completed"
    taken_back = done.taken_back.run
    assert all(move.returned for move in taken_back.moves.values())
    assert all(
        taken_back.moves[move].undos[undo].outcome == "done"
        for move in "ab"
        for undo in ("turn-back", "call-back", "switch-back")
    )


def test_the_lint_of_that_plan_has_no_errors() -> None:
    assert [found for each in by_all_four_means().recipes.values() for found in told(each)] == []


@pytest.mark.parametrize("act", ["a/fence", "a/key", "a/prepare", "b/switch-back"])
def test_an_act_by_hand_that_cannot_be_done_takes_the_wave_back(act: str) -> None:
    move, _, name = act.partition("/")
    kind = "undo_fails" if name == "switch-back" else "step_fails"
    faults = [PlannedFault(kind, move, name, times=2)]
    if kind == "undo_fails":
        faults.append(PlannedFault("step_fails", move, "probe-links", times=9))
    played = rehearsal(by_all_four_means(), seed=1, accidents=False, faults=tuple(faults))

    assert played.ledger.violations == []
    assert played.run.state is RunState.ENDED
    assert played.unstruck == ()


# --- by chance ------------------------------------------------------------------------------------


def means(each: Recipe) -> list[Means]:
    steps = [step.means for step in (*each.steps, *each.commit)]
    return [known for known in (*steps, *(undo.means for undo in each.unwind)) if known is not None]


def told(each: Recipe) -> tuple[object, ...]:
    # The small inventory has other people than the itineraries' own.
    found = errors((*lint_recipe(each), *lint_means(each, an_inventory())))
    return tuple(finding for finding in found if finding.rule != "unknown-person")


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """A shipped recipe with up to three tasks anywhere, and other means for up to four acts."""
    shipped = RECIPES[draw(st.sampled_from(["stateful", "stateless"]))]
    keys = [step.key for step in (*shipped.steps, *shipped.commit)]
    keys += [undo.key for undo in shipped.unwind]
    others = draw(st.dictionaries(st.sampled_from(keys), st.sampled_from(OTHERS), max_size=4))
    if "bring-back" in others and draw(st.booleans()):
        others["bring-back"] = PROOF
    tasks: list[tuple[str, RecipeStep]] = []
    undos: list[RecipeUndo] = []
    for number in range(draw(st.integers(0, 3))):
        before = draw(st.sampled_from([step.key for step in shipped.steps]))
        undo = draw(st.sampled_from([(), (f"undo-{number}",)]))
        how = draw(st.sampled_from(OTHERS))
        looks = draw(st.booleans()) and not undo
        tasks.append((before, a_task(f"task-{number}", how, *undo, looks=looks)))
        undos += [an_undo(name, draw(st.sampled_from(OTHERS))) for name in undo]
    made = recipe(shipped.name, means=others, tasks=tasks, undos=undos)
    # The undos of the tasks stand anywhere in the unwind, too.
    unwind = list(made.unwind)
    for undo_task in undos:
        unwind.remove(undo_task)
        unwind.insert(draw(st.integers(0, len(unwind))), undo_task)
    return replace(made, unwind=tuple(unwind))


def promised(played: Rehearsed) -> None:
    assert played.ledger.violations == []
    assert (played.ledger.both_live_seconds, played.ledger.rows_lost) == (0, 0)
    if played.run.state is not RunState.ENDED:
        human = {WaveState.STUCK, WaveState.COMMITTING}
        assert any(wave.state in human for wave in played.run.waves.values())


def an_estate(made: Recipe, seats: int | None) -> Itinerary:
    stateless = "ab" if made.name == "stateless" else ""
    return carried_out(made, waves=("ab", "c"), stateless=stateless, links=("ab:3",), seats=seats)


@pytest.mark.slow
@settings(max_examples=40)
@given(recipes(), st.sampled_from([None, 1, 2]), st.integers(0, 1000))
def test_what_lint_lets_through_goes_forward_and_back(
    made: Recipe, seats: int | None, seed: int
) -> None:
    if told(made):
        event("named by lint")
        return
    event("rehearsed")
    done = dry_run(an_estate(made, seats), seed)
    for played in (done.forward, done.taken_back, done.rolled_back):
        promised(played)
    assert done.forward.outcome == "completed"


@pytest.mark.slow
@settings(max_examples=30)
@given(
    recipes().filter(lambda made: not told(made)),
    st.lists(planned_faults("abc", ["f1", "f2"]), max_size=3).map(tuple),
    st.integers(0, 1000),
)
def test_what_lint_lets_through_keeps_its_promises_whatever_fails(
    made: Recipe, faults: tuple[PlannedFault, ...], seed: int
) -> None:
    promised(rehearsal(an_estate(made, 1), seed=seed, faults=faults))


@settings(max_examples=100)
@given(recipes())
def test_a_task_that_changes_something_between_a_stateless_cut_and_its_fence_is_always_named(
    made: Recipe,
) -> None:
    keys = [step.key for step in made.steps]
    cut, fence = keys.index(StepKind.SWITCH), keys.index(StepKind.FENCE)
    between = any(step.kind is StepKind.TASK for step in made.steps[cut:fence])
    if made.name == "stateless" and between:
        assert told(made)
    bare = {undo.key for undo in made.unwind if undo.kind is UndoKind.UNDO_TASK}
    assert bare == {undo for step in made.steps if step.kind is StepKind.TASK for undo in step.undo}
