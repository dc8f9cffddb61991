"""The machine's part about programs, persons and clocks, amended files and plans made anew.

Everything that can happen in `machine.py` happens here too, to recipes whose acts are declared:
tasks of persons, waits, programs that are repeated, looked after or asked about when their end is
lost. What is right is judged by the witness (`witness_means.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from by_hand import a_task, an_undo, carried_out, clock, hand, recipe
from itineraries import after
from migrator.engine.replanning import Replan
from migrator.ids import TeamId
from migrator.plan.means import SCRIPT, Command, InDoubt, Means
from migrator.plan.model import Itinerary, Recipe
from simulation.machine import (
    PEOPLE,
    PLANS,
    EngineMachine,
    a_plan,
    beginnings,
    makers,
    one,
    people,
    pick,
    seconds,
)
from simulation.playing_well import failed_acts, step_well

PINNED: Final = {f"{SCRIPT}do.sh": "a" * 64, f"{SCRIPT}both.sh": "b" * 64}
BYTES: Final = ("c" * 64, "d" * 64, "a" * 64)
FILES: Final = ("do.sh", "do.sh", "both.sh", "look.sh", "no.sh")
TEAM: Final = frozenset({"dora", "hugo"})
LETTERS: Final = "abcdefgh"
KEYS: Final = {
    "anna's": hand("anna"), "bo's and lena's": hand("bo", "lena"), "the team's": hand(),
}  # fmt: skip
CLOCKS: Final = {
    "ten minutes": clock(10), "two hours": clock(120),
    "an hour of the plan": clock(until=after(90)),
    "an hour that has passed": clock(until=after(-1)),
}  # fmt: skip
BY_HAND: Final = {
    "the tasks": (),
    "the cut": ("quiesce", "fence"),
    "the new side": ("start", "grant", "switch"),
    "the way back": ("fence-target", "start-source", "switch-back"),
}
MEANS: Final = {
    "in_doubt": st.sampled_from(list(InDoubt)),
    "by_hand": st.sampled_from(list(BY_HAND)),
    "key": st.sampled_from(list(KEYS)),
    "wait": st.sampled_from(list(CLOCKS)),
}


def a_program(in_doubt: InDoubt) -> Means:
    """A program with two files; what looks after it has one of its own, and one of them."""
    looks = Command(("look",), files=("look.sh", "both.sh"))
    observe = looks if in_doubt is InDoubt.OBSERVE else None
    return Means(in_doubt, Command(("do",), files=("do.sh", "both.sh")), observe=observe)


def a_recipe(name: str, in_doubt: InDoubt, by_hand: str, key: str, wait: str) -> Recipe:
    """A shipped recipe with a task, two waits and a look by hand, and others for some acts."""
    program = a_program(in_doubt)
    acts = ("prepare", "copy", "start", "switch", "discard-copy", "stop-target", "finalise")
    means = dict.fromkeys(acts, program) | dict.fromkeys(BY_HAND[by_hand], KEYS[key])
    tasks = (
        ("start", a_task("pause", CLOCKS[wait])),
        ("switch" if name == "stateless" else "quiesce", a_task("key", KEYS[key], "turn-back")),
        ("probe-links", a_task("call", program, "call-back")),
        ("verify", a_task("tell", KEYS[key], looks=True)),
    )
    undos = (an_undo("call-back", program), an_undo("turn-back", KEYS[key]))
    return recipe(name, means={**means, "soak": CLOCKS[wait]}, tasks=tasks, undos=undos)


def by_means(drawn: Mapping[str, Any]) -> Itinerary:
    """The plan of the other machine, carried out by programs, persons and clocks."""
    means = {word: drawn[word] for word in MEANS}
    plan = {word: drawn[word] for word in PLANS}
    recipes = [a_recipe(name, **means) for name in ("stateful", "stateless", "batch")]
    made = a_plan(**plan, make=partial(carried_out, *recipes))
    members = {
        who: replace(member, team=TeamId("blue")) if who in TEAM else member
        for who, member in made.members.items()
    }
    return replace(
        made,
        members=members,
        files=PINNED,
        names={letter: letter.upper() for letter in LETTERS},
        plan_digest="/".join(plan["waves"]).encode().hex(),
    )


class MeansMachine(EngineMachine):
    """Everything that can happen to such a run, in any order."""

    @initialize(
        plan=st.fixed_dictionaries(PLANS), means=st.fixed_dictionaries(MEANS), rounds=beginnings
    )
    def begin(self, plan: dict[str, Any], means: dict[str, Any], rounds: int) -> None:
        self.drawn = {**plan, **means}
        self.play(by_means(self.drawn), rounds)

    # --- tasks and waits ------------------------------------------------------------------------

    @rule(at=pick, by=people, verdict=st.sampled_from(
        ["works", "works", "works_but", "does_not_work", "cannot_judge", ""]))  # fmt: skip
    def a_task_is_ticked(self, at: int, by: str, verdict: str) -> None:
        if self.goes_well_until(lambda: self.player.hands):
            self.player.say("tick", self.task(at), by, verdict=verdict)

    @rule(at=pick, verdict=st.sampled_from(["works", "does_not_work"]), by=people)
    def a_task_is_ticked_by_somebody_who_may_and_then_again(
        self, at: int, verdict: str, by: str
    ) -> None:
        if not self.goes_well_until(lambda: self.player.hands):
            return
        task = self.task(at)
        move, _, act = task.partition("/")
        may = [who for who in PEOPLE if self.player.witness.declared.may_tick(move, act, who)]
        self.player.say("tick", task, one(may, at), verdict=verdict)
        self.player.say("tick", task, by, verdict=verdict)

    @precondition(lambda self: self.player.hands)
    @rule(at=pick)
    def a_person_does_it_and_does_not_say_so(self, at: int) -> None:
        key = one(sorted(self.player.hands), at)
        if self.player.hands[key].token not in self.player.world.effects:
            self.player.effect(key)

    @rule(at=pick, there=st.booleans())
    def the_hour_of_a_wait_or_a_task_comes(self, at: int, there: bool) -> None:
        if not self.goes_well_until(lambda: self.player.witness.limits):
            return
        limits = self.player.witness.limits
        key = one(sorted(limits), at)
        due = limits[key]
        for moment in (due - timedelta(seconds=1), due):
            if there:
                self.player.pass_time(max(0.0, (moment - self.player.now).total_seconds() / 60))
            else:  # nobody leads the run, and somebody does again at that very moment
                self.player.die([], max(0.0, (moment - self.player.now).total_seconds() / 60))
            assert self.player.wrong() == []

    @rule(minutes=st.sampled_from([0, 9, 50, 130]),
          fates=st.lists(st.sampled_from(["none", "whole", "half"]), min_size=6, max_size=6)
    )  # fmt: skip
    def nobody_leads_the_run_for_a_while(self, minutes: int, fates: list[str]) -> None:
        self.player.die(fates, minutes)

    # --- what two people change -----------------------------------------------------------------

    @rule(at=pick, by=people, file=st.sampled_from(FILES), now=st.sampled_from(BYTES),
          second=seconds, user=st.sampled_from(["u1", "u2"]), stale=st.sampled_from([0, 0, 0, 1])
    )  # fmt: skip
    def a_file_is_amended(
        self, at: int, by: str, file: str, now: str, second: dict[str, str], user: str, stale: int
    ) -> None:
        target = self.amendable(at)
        move, _, act = target.partition("/")
        was = self.player.witness.bytes_of((move, act)).get(file, "") if not stale else "e" * 64
        words = {"file": file, "was": was, "now": now, "os_user": user, **second}
        self.player.say("amend", target, by, **words)

    @rule(at=pick, by=makers, other=makers, file=st.sampled_from(FILES[:4]),
          users=st.sampled_from([("u1", "u2"), ("u1", "u2"), ("u1", "u1")]),
          now=st.sampled_from(BYTES[:2]), then=st.sampled_from(["", "", "do.sh", "both.sh"])
    )  # fmt: skip
    def two_people_amend_a_file(
        self, at: int, by: str, other: str, file: str, users: tuple[str, str], now: str, then: str
    ) -> None:
        target = self.amendable(at)
        move, _, act = target.partition("/")
        told = [(by, users[0], file), (other, users[1], then or file)]
        if then:  # whoever is named second is joined as well: two files have other bytes
            told += [(by, users[0], then), (other, users[1], file)]
        for who, user, name in told:
            was = self.player.witness.bytes_of((move, act)).get(name, "")
            self.player.say("amend", target, who, file=name, was=was, now=now, os_user=user)
        self.player.say("retry", target, by)

    @rule(kept=st.sampled_from([0, 0, 1]), hostile=st.sampled_from([0, 0, 0, 1]),
          letters=st.permutations("cdefgh"), cuts=st.sampled_from([(), (1,), (2,), (1, 2)]),
          size=st.integers(0, 4), by=st.sampled_from(["anna", "anna", "anna", "bo", "lena"]),
          other=st.sampled_from(["bo", "bo", "anna", "dora", "hanna"]), rounds=beginnings,
          users=st.sampled_from([("u1", "u2"), ("u1", "u2"), ("u1", "u1")]))  # fmt: skip
    def the_rest_is_planned_anew(
        self, *, kept: int, hostile: int, letters: list[str], cuts: tuple[int, ...], size: int,
        by: str, other: str, rounds: int, users: tuple[str, str],
    ) -> None:  # fmt: skip
        first = max(0, self.begun() - hostile)
        stay = ["".join(wave.moves) for wave in self.player.run.itinerary.waves[: first + kept]]
        free = [each for each in letters if not any(each in wave for wave in stay)][:size]
        ends = [cut for cut in cuts if cut < len(free)]
        spans = zip([0, *ends], [*ends, len(free)], strict=True)
        waves = (*stay, *("".join(free[i:j]) for i, j in spans if j > i))
        if not waves:
            return
        new = by_means({**self.drawn, "waves": waves})
        self.player.witness.wanted[new.plan_digest] = new
        words = dict(self.made_anew(new, first).details())
        self.player.say("replan", "", by, **words, os_user=users[0])
        for _ in range(rounds // 20):  # meanwhile the run goes on
            step_well(self.player)
        self.player.say("replan", "", other, **words, os_user=users[1])

    def goes_well_until(self, holds: Callable[[], object]) -> bool:
        """Let a run go on to where a rule has something to do; False where it does not come."""
        for _ in range(20):
            if holds() or not step_well(self.player):
                break
        return bool(holds())

    # --- where things are -----------------------------------------------------------------------

    def task(self, at: int) -> str:
        """A task that a person is at."""
        return "/".join(one(sorted(self.player.hands), at))

    def amendable(self, at: int) -> str:
        """An act with files: mostly one that has failed, else one that is under way, or any."""
        declared = self.player.witness.declared
        every = [
            f"{move}/{act}"
            for move, record in self.player.run.moves.items()
            for act in (*record.steps, *record.undos)
            if declared.files(move, act)
        ]
        under_way = [act for act in map("/".join, sorted(self.player.tasks)) if act in every]
        failed = [act for act in failed_acts(self.player) if act in every]
        fitting = (every, under_way, failed, failed)[at % 4]
        return one(fitting or every, at * 5)

    def begun(self) -> int:
        """How many waves were decided on, or are held."""
        witness = self.player.witness
        return sum(not witness.not_started(wave) for wave in witness.waves)

    def made_anew(self, new: Itinerary, first: int) -> Replan:
        """A new plan from its first wave that may be another one, whether or not it may be."""
        old = self.player.run.itinerary
        waves, before = new.waves[first:], {wave.id for wave in old.waves[first:]}
        ours = {wave.id for wave in waves}
        moves = [move for wave in waves for move in wave.moves]
        there = {check.id for check in new.checks}
        return Replan(
            plan_digest=new.plan_digest,
            waves=waves,
            legs=tuple(new.legs[m] for m in moves if new.legs[m] != old.legs.get(m)),
            checks=tuple(c for c in new.checks if c.wave in ours and c not in old.checks),
            gone=tuple(c.id for c in old.checks if c.wave in before and c.id not in there),
            stays=new.stays,
            assumed=new.assumed,
        )
