"""A plan for what has not started, made from the one that a run follows and from where it stands.

Called by `replan`. What has started is taken as it really was, or is expected from how late it is
now; the rest is changed as little as may be. The run is only looked at: letting it follow the new
plan is another command, with a reason and two people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.cli import output
from migrator.cli.plan_files import PlanFile, PlanWithInventory, open_with_inventory
from migrator.cli.runs import SeenRun, see_run
from migrator.errors import InputError, RefusedError

if TYPE_CHECKING:
    from migrator.cli.change_options import Asked
    from migrator.cli.output import Format
    from migrator.engine.run import Run
    from migrator.ids import SubsystemId
    from migrator.plan.model import Plan, PlannedWave
    from migrator.planner.change_basis import Started


def make_anew(
    run: str,
    store: str,
    asked: Asked,
    inventory: Path | None,
    out: Path | None,
    *,
    seed: int,
    evaluations: int | None,
    form: Format,
) -> int:
    """Make the plan, show it, and say whether the run could follow it."""
    from migrator.cli.plan_changes import change
    from migrator.planner.change_basis import Started

    seen = see_run(run, store)
    with seen.store:
        if seen.ended:
            raise RefusedError(
                "run-over",
                f"the run {seen.name} is over; nothing of it can be planned anew",
                hint="plan what is left with `migrator plan DIR`",
            )
        base = _running_file(seen, out)
        opened = open_with_inventory(base, inventory)
        _refuse_another_inventory(seen, opened)
        now = seen.now()
        started = _started(seen.run, base.plan, now)
        assert isinstance(started, Started)
        changed = change(
            base,
            opened,
            asked,
            out=out,
            seed=seed,
            evaluations=evaluations,
            form=form,
            name=base.plan.name,
            started=started,
        )
        if changed.plan.inventory.digest != opened.inventory.digest:
            return 0  # an estate that is only supposed: there is nothing to follow yet
        _say_next(seen, opened, changed.plan, out)
    return 0


def running_text(seen: SeenRun) -> str | None:
    """The plan that the run follows now, as it was pinned; None where the store has it not."""
    itinerary = seen.run.itinerary
    kept = seen.journal.facts(f"plan/{itinerary.plan_digest}")
    begun = next((d for name, d in itinerary.files.items() if name.startswith("plan/")), "")
    content = seen.store.pinned(kept if isinstance(kept, str) else begun)
    return None if content is None else content.decode("utf-8")


def _running_file(seen: SeenRun, out: Path | None) -> PlanFile:
    from migrator.inventory.yaml_text import read_yaml
    from migrator.plan.text import plan_from_document

    text = running_text(seen)
    if text is None:
        raise InputError(
            "pinned-bytes-lost",
            f"the plan that {seen.name} follows is not in the store",
            hint="write the new plan by hand, from the plan's file, and name it: "
            f"migrator replan {seen.name} FILE --reason TEXT",
        )
    document = read_yaml(text, "the running plan")
    # The inventory is looked for from where the new plan will lie, and from here.
    return PlanFile(out or Path("plan.yaml"), document, plan_from_document(document))


def _refuse_another_inventory(seen: SeenRun, opened: PlanWithInventory) -> None:
    itinerary = seen.run.itinerary
    same = (
        opened.inventory.digest == itinerary.inventory_digest
        and opened.links.digest == itinerary.links_digest
    )
    if not same:
        raise InputError(
            "plan-for-another-inventory",
            f"the inventory in {opened.inventory.folder} is not the one that {seen.name} began "
            "with, and it stays as it was until the run has ended",
            hint="name the right one with --inventory DIR, or take the changes of its files back",
        )


@dataclass(slots=True)
class _Clock:
    """How a run goes from wave to wave: what is known, and what is expected of the rest."""

    now: datetime
    ready: datetime  # when the next gate may open

    def take(self, wave: PlannedWave, run: Run, soak: timedelta) -> dict[SubsystemId, datetime]:
        """One wave's switches, real or expected; afterwards `ready` is when it is verified."""
        record = run.waves[wave.id]
        gate = record.decided_at or max(wave.gate.at, self.ready, self.now)
        late = max(timedelta(), gate - wave.gate.at)
        switches = {}
        for move in wave.moves:
            real = run.moves[move.subsystem].switched_at
            switches[move.subsystem] = real or max(move.switch + late, self.now)
        if record.ended_at is not None:
            self.ready = max(self.ready, record.ended_at)
        elif not record.verified:
            planned = max((move.end for move in wave.moves), default=gate) - soak
            self.ready = max(self.ready, planned + late, self.now)
        return switches


def _started(run: Run, plan: Plan, now: datetime) -> Started:
    """What of the run's plan stays to the letter, and from when on the rest may begin."""
    from migrator.engine.replanning import open_waves
    from migrator.planner.change_basis import Started

    free, why = open_waves(run), {}
    for wave in plan.waves:
        if wave.id not in run.waves:
            continue
        state = run.waves[wave.id].state.value
        begun = [m.subsystem for m in wave.moves if run.moves[m.subsystem].touched]
        if wave.id not in free:
            why[wave.id] = f"is {state}: somebody has decided on it"
        elif begun:
            why[wave.id] = f"was begun ahead of its gate ({', '.join(begun)})"
    count = max((n + 1 for n, wave in enumerate(plan.waves) if wave.id in why), default=0)
    accepted = plan.policy.next_wave_when == "accepted"
    soak = timedelta() if accepted else timedelta(minutes=plan.policy.soak_minutes)
    clock, switches = _Clock(now, plan.window.start), {}
    for wave in plan.waves[:count]:
        why.setdefault(wave.id, "stands before a wave that was decided on")
        switches.update(clock.take(wave, run, soak))
    return Started(count, switches, max(now, clock.ready), why)


def _say_next(seen: SeenRun, opened: PlanWithInventory, new: Plan, out: Path | None) -> None:
    """Say whether the run could follow the plan as it stands now, and how to let it."""
    from migrator.engine.replanning import plan_anew
    from migrator.plan.digest import plan_digest
    from migrator.plan.itinerary import make_itinerary

    itinerary = make_itinerary(new, opened.inventory, opened.pairs, plan_digest(new))
    _, wrong = plan_anew(seen.run, itinerary)
    for line in wrong:
        output.say(f"as it stands now the run could not follow it: {line}")
    if out is None:
        output.say("nothing is written; -o FILE keeps the plan")
    elif not wrong:
        approve = "" if seen.practice else f"migrator approve {out} --as NAME, then "
        output.say(f"next: {approve}migrator replan {seen.name} {out} --reason TEXT --as NAME")
