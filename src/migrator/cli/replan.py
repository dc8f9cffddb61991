"""`migrator replan`: another plan for what has not started, shown before it is asked for.

The new plan must be sound, made from the same inventory, and leave everything alone that was
decided on or begun. What it changes is shown as `migrator diff` shows it, against the plan that the
run follows now; whether it may be followed is said by `engine/replanning.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.identity import AsOption
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import InventoryOption, open_sound_plan
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run
from migrator.cli.second_person import CodeOption, ReasonNeeded, SecondOption, details_of
from migrator.cli.steering import Given, steer
from migrator.cli.verb_making import WAIT_SECONDS, IdOption, WaitOption, YesOption
from migrator.errors import Fault, RefusedError

if TYPE_CHECKING:
    from migrator.cli.plan_files import PlanWithInventory
    from migrator.plan.model import Plan


def command(
    run: RunArgument,
    plan: Annotated[Path, typer.Argument(metavar="NEWPLAN", help="The new plan's file.")],
    *,
    reason: ReasonNeeded,
    inventory: InventoryOption = None,
    person: AsOption = None,
    second: SecondOption = None,
    code: CodeOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Let everything that has not started follow another plan.

    \b
    Examples:
      migrator replan latest plans/ours-sunday.yaml --as anna --reason "w02 took till noon"
      migrator replan night-1 plans/ours-sunday.yaml --as anna --second bo \\
          --code 7KQM-2XWD-RB9T --reason "w02 took till noon"

    A wave has not started while nobody has said go or no-go to it. What was decided on or begun,
    the policy, the window and the recipes stay; each difference that would touch them is named.
    A gate that is open opens anew where its wave changes. Without --second it is asked for, and
    joined by another operating-system user with the same command.

    \b
    Exit code 0: done, asked for, or kept for the process that leads the run. 2: refused.
    """
    from migrator.engine.replanning import plan_anew

    by_two = details_of(second, code)
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
                hint="leave what was decided on or begun as it is, and plan the rest anew",
                faults=tuple(Fault(str(plan), None, "", why) for why in wrong),
            )
        if not seen.played_out:
            digest = seen.store.pin("file", plan.read_bytes())
            seen.journal.put_facts(f"plan/{new.plan_digest}", digest)
    details = (*made.details(), *by_two)
    return steer(
        Given("replan", run, "", store, form, person, reason, command_id, yes, wait, details)
    )


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
    from migrator.plan.diff import cost_lines, diff_plans

    running = _running_plan(seen)
    if running is None:
        output.say("the plan that the run follows is not in the store; no difference can be shown")
        return
    names = {s.id: s.name for s in opened.inventory.subsystems}
    diff = diff_plans(running, opened.plan, names, opened.pairs, opened.inventory)
    for change in diff.changes:
        output.say(change.text)
    for line in cost_lines(diff):
        output.say(f"cost: {line}")
    if diff.same:
        output.say("the two plans mean the same")


def _running_plan(seen: SeenRun) -> Plan | None:
    """The plan that the run follows now, as it was pinned."""
    from migrator.plan.text import plan_from_text

    itinerary = seen.run.itinerary
    kept = seen.journal.facts(f"plan/{itinerary.plan_digest}")
    begun = next((d for name, d in itinerary.files.items() if name.startswith("plan/")), "")
    content = seen.store.pinned(kept if isinstance(kept, str) else begun)
    return None if content is None else plan_from_text(content.decode("utf-8"), "the running plan")
