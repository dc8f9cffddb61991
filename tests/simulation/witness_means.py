"""The witness's part about who performs an act, and about what a run works with.

A person's task ends by the tick of somebody who may, once; a wait ends at its hour; what nobody
knows the end of is treated as declared; other bytes and another plan need two people, and touch
only what they may. Used by `witness.py`; nothing is taken from the engine's state here either.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import singledispatchmethod
from typing import Final

from migrator.engine import events as ev
from migrator.plan.means import SCRIPT
from migrator.plan.model import Itinerary
from simulation.small_world import SmallWorld
from simulation.witness_acts import ActsWitness, MoveSeen, WaveSeen

Key = tuple[str, str]
TICKS: Final = {"works": "done", "works_but": "done", "does_not_work": "failed"}


class MeansWitness(ActsWitness):
    """What is known of tasks, waits, doubts, amended files and plans made anew."""

    def __init__(self, itinerary: Itinerary, world: SmallWorld, codes: dict[str, str]) -> None:
        """Know the plan, the world and who holds which code."""
        super().__init__(itinerary, world)
        self.codes = codes
        self.spent: set[str] = set()
        self.limits: dict[Key, datetime] = {}  # of tasks and waits under way
        self.ticking: tuple[Key, str] | None = None
        self.doubted: set[Key] = set()
        self.told_again: set[str] = set()  # tokens that may take effect again: somebody said so
        self.asked: dict[tuple[str, ...], dict[str, str]] = {}  # what -> person -> account
        self.amended: dict[Key, dict[str, str]] = {}
        self.wanted: dict[str, Itinerary] = {}  # plans that somebody has made, by digest
        self.followed = 0
        self.red_at: dict[str, datetime] = {}  # disturbances: the hour that was said last
        self.red: set[str] = set()

    # --- tasks of persons -----------------------------------------------------------------------

    def open_task(self, target: str) -> Key | None:
        """The person's task of that name that waits for its tick."""
        move, _, act = target.partition("/")
        there = move in self.moves and self.moves[move].acts.get(act) == ""
        return (move, act) if there and self.declared.by_hand(move, act) else None

    def _tick_counts(self) -> tuple[Key, str] | None:
        """What the command that is being answered must bring about, if it is such a tick."""
        command = self.commanding
        if command is None or command.verb != "tick" or self.ended:
            return None
        key, outcome = self.open_task(command.target), TICKS.get(command.detail("verdict"))
        may = key is not None and self.declared.may_tick(*key, command.actor)
        return (key, outcome) if key is not None and may and outcome is not None else None

    @singledispatchmethod
    def read_means(self, event: ev.Event) -> None:
        """Most facts are about something else."""

    @read_means.register
    def _(self, event: ev.CommandTaken) -> None:
        move, _, act = event.target.partition("/")
        if event.verb == "tick" and self.declared.by_hand(move, act):
            self.ticking = self._tick_counts()
            self.must(self.ticking is not None, f"a tick was taken that does not count: {event}")

    @read_means.register
    def _(self, event: ev.CommandRefused) -> None:
        self.must(self._tick_counts() is None, f"a tick that counts was refused: {event}")

    @read_means.register
    def _(self, event: ev.StepEnded) -> None:
        self._over((event.move, event.step), event.outcome, event)

    @read_means.register
    def _(self, event: ev.UndoEnded) -> None:
        self._over((event.move, event.undo), event.outcome, event)

    def _over(self, key: Key, outcome: str, event: ev.StepEnded | ev.UndoEnded) -> None:
        if outcome != "done":  # the platform says that it did not take effect: once more may be
            self.told_again.add(self._token(key))
        limit = self.limits.pop(key, None)
        if limit is None:
            return
        leaving = self.moves[key[0]].unwinding
        if self.declared.by_clock(*key):
            cut = outcome == "failed" and leaving and isinstance(event, ev.StepEnded)
            self.must(cut or outcome == "done", f"a wait is only over, or cut short: {event}")
            self.must(cut or self.now >= limit, f"over before {limit}: {event}")
        elif self.ticking is not None:
            self.must(self.ticking == (key, outcome), f"ticked was {self.ticking}: {event}")
            self.ticking = None
        elif outcome == "timed_out":
            late = self.now >= limit
            gone = isinstance(event, ev.UndoEnded) or self.aborting or self._clock_is_over(key[0])
            self.must(late and gone, f"nobody ticked it, and it had time: {event}")
        else:
            cut = outcome == "failed" and leaving and not self.declared.changes(*key)
            self.must(cut, f"nobody ticked it: {event}")

    def _clock_is_over(self, move: str) -> bool:
        holds = self.waves[self.moves[move].wave].holds.values()
        return any(at is not None and at <= self.now for _, at in holds)

    def _token(self, key: Key) -> str:
        if key[0] not in self.moves:
            self.wrong(f"{'/'.join(key)} is of no plan that is followed")
            return ""
        attempt = self.waves[self.moves[key[0]].wave].attempt
        return next((t for t, of in self.tokens.items() if of == (*key, attempt)), "")

    # --- waits, limits and doubts ---------------------------------------------------------------

    @read_means.register
    def _(self, event: ev.StepStarted) -> None:
        self._began_by((event.move, event.step), event.limit_at, event)

    @read_means.register
    def _(self, event: ev.UndoStarted) -> None:
        self._began_by((event.move, event.undo), event.limit_at, event)

    def _began_by(self, key: Key, limit: datetime, event: ev.Event) -> None:
        how = self.moves[key[0]].acts.get(key[1])
        self.must(how != "unknown", f"done again, and nobody knows whether it was done: {event}")
        self.doubted.discard(key)
        if self.declared.by_hand(*key) or self.declared.by_clock(*key):
            due = self.declared.over_at(*key, self.now)
            self.must(limit == due, f"its hour is {due}: {event}")
            self.limits[key] = due

    @read_means.register
    def _(self, event: ev.DeadlineExtended) -> None:
        move, _, act = event.subject.partition("/")
        if (move, act) in self.limits:
            self.must(not self.declared.by_clock(move, act), f"the plan's hour: {event}")
            self.limits[move, act] = event.until

    @read_means.register
    def _(self, event: ev.WaveHeld) -> None:
        move, _, act = event.subject.partition("/")
        if event.trouble == "unanswered" and (move, act) in self.limits:
            self.must(self.now >= self.limits[move, act], f"it has its time still: {event}")

    @read_means.register
    def _(self, event: ev.HoldReleased) -> None:
        holds = self.waves[event.wave].holds
        for subject, (trouble, _) in holds.items():
            move, _, act = subject.partition("/")
            if trouble == "unanswered" and (move, act) in self.limits:
                again = timedelta(minutes=self.declared.patience)
                self.limits[move, act] = self.now + again  # whoever releases it gives it time

    @read_means.register
    def _(self, event: ev.StepDoubted) -> None:
        self._doubted((event.move, event.step), event)

    @read_means.register
    def _(self, event: ev.UndoDoubted) -> None:
        self._doubted((event.move, event.undo), event)

    def _doubted(self, key: Key, event: ev.Event) -> None:
        self.must(key not in self.limits, f"no platform performs it, so nobody doubts it: {event}")
        self.doubted.add(key)

    @read_means.register
    def _(self, event: ev.StepSettled) -> None:
        self._settled((event.move, event.step), event.outcome, event)

    @read_means.register
    def _(self, event: ev.UndoSettled) -> None:
        self._settled((event.move, event.undo), event.outcome, event)

    def _settled(self, key: Key, outcome: str, event: ev.Event) -> None:
        there = "done" if self._token(key) in self.world.effects else "not_done"
        said = {
            "repeat": {"not_done"},
            "observe": {there, "unknown"},
            "ask": {"unknown"},
        }[self.declared.doubt(*key)]
        self.must(key in self.doubted, f"nobody doubted it: {event}")
        self.must(outcome in said, f"declared is {self.declared.doubt(*key)}: {event}")

    @read_means.register
    def _(self, event: ev.StepResolved) -> None:
        self.told_again.add(self._token((event.move, event.step)))

    @read_means.register
    def _(self, event: ev.UndoResolved) -> None:
        self.told_again.add(self._token((event.move, event.undo)))

    # --- what needs two people ------------------------------------------------------------------

    @read_means.register
    def _(self, event: ev.SecondAsked) -> None:
        command = self.commanding
        asks = command is not None and (command.verb, command.actor) == (event.verb, event.by)
        self.must(asks, f"nobody asked for it: {event}")
        if command is not None:
            self.asked.setdefault(self._content(), {})[event.by] = command.detail("os_user")

    @read_means.register
    def _(self, event: ev.CodeSpent) -> None:
        self.must(event.digest not in self.spent, f"a code was spent twice: {event}")
        self.spent.add(event.digest)

    def _content(self) -> tuple[str, ...]:
        """What the command that is being answered is about, as whoever gives it has seen it."""
        assert self.commanding is not None, "facts about a command"
        command, left_out = self.commanding, {"second", "code_digest", "os_user"}
        if command.verb == "amend":
            left_out.add("was")  # only what will be used counts
        words = (f"{key}={word}" for key, word in command.details if key not in left_out)
        return (command.verb, command.target, *words)

    def _two(self, verb: str, by: str, second: str, event: ev.Event) -> None:
        members = self.itinerary.members
        known = by != second and {by, second} <= members.keys()
        self.must(known and self.said(verb) == by, f"not two people: {event}")
        command = self.commanding
        if command is None or command.verb != verb:
            return
        if command.detail("second"):
            proved = self.codes.get(second) == command.detail("code_digest") in self.spent
            self.must(proved and command.detail("second") == second, f"whose code? {event}")
        else:
            user = self.asked.get(self._content(), {}).get(second)
            other = user is not None and user != command.detail("os_user")
            self.must(other, f"{second} has not asked for this, from another account: {event}")

    @read_means.register
    def _(self, event: ev.StepAmended) -> None:
        self._two("amend", event.by, event.second, event)
        key, command = (event.move, event.step), self.commanding
        meant = command is not None and command.target == f"{event.move}/{event.step}"
        self.must(meant and event.file in self.declared.files(*key), f"not what was asked: {event}")
        how = self.moves[event.move].acts.get(event.step)
        wave = self.waves[self.moves[event.move].wave]
        stands = bool(wave.holds) or self.paused or wave.phase in {"declined", "returned"}
        stands = stands or wave.phase in {"blocked", "unwinding"}  # a stuck one among them
        open_one = how in {"failed", "timed_out", "unknown"} or (how is None and stands)
        self.must(open_one or (how == "not_done" and stands), f"it is {how!r}: {event}")
        used = self.bytes_of(key)[event.file]
        self.must(event.was == used != event.now, f"in use is {used}: {event}")
        self.amended.setdefault(key, {})[event.file] = event.now

    def bytes_of(self, key: Key) -> dict[str, str]:
        """The digests that the next try of an act uses, by file."""
        pinned = self.itinerary.files
        mine = self.amended.get(key, {})
        return {
            name: mine.get(name, pinned.get(SCRIPT + name, ""))
            for name in self.declared.files(*key)
        }

    # --- a plan made anew -----------------------------------------------------------------------

    def not_started(self, wave: str) -> bool:
        """Nobody has decided on its first attempt, and nothing holds it."""
        seen = self.waves[wave]
        return seen.phase in {"planned", "deciding"} and seen.attempt == 1 and not seen.holds

    @read_means.register
    def _(self, event: ev.Replanned) -> None:
        self._two("replan", event.by, event.second, event)
        self.must(self.decides(event.by) and not self.aborting, f"no right to it: {event}")
        new, old = self.wanted.get(event.plan_digest), self.itinerary
        if new is None:
            self.wrong(f"nobody has made this plan: {event}")
            return
        begun = [str(wave.id) for wave in old.waves if not self.not_started(wave.id)]
        ahead = [str(wave.id) for wave in new.waves][: len(begun)]
        self.must(ahead == begun, f"begun are {begun}, the new plan has {ahead} there")
        for wave in old.waves:
            if wave.id in begun:
                self.must(_same(old, new, wave.id), f"{wave.id} was begun and is another one now")
        for name, seen in self.moves.items():
            if seen.acts:
                kept = {str(move): leg for move, leg in new.legs.items()}.get(name)
                before = next(leg for move, leg in old.legs.items() if move == name)
                self.must(kept == before, f"{name} was begun and is planned otherwise: {event}")
        self._follow(old, new, begun)

    def _follow(self, old: Itinerary, new: Itinerary, begun: list[str]) -> None:
        """From here on the new plan counts; what stands as it stood keeps what was read of it."""
        kept = set(begun)
        rest = (str(wave.id) for wave in old.waves if wave.id not in begun)
        for was, wave in zip(rest, new.waves[len(begun) :], strict=False):
            if was != wave.id or not _same(old, new, was):
                break
            kept.add(was)
        self.waves = {
            str(wave.id): self.waves[wave.id] if wave.id in kept else WaveSeen()
            for wave in new.waves
        }
        before = self.moves
        self.moves = {
            name: before[name] if name in before and before[name].acts else MoveSeen(leg.wave)
            for name, leg in ((str(move), leg) for move, leg in new.legs.items())
        }
        self.world.admit(new)
        self.follow(new)
        self.followed += 1

    # --- what must hold at every moment ---------------------------------------------------------

    def late_or_doubled(self) -> list[str]:
        """Waits that should be over, and acts that took effect twice without anybody's word."""
        return [
            *(
                f"{move}/{act} should have been over at {due}"
                for (move, act), due in self.limits.items()
                if due <= self.now and self.declared.by_clock(move, act)
            ),
            *(
                f"{self.world.effects[token]} took effect {times} times"
                for token, times in self.world.times.items()
                if times > 1 and token not in self.told_again and self._once(token)
            ),
        ]

    def _once(self, token: str) -> bool:
        move, act, _ = self.tokens[token]
        return self.declared.doubt(move, act) != "repeat"


def _same(old: Itinerary, new: Itinerary, wave: str) -> bool:
    """Tell whether both plans say the same of a wave: its moves, their plans and its checks."""
    parts = []
    for plan in (old, new):
        mine = [each for each in plan.waves if each.id == wave]
        legs = [plan.legs[move] for each in mine for move in each.moves]
        checks = sorted((c for c in plan.checks if c.wave == wave), key=lambda c: c.id)
        parts.append((mine, legs, checks))
    return parts[0] == parts[1] and bool(parts[0][0])
