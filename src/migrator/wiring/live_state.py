"""A run in its middle as the kernel reads it: what has happened, by move, check and wave.

Called by `forecasting.py` with a run as the engine folded it. Real times stay real. Where the
journal does not say what the kernel wants to know, the choice stands here, with its reason, and is
told in the forecast's notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from migrator.engine.run import ActRecord, CheckRecord, MoveRecord, Run, WaveRecord
from migrator.engine.states import COMPLETE, CheckState, RunState, WaveState
from migrator.forecast.chance import Dial
from migrator.plan.model import Plan, Recipe, RecipeStep, StepKind
from migrator.planner.problem import Problem as Facts
from migrator.planner.rows import people_by_id
from migrator.schedule.live import Live, RealCheck, RealMove, RealTick, RealWave, live
from migrator.schedule.problem import NEVER

HOLD_MINUTES: Final = 20.0
"""How long a hold or a pause that no clock ends is taken to last from now: nobody knows."""

MOVED, RETURNED = 1, 2
"""Fates of a move, as `schedule/paper.py` has them (a test holds them so)."""

_BACK: Final = frozenset({WaveState.UNWINDING, WaveState.STUCK})
_DONE: Final = frozenset({WaveState.ACCEPTED, WaveState.COMMITTING, WaveState.COMMITTED})
_GIVEN_UP: Final = frozenset({WaveState.DECLINED, WaveState.BLOCKED})


@dataclass(frozen=True, slots=True)
class Middle:
    """A run at a moment."""

    at: datetime
    now: float  # minutes after the window's start
    seq: int
    live: Live
    over: tuple[bool, ...]  # by wave: it is accepted, given up or back for good
    returned: tuple[bool, ...]  # by wave: it was taken back at least once
    notes: tuple[str, ...]


def middle_of(run: Run, plan: Plan, facts: Facts, dial: Dial, now: datetime) -> Middle:
    """The state of a run at run time `now`, for the plan that it follows."""
    minute = dial.minutes(now)
    known = _Known(run, plan, dial, minute)
    moves = [RealMove() for _ in facts.ids]
    waves, over, returned = [], [], []
    current: str | None = None
    for wave in plan.waves:
        record = run.waves.get(str(wave.id)) or WaveRecord(str(wave.id))
        waves.append(known.wave(record))
        over.append(known.over(record))
        returned.append(record.attempt > 1 or record.state in _BACK | {WaveState.RETURNED})
        if record.went and not record.verified and record.state not in _DONE:
            current = record.id
        for move in wave.moves:
            if move.subsystem in facts.index:
                i = facts.index[move.subsystem]
                moves[i] = known.move(record, run.moves.get(str(move.subsystem)))
    names = [
        f"{check.function or f'team.{_only(facts, check.core)}'}@{current}"
        for check in facts.checks
    ]
    checks = [known.check(name) for name in names]
    number = {str(facts.handlers[who]): place for place, who in enumerate(people_by_id(facts))}
    state = live(
        minute,
        moves,
        checks,
        waves,
        stopped=run.state is RunState.ABORTING or _stopped(run, plan),
        ticks=[tick for f, name in enumerate(names) for tick in known.ticks(f, name, number)],
        given=known.given(number, names),
    )
    return Middle(now, minute, run.seq, state, tuple(over), tuple(returned), known.notes())


def _only(facts: Facts, core: Iterable[int]) -> str:
    (only,) = core
    return str(facts.ids[only])


def _stopped(run: Run, plan: Plan) -> bool:
    """Nothing more begins where the policy holds after a wave that is back for good."""
    if plan.policy.after_unwind != "hold":
        return False
    most = plan.policy.waves_per_attempt_max
    return any(
        record.state is WaveState.RETURNED and record.attempt >= most
        for record in run.waves.values()
    )


@dataclass(slots=True)
class _Known:
    """What the journal says, in minutes."""

    run: Run
    plan: Plan
    dial: Dial
    now: float

    def minute(self, moment: datetime | None) -> float:
        return NEVER if moment is None else self.dial.minutes(moment)

    # --- waves ------------------------------------------------------------------------------

    def over(self, wave: WaveRecord) -> bool:
        return wave.state in _DONE | _GIVEN_UP or (
            wave.state is WaveState.RETURNED
            and wave.attempt >= self.plan.policy.waves_per_attempt_max
        )

    def wave(self, wave: WaveRecord) -> RealWave:
        back = wave.state is WaveState.RETURNED
        # The journal's record begins anew with an attempt: when the one before it was back is not
        # later than its gate was opened for the next.
        earlier = wave.attempt - 1
        since = self.minute(wave.opened_at) if earlier else NEVER
        return RealWave(
            gate=self.minute(wave.decided_at) if wave.went and not back else NEVER,
            tries=earlier + (1 if back else 0),
            unwind_at=self._unwind_at(wave),
            back_at=self.minute(wave.ended_at)
            if back
            else min(since, self.now)
            if earlier
            else NEVER,
            not_before=self._not_before(wave),
        )

    def _unwind_at(self, wave: WaveRecord) -> float:
        if wave.state in _BACK or (self.run.state is RunState.ABORTING and wave.went):
            return self.now
        if wave.state is not WaveState.HELD:
            return NEVER
        announced = [self.minute(hold.unwind_at) for hold in wave.holds]
        return max(self.now, min(announced, default=NEVER))

    def _not_before(self, wave: WaveRecord) -> float:
        held = wave.state is WaveState.HELD and self._unwind_at(wave) == NEVER
        if held or self.run.state is RunState.PAUSED:
            return self.now + HOLD_MINUTES
        return -NEVER

    # --- moves ------------------------------------------------------------------------------

    def move(self, wave: WaveRecord, record: MoveRecord | None) -> RealMove:
        if self.over(wave) and wave.state not in _DONE:
            return RealMove(fate=RETURNED)
        if record is None or record.returned or wave.state is WaveState.RETURNED:
            return RealMove()
        recipe = self.plan.recipes[self.run.itinerary.legs[record.id].recipe]
        real = self._times(record, recipe)
        if wave.verified or wave.state in _DONE:
            # Of a wave that is verified every move has come so far, whatever was skipped.
            done = min(self.now, real.verified)
            return replace(real, verified=done, started=min(real.started, done), fate=MOVED)
        return real

    def _times(self, record: MoveRecord, recipe: Recipe) -> RealMove:
        parts = _parts(recipe, self.plan)
        acts = record.steps
        copy = parts["copy"]
        return RealMove(
            preparing=self._begun(acts, parts["prepare"]),
            prepared=self._done(acts, parts["prepare"]),
            copying=self._begun(acts, copy),
            copied=self._done(acts, copy) if copy else NEVER,
            started=self._begun(acts, parts["seated"]),
            opened=self._done(acts, parts["opening"]),
            led=self._done(acts, parts["lead"]),
            cutting=self._begun(acts, parts["cut"]),
            ready=self._begun(acts, (StepKind.SWITCH.value,)),
            switched=self.minute(record.switched_at),
            freed=self._done(acts, parts["tail"]),
            verified=self._verified(record),
            ended=self._done(acts, (StepKind.ACCEPT.value,)),
            committed=self._begun(acts, (StepKind.FINALISE.value, StepKind.RETIRE.value)),
        )

    def _begun(self, acts: Mapping[str, ActRecord], names: Sequence[str]) -> float:
        """When the first of these was started: of one that was tried again, in its last try."""
        return min(
            (self.minute(acts[name].started) for name in names if name in acts), default=NEVER
        )

    def _done(self, acts: Mapping[str, ActRecord], names: Sequence[str]) -> float:
        """When the last of these was over; endless while one is not."""
        there = [acts[name] for name in names if name in acts]
        if not there or any(act.state not in COMPLETE for act in there):
            return NEVER
        # What was skipped has no end of its own, and was over when somebody said so.
        ends = [self.minute(act.ended or act.started) for act in there]
        return max((end for end in ends if end < NEVER), default=self.now)

    def _verified(self, record: MoveRecord) -> float:
        """When the last check of which it is a core part was passed; endless while one is not."""
        mine = [
            check.id for check in self.run.checks_of.get(record.wave, ()) if record.id in check.core
        ]
        passed = [self.check(name).passed for name in mine]
        return max(passed, default=NEVER)

    # --- checks -----------------------------------------------------------------------------

    def check(self, name: str) -> RealCheck:
        record = self.run.checks.get(name)
        if record is None or record.state is CheckState.VOID:
            return RealCheck()
        return RealCheck(
            opened=self.minute(record.opened),
            begun=self.minute(record.assigned_at) if record.person or record.ticks else NEVER,
            passed=self._passed(record),
        )

    def ticks(self, check: int, name: str, number: Mapping[str, int]) -> list[RealTick]:
        """Who has a check and who had it; of who has ticked it is not kept since when."""
        record = self.run.checks.get(name)
        if record is None or record.state in (CheckState.VOID, CheckState.PASSED):
            return []
        ticked = ((person, self.minute(at)) for person, at in record.ticked_at.items())
        found = [RealTick(check, number[who], t, t) for who, t in ticked if who in number]
        if record.person in number and record.person not in record.ticked_at:
            since = self.minute(record.assigned_at)
            found.append(RealTick(check, number[record.person], since))
        return found

    def given(self, number: Mapping[str, int], apart: Sequence[str]) -> list[int]:
        """By person: how many checks each was given beside those that are told one by one."""
        found = [0] * len(number)
        for name, record in self.run.checks.items():
            if name in apart and record.state not in (CheckState.VOID, CheckState.PASSED):
                continue
            for person in {*record.ticks, record.person} & number.keys():
                found[number[person]] += 1
        return found

    def _passed(self, record: CheckRecord) -> float:
        if record.state is not CheckState.PASSED:
            return NEVER
        # Two people may have overridden it, without a tick.
        last = max(record.ticked_at.values(), default=None)
        return self.now if last is None else self.minute(last)

    # --- what was chosen ----------------------------------------------------------------------

    def notes(self) -> tuple[str, ...]:
        found = []
        waves = self.run.waves.values()
        if self.run.state is RunState.PAUSED or any(
            self._not_before(wave) > self.now for wave in waves
        ):
            found.append(
                f"a hold that no clock ends is taken to last {HOLD_MINUTES:g} minutes more"
            )
        if any(w.state is WaveState.RETURNED and not self.over(w) for w in waves):
            found.append("a wave that was taken back is taken to be tried again at once")
        if any(w.state in _GIVEN_UP for w in waves):
            found.append("a wave that was declined or blocked is taken to stay where it is")
        return tuple(found)


def _parts(recipe: Recipe, plan: Plan) -> dict[str, tuple[str, ...]]:
    """The steps of each part of a move, as `planner/rows.py` parts them."""
    found: dict[str, list[str]] = {
        part: [] for part in ("prepare", "copy", "opening", "lead", "cut", "tail", "seated")
    }
    ahead = plan.policy.ahead_of_gate
    copied = all(step.kind is not StepKind.COPY for step in recipe.steps)
    cut = switched = False
    for step in recipe.steps:
        if step.kind not in ahead:
            found["seated"].append(step.key)
        if step.kind is StepKind.COPY:
            found["copy"].append(step.key)
            copied = True
            continue
        if step.kind in ahead:
            found["prepare"].append(step.key)
            continue
        cut = cut or _begins_cut(step)
        part = "tail" if switched else "cut" if cut else "lead" if copied else "opening"
        found[part].append(step.key)
        switched = switched or step.kind is StepKind.SWITCH
        if step.kind is StepKind.PROBE_LINKS:
            break
    return {part: tuple(names) for part, names in found.items()}


def _begins_cut(step: RecipeStep) -> bool:
    return step.kind in (StepKind.QUIESCE, StepKind.SWITCH)
