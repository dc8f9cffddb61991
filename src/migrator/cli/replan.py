"""`migrator replan`: another plan for what has not started, shown before it is asked for.

Without a plan's file one is made (`replan_making.py`). With one, that plan must be sound, made from
the same inventory, and leave everything alone that was decided on or begun. What it changes is
shown as `migrator diff` shows it, against the plan that the run follows now; whether it may be
followed is said by `engine/replanning.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.change_options import (
    Allow,
    Critical,
    Forbid,
    Merge,
    Pin,
    Split,
    Unpin,
    WhatIf,
    Without,
    asked_for,
)
from migrator.cli.identity import AsOption
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import InventoryOption, open_sound_plan
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run
from migrator.cli.second_person import CodeOption, SecondOption, details_of
from migrator.cli.steering import Given, steer
from migrator.cli.verb_making import WAIT_SECONDS, IdOption, WaitOption, YesOption
from migrator.errors import Fault, InputError, RefusedError

if TYPE_CHECKING:
    from migrator.cli.plan_files import PlanWithInventory

ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why; it is listed in the report.")
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Where to write the plan that is made."),
]
Largest = Annotated[
    int | None,
    typer.Option("--moves-per-wave-max", min=1, help="The largest wave.", show_default=False),
]
Evaluations = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many schedules to try for it [default: by the estate's size].",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option(help="Chance of the search; the same seed, the same plan.")]


def command(
    run: RunArgument,
    plan: Annotated[
        Path | None,
        typer.Argument(metavar="[NEWPLAN]", help="The new plan's file; without one it is made."),
    ] = None,
    *,
    reason: ReasonOption = None,
    inventory: InventoryOption = None,
    out: Out = None,
    pin: Pin = None,
    unpin: Unpin = None,
    forbid: Forbid = None,
    allow: Allow = None,
    merge: Merge = None,
    split: Split = None,
    moves_per_wave_max: Largest = None,
    critical_per_wave_max: Critical = None,
    without: Without = None,
    what_if: WhatIf = None,
    evaluations: Evaluations = None,
    seed: Seed = 1,
    person: AsOption = None,
    second: SecondOption = None,
    code: CodeOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Plan anew what has not started, and let the run follow it.

    Without NEWPLAN a plan is made from the one that the run follows: nobody is moved who need not
    be, each who is is told why, and nothing is done yet. With NEWPLAN the run is to follow it.

    \b
    Examples:
      migrator replan latest -o plans/ours-sunday.yaml
      migrator replan latest -o plans/ours-sunday.yaml --pin claims=w07 --merge w08+w09
      migrator replan latest --what-if "+3 handlers benefits sun 22-06"
      migrator replan latest plans/ours-sunday.yaml --as anna --reason "w02 took till noon"
      migrator replan night-1 plans/ours-sunday.yaml --as anna --second bo \\
          --code 7KQM-2XWD-RB9T --reason "w02 took till noon"

    A wave has not started while nobody has said go or no-go to it. What was decided on or begun,
    the policy, the window and the recipes stay; each difference that would touch them is named.
    A gate that is open opens anew where its wave changes. Without --second it is asked for, and
    joined by another operating-system user with the same command.

    \b
    Exit code 0: done, asked for, made, or kept for the process that leads the run. 2: refused.
    """
    asked = asked_for(
        pin=pin,
        unpin=unpin,
        forbid=forbid,
        allow=allow,
        merge=merge,
        split=split,
        moves_per_wave_max=moves_per_wave_max,
        critical_per_wave_max=critical_per_wave_max,
        without=without,
        what_if=what_if,
    )
    if plan is None:
        from migrator.cli.replan_making import make_anew

        _refuse_both(reason is not None, "--reason is of the command that names a NEWPLAN")
        return make_anew(
            run, store, asked, inventory, out, seed=seed, evaluations=evaluations, form=form
        )
    _refuse_both(asked.any or out is not None, "requests are for a plan that is made, not a file")
    if reason is None:
        raise InputError(
            "usage",
            "--reason is missing: why shall the run follow another plan?",
            hint='--reason "w02 took till noon"; it is listed in the report',
        )
    by_two = details_of(second, code)
    details = _as_told(run, plan, inventory, store)
    return steer(
        Given(
            "replan",
            run,
            "",
            store,
            form,
            person,
            reason,
            command_id,
            yes,
            wait,
            (*details, *by_two),
        )
    )


def _refuse_both(wrong: bool, message: str) -> None:
    if wrong:
        raise InputError(
            "usage",
            message,
            hint="make the plan first (migrator replan RUN -o FILE), then let the run follow it "
            "(migrator replan RUN FILE --reason TEXT)",
        )


def _as_told(
    run: str, plan: Path, inventory: Path | None, store: str
) -> tuple[tuple[str, str], ...]:
    """The new plan as a command carries it, shown before it is asked for."""
    from migrator.engine.replanning import plan_anew

    opened = open_sound_plan(plan, inventory)
    seen = see_run(run, store)
    with seen.store:
        if not seen.practice:
            _refuse_unapproved(plan, opened)
        _show(seen, opened)
        new = opened.itinerary()
        made, wrong = plan_anew(seen.run, new)
        if wrong:
            raise RefusedError(
                "replan-refused",
                f"{seen.name} cannot follow {plan}: "
                + ("1 difference stands in the way" if len(wrong) == 1 else f"{len(wrong)} do"),
                hint="leave what was decided on or begun as it is, and plan the rest anew: "
                f"migrator replan {seen.name} -o FILE",
                faults=tuple(Fault(str(plan), None, "", why) for why in wrong),
            )
        if not seen.played_out:
            digest = seen.store.pin("file", plan.read_bytes())
            seen.journal.put_facts(f"plan/{new.plan_digest}", digest)
    return made.details()


def _refuse_unapproved(path: Path, opened: PlanWithInventory) -> None:
    """What moves real systems was approved before the run; so is what takes its place."""
    from migrator.cli.plan_files import approvals_of
    from migrator.plan.approval import standing

    found = standing(opened.plan, opened.inventory, opened.inputs(), approvals_of(path))
    if any(verdict.valid for _, verdict in found):
        return
    lapsed = "; ".join(why for _, verdict in found for why in verdict.lapsed_because)
    raise RefusedError(
        "not-approved",
        f"no approval of {path} counts" + (f": {lapsed}" if lapsed else ""),
        hint=f"a decision maker approves it: `migrator approve {path} --as NAME`",
    )


def _show(seen: SeenRun, opened: PlanWithInventory) -> None:
    """Say what changes against the plan that the run follows, and what it costs."""
    from migrator.cli.replan_making import running_text
    from migrator.plan.diff import cost_lines, diff_plans
    from migrator.plan.text import plan_from_text

    text = running_text(seen)
    if text is None:
        output.say("the plan that the run follows is not in the store; no difference can be shown")
        return
    running = plan_from_text(text, "the running plan")
    names = {s.id: s.name for s in opened.inventory.subsystems}
    diff = diff_plans(running, opened.plan, names, opened.pairs, opened.inventory)
    for change in diff.changes:
        output.say(change.text)
    for line in cost_lines(diff):
        output.say(f"cost: {line}")
    if diff.same:
        output.say("the two plans mean the same")
