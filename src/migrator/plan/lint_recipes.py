"""Is a recipe safe? It is played through, forward and back from every place, on a model of a move.

Called by `lint.py` for every recipe of a plan; this is what keeps a hand-edited recipe from ever
making both sides live. The model knows what each act presumes and does (architecture.md 5.6). The
recipe is played step by step; after every step, with the step's effect and without it, its unwind
is played, too: the old side must be live again with all its rows, and nothing of ours may run on
the target. Nothing here looks at the default recipes: they have to pass like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from migrator.inventory.yaml_text import DataPath
from migrator.plan.findings import Finding, error, warning
from migrator.plan.model import STATEFUL_ONLY, Recipe, RecipeStep, StepKind, UndoKind

S, U = StepKind, UndoKind

_REQUIRED: Final = {
    True: (
        *(S.PREPARE, S.BASELINE, S.QUIESCE, S.FENCE, S.FINAL_COPY, S.START, S.PROBE, S.GRANT),
        *(S.SWITCH, S.PROBE_LINKS, S.VERIFY, S.SOAK, S.ACCEPT),
    ),
    False: (
        *(S.PREPARE, S.BASELINE, S.START, S.PROBE, S.SWITCH, S.FENCE, S.PROBE_LINKS, S.VERIFY),
        *(S.SOAK, S.ACCEPT),
    ),
}
_COMMIT: Final = (S.FINALISE, S.RETIRE)

_NO_UNDO: Final = frozenset(
    {S.BASELINE, S.PROBE, S.PROBE_LINKS, S.VERIFY, S.SOAK, S.ACCEPT, S.FINALISE, S.RETIRE}
)
"""Steps that change neither side, or that come after acceptance: nothing to take back."""

SHARE_TOLERANCE: Final = 0.01
"""Shares are written with two decimals; their sum may be off by the last one."""


def lint_recipe(recipe: Recipe) -> Iterator[Finding]:
    """Everything that makes a recipe unsafe or nonsense."""
    path: DataPath = ("recipes", recipe.name)
    stateful = recipe.stateful
    shape = [*_shape(recipe, path, stateful=stateful), *_shares(recipe, path)]
    yield from shape
    yield from _undo_lists(recipe, path)
    # A step that stands twice or is missing would be told again by every step that presumes it.
    if not any(finding.rule == "recipe-steps" for finding in shape):
        yield from _forward(recipe, path, stateful=stateful)
    yield from _commit(recipe, path)


# --- which steps there are -----------------------------------------------------------------------


def _shape(recipe: Recipe, path: DataPath, *, stateful: bool) -> Iterator[Finding]:
    counts = Counter[str](step.key for step in recipe.steps)
    manner = "stateful" if stateful else "stateless"
    for number, step in enumerate(recipe.steps):
        here = (*path, "steps", number)
        if counts[step.key] > 1:
            message = f"'{step.key}' stands {counts[step.key]} times in one recipe"
            yield error("recipe-steps", here, message, "keep it once, or give a task another name")
        if step.kind in _COMMIT:
            message = f"'{step.kind.value}' cannot be undone, so it is no step before acceptance"
            yield error("recipe-steps", here, message, "move it to the recipe's commit")
        if stateful and step.kind is S.DRAIN:
            message = "a stateful side never drains: it is fenced before authority moves"
            yield error("drain-in-stateful", here, message, "remove the drain")
        if not stateful and step.kind in STATEFUL_ONLY:
            message = f"'{step.kind.value}' has no meaning in a stateless recipe"
            yield error("recipe-steps", here, message, "remove it, or use a stateful recipe")
    for kind in _REQUIRED[stateful]:
        if not counts[kind]:
            message = f"a {manner} recipe needs the step '{kind.value}'"
            yield error("recipe-steps", (*path, "steps"), message, "put it back in its place")
    if not stateful and not counts[S.DRAIN]:
        yield warning(
            "recipe-without-drain",
            (*path, "steps"),
            "without 'drain' the fence cuts requests that reached the old side before the switch",
            "put 'drain' between 'switch' and 'fence'",
        )


def _shares(recipe: Recipe, path: DataPath) -> Iterator[Finding]:
    for key, acts in (
        ("steps", [(step.key, step.share) for step in recipe.steps]),
        ("unwind", [(undo.key, undo.share) for undo in recipe.unwind]),
    ):
        for number, (kind, share) in enumerate(acts):
            if not 0 <= share <= 1:
                message = f"the share of '{kind}' is {share:g}"
                here = (*path, key, number, "share")
                yield error("recipe-share", here, message, "write a share from 0 to 1")
        total = sum(share for _, share in acts)
        if abs(total - 1) > SHARE_TOLERANCE:
            whole = "move" if key == "steps" else "unwind"
            message = f"the shares sum to {total:.2f}, so a planned {whole} has the wrong length"
            yield warning("recipe-shares-sum", (*path, key), message, "make them sum to 1")


def _undo_lists(recipe: Recipe, path: DataPath) -> Iterator[Finding]:
    listed = Counter[str](undo.key for undo in recipe.unwind)
    named = {undo for step in recipe.steps for undo in step.undo}
    taken = {step.key for step in (*recipe.steps, *recipe.commit)}
    for number, step in enumerate(recipe.steps):
        here = (*path, "steps", number, "undo")
        if not step.undo and step.kind not in _NO_UNDO and not changes_nothing(step):
            message = f"nothing takes '{step.key}' back"
            hint = "name its undo"
            if step.kind is S.TASK:
                hint += ", or say `looks: true` where it changes nothing"
            yield error("missing-undo", here, message, hint)
        for name in step.undo:
            if not listed[name]:
                message = f"'{name}' is not in the recipe's unwind, so it would never run"
                yield error("missing-undo", here, message, "list it under unwind, in its place")
    for number, undo in enumerate(recipe.unwind):
        here = (*path, "unwind", number)
        if listed[undo.key] > 1 or undo.key in taken:
            message = f"'{undo.key}' stands {listed[undo.key]} times in one unwind"
            if undo.key in taken:
                message = f"'{undo.key}' is the name of a step, too"
            yield error("recipe-steps", here, message, "keep it once, or give it another name")
        if undo.key not in named:
            message = f"no step names '{undo.key}', so it never runs"
            hint = "name it as the undo of a step, or remove it"
            yield warning("unused-undo", here, message, hint)


def changes_nothing(step: RecipeStep) -> bool:
    """Tell whether a step only looks or waits, so that there is nothing to take back."""
    return step.looks or (step.means is not None and step.means.wait is not None)


def _commit(recipe: Recipe, path: DataPath) -> Iterator[Finding]:
    kinds = [step.kind for step in recipe.commit]
    for number, kind in enumerate(kinds):
        if kind not in _COMMIT or kind in kinds[:number]:
            message = f"'{kind.value}' is no act of a commit here: finalise, then retire, once each"
            yield error("recipe-commit", (*path, "commit", number), message, "remove it")
    if S.RETIRE in kinds and S.FINALISE not in kinds[: kinds.index(S.RETIRE)]:
        message = "'retire' removes the old side before 'finalise' has made the move final"
        yield error("recipe-commit", (*path, "commit"), message, "put 'finalise' before 'retire'")


# --- playing it through --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Move:
    """A move as the model sees it. A side is live when it has authority."""

    done: frozenset[StepKind] = frozenset()
    old_authority: bool = True
    new_authority: bool = False
    old_takes_work: bool = True  # runs, and is neither quiesced nor draining
    old_fenced: bool = False
    new_runs: bool = False
    new_has_rows: bool = False  # has been live: rows may exist there and nowhere else
    rows_back: bool = False
    copy_on_target: bool = False
    prepared: bool = False
    traffic_on_target: bool = False
    way_back_proved: bool = True  # False from the switch until somebody has looked


def _forward(recipe: Recipe, path: DataPath, *, stateful: bool) -> Iterator[Finding]:
    """Play the steps; from every place play the unwind. What was told once is not told again."""
    move, told = _Move(), set[tuple[str, str]]()
    for number, step in enumerate(recipe.steps):
        here = (*path, "steps", number)
        for message in _presumes(step.kind, move, stateful=stateful):
            yield error("recipe-order", here, f"'{step.key}' {message}", _ORDER[stateful])
        before = move
        move = _does(step.kind, move, stateful=stateful)
        if move.old_authority and move.new_authority:
            message = f"after '{step.key}' both sides are live"
            yield error("both-sides-live", here, message, _ORDER[stateful])
            return  # everything after it would only say the same again
        begun = recipe.steps[: number + 1]
        # A step that failed half-way may have had its effect or not; its undo runs in both cases.
        for state in (before, move):
            for rule, place, message in _backward(recipe, begun, state, stateful=stateful):
                if (rule, message) not in told:
                    told.add((rule, message))
                    where = (*path, "unwind") if place is None else (*path, "unwind", place)
                    text = f"unwound from '{step.key}': {message}"
                    yield error(rule, where, text, _UNWIND[stateful])
    if recipe.steps and recipe.steps[-1].kind is not S.ACCEPT:
        last = recipe.steps[-1].key
        hint = "let 'accept' be the last step"
        message = f"'{last}' comes after 'accept'"
        yield error("step-after-accept", (*path, "steps", len(recipe.steps) - 1), message, hint)


_ORDER: Final = {
    True: "keep the order: quiesce, fence, final-copy, start, probe, grant, switch",
    False: "keep the order: start, probe, switch, drain, fence",
}
_UNWIND: Final = {
    True: "an unwind fences the target, brings the rows back, starts the source, grants it "
    "authority, switches back, and then removes what is on the target",
    False: "an unwind starts the source, switches back, and then stops the target",
}


def _presumes(kind: StepKind, move: _Move, *, stateful: bool) -> Iterator[str]:
    """What must be so before a step; each sentence goes on after the step's name."""
    done = move.done
    wanted: list[tuple[bool, str]] = []
    if kind is S.BASELINE:
        wanted = [(move.old_takes_work, "looks at the links when the old side no longer answers")]
    elif kind is S.COPY:
        wanted = [
            (move.prepared, "comes before 'prepare', which makes the place it copies to"),
            (move.old_takes_work, "comes after 'quiesce': it is meant to run while people work"),
        ]
    elif kind is S.FENCE and stateful:
        wanted = [(S.QUIESCE in done, "cuts work off that 'quiesce' has not let finish")]
    elif kind is S.FINAL_COPY:
        wanted = [(move.old_fenced, "comes before 'fence': rows written after it would be lost")]
    elif kind is S.START:
        wanted = [
            (move.prepared, "comes before 'prepare'"),
            (not stateful or S.FINAL_COPY in done, "starts the target before its last rows came"),
        ]
    elif kind is S.PROBE:
        wanted = [(move.new_runs, "looks at a target that 'start' has not started")]
    elif kind is S.GRANT:
        wanted = [
            (move.old_fenced, "gives authority while the old side is not fenced"),
            (S.FINAL_COPY in done, "gives authority to a target without its last rows"),
            (S.PROBE in done, "gives authority to a target that was not probed"),
        ]
    elif kind is S.SWITCH:
        wanted = [
            (not stateful or move.new_authority, "sends work to a target without authority"),
            (stateful or S.PROBE in done, "sends work to a target that was not probed"),
        ]
    elif kind in {S.DRAIN, S.PROBE_LINKS, S.VERIFY, S.SOAK} or kind is S.FENCE:
        wanted = [(move.traffic_on_target, "comes before 'switch'")]
    if kind is S.DRAIN:
        wanted.append((not move.old_fenced, "comes after 'fence', when nothing is left to drain"))
    if kind is S.PROBE_LINKS:
        wanted.append((S.BASELINE in done, "has no 'baseline' to compare with"))
    if kind is S.ACCEPT:
        missing = [s.value for s in (S.PROBE_LINKS, S.VERIFY, S.SOAK) if s not in done]
        wanted = [(not missing, f"comes before {', '.join(missing)}")]
    if not stateful and S.SWITCH in done and not move.old_fenced and kind is not S.FENCE:
        only = kind is S.DRAIN and S.DRAIN not in done
        wanted.append(
            (only, "stands between 'switch' and 'fence', so the old side drains too long")
        )
    return (message for holds, message in wanted if not holds)


def _does(kind: StepKind, move: _Move, *, stateful: bool) -> _Move:
    """What a step leaves behind."""
    move = replace(move, done=move.done | {kind})
    if kind is S.PREPARE:
        return replace(move, prepared=True)
    if kind in {S.COPY, S.FINAL_COPY}:
        return replace(move, copy_on_target=True)
    if kind in {S.QUIESCE, S.DRAIN}:
        return replace(move, old_takes_work=False)
    if kind is S.FENCE:
        return replace(move, old_authority=False, old_fenced=True, old_takes_work=False)
    if kind is S.START:
        return replace(move, new_runs=True)
    if kind is S.GRANT:
        return replace(move, new_authority=True, new_has_rows=True)
    if kind is S.SWITCH:
        move = replace(move, traffic_on_target=True, way_back_proved=False)
        # Stateless: one write to one object takes authority from one side to the other at once.
        return move if stateful else replace(move, old_authority=False, new_authority=True)
    return move


def _backward(
    recipe: Recipe,
    begun: tuple[RecipeStep, ...],
    move: _Move,
    *,
    stateful: bool,
) -> Iterator[tuple[str, int | None, str]]:
    """Play the unwind of the steps that were begun; rule, place in the unwind, what is wrong."""
    named = {undo for step in begun for undo in step.undo}
    for number, undo in enumerate(recipe.unwind):
        if undo.key not in named:
            continue
        for rule, message in _undo_presumes(undo.kind, move, stateful=stateful):
            yield rule, number, f"'{undo.key}' {message}"
        move = _undo_does(undo.kind, move, stateful=stateful)
    left = (
        (move.old_authority, "the old side does not get its authority back"),
        (move.old_takes_work and not move.old_fenced, "the old side does not take work again"),
        (not move.traffic_on_target, "the traffic still goes to the target"),
        (not move.new_authority, "the target keeps its authority"),
        (not move.new_runs, "the target still runs"),
        (not move.copy_on_target, "a copy of the rows stays on the target"),
        (not move.prepared, "what was prepared stays on the target"),
        (not move.new_has_rows or move.rows_back, "rows written on the target are lost"),
        (move.way_back_proved, "nobody proves that the old side answers again"),
    )
    for holds, message in left:
        if not holds:
            yield "unwind-incomplete", None, message


def _undo_presumes(
    kind: UndoKind,
    move: _Move,
    *,
    stateful: bool,
) -> Iterator[tuple[str, str]]:
    """What must be so before an undo."""
    wanted: list[tuple[bool, str, str]] = []
    if kind is U.BRING_BACK:
        wanted = [
            (not move.new_authority, "unwind-order", "runs while the target still takes writes"),
            (not move.old_authority, "unwind-order", "writes into an old side that is live"),
        ]
    elif kind is U.GRANT_SOURCE:
        live = "gives the old side authority while the target has it"
        wanted = [
            (not move.new_authority, "both-sides-live", live),
            (not move.new_has_rows or move.rows_back, "unwind-order", "comes before 'bring-back'"),
            (move.old_takes_work, "unwind-order", "comes before 'start-source'"),
        ]
    elif kind is U.SWITCH_BACK:
        ready = move.old_takes_work and (move.old_authority or not stateful)
        wanted = [(ready, "unwind-order", "sends work to an old side that is not ready for it")]
    elif kind is U.PROVE_BACK:
        wanted = [(not move.traffic_on_target, "unwind-order", "comes before 'switch-back'")]
    elif kind is U.STOP_TARGET:
        carries = not move.new_authority and (stateful or not move.traffic_on_target)
        wanted = [(carries, "unwind-order", "stops a target that is live")]
    elif kind in {U.DISCARD_COPY, U.REMOVE}:
        saved = not move.new_has_rows or move.rows_back
        wanted = [
            (saved, "unwind-order", "throws away rows that exist only on the target"),
            (not move.new_runs, "unwind-order", "takes things from under a target that runs"),
        ]
    return ((rule, message) for holds, rule, message in wanted if not holds)


def _undo_does(  # noqa: PLR0911 - a table of effects, one line for each undo
    kind: UndoKind, move: _Move, *, stateful: bool
) -> _Move:
    """What an undo leaves behind."""
    if kind is U.FENCE_TARGET:
        return replace(move, new_authority=False)
    if kind is U.BRING_BACK:
        return replace(move, rows_back=not move.new_authority)
    if kind is U.START_SOURCE:
        # A stateless side has no authority of its own to wait for: started is open.
        return replace(move, old_takes_work=True, old_fenced=move.old_fenced and stateful)
    if kind is U.GRANT_SOURCE:
        return replace(move, old_authority=True, old_fenced=False)
    if kind is U.SWITCH_BACK and stateful:
        return replace(move, traffic_on_target=False)
    if kind is U.SWITCH_BACK:
        return replace(move, traffic_on_target=False, old_authority=True, new_authority=False)
    if kind is U.STOP_TARGET:
        return replace(move, new_runs=False)
    if kind is U.DISCARD_COPY:
        return replace(move, copy_on_target=False)
    if kind is U.REMOVE:
        return replace(move, prepared=False)
    if kind is U.PROVE_BACK:
        return replace(move, way_back_proved=True)
    assert kind is U.UNDO_TASK, "every undo has its effect here"
    return move
