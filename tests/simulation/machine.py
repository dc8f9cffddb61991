"""The engine, played through all its verbs at any moment, beside a small world and a witness.

Hypothesis chooses: acts end well, badly, half-way or unheard, the process dies, time passes, and
people say whatever they like, in time, too late, twice, with or without the right to. After each
choice every promise is asked for (`simulation/player.py`). At the end everything is mended: each
move must then be whole on one side, or the run says that it is stuck.

Run by `tests/properties/test_engine_machine.py`; `machine_of_means.py` adds to it what persons,
clocks and programs do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from math import ceil
from typing import Any, Final, TypeVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from itineraries import HANDLERS, a_check, an_itinerary
from migrator.engine.commands import VERBS
from migrator.engine.ports import OperatorCommand
from migrator.engine.states import CheckState, WaveState
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from simulation.player import Player
from simulation.playing_well import adrift, failed_acts, mend, step_well

CODES: Final = {"bo": "digest-of-bo", "lena": "digest-of-lena"}
PEOPLE: Final = ("anna", "bo", "dora", "lena", *HANDLERS, "mallory", "")
pick = st.integers(0, 11)
people = st.sampled_from(PEOPLE)
beginnings = st.sampled_from([0, 0, 3, 8, 20, 35, 60, 90])
verdicts = st.sampled_from(["works", "works", "works_but", "does_not_work", "cannot_judge"])
anything = st.sampled_from(["", "w1", "w9", "a", "a/copy", "b/switch", "f1@w1", "run", "ä/ö"])
seconds = st.sampled_from([{}, {}, *({"second": who, "code_digest": CODES.get(who, "x")}
                                     for who in ("bo", "lena", "anna", "mallory")),
                           {"second": "bo", "code_digest": "x"}])  # fmt: skip
makers = st.sampled_from(("anna", "anna", "bo", "dora", "lena"))


CLOCK: Final = Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, retries=1)
REACTIONS: Final = {
    "clock": CLOCK,
    "clock for the move": Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, scope="move"),
    "at once": Reaction(Act.UNWIND),
    "a human": Reaction(Act.HOLD),
}
LOOKS_BACK: Final = frozenset({"probe-links", "soak"})
"""Looks at links after the switch: what they find regressed can be waived."""
PLANS: Final = {
    "waves": st.sampled_from([("a", "bc"), ("ab", "c"), ("ab", "cd"), ("a", "bc", "de")]),
    "before": st.sampled_from(["", "ac", "bc", "ab"]),
    "stateless": st.sampled_from(["b", "c", ""]),
    "links": st.sampled_from([(), ("ab", "bc:2")]),
    "quorum": st.sampled_from([1, 1, 2]),
    "reaction": st.sampled_from(list(REACTIONS)),
    "next_when": st.sampled_from(["verified", "accepted"]),
    "after_unwind": st.sampled_from(["continue", "continue", "hold"]),
    "gate_default": st.sampled_from(["no-go", "wait"]),
}


def a_plan(
    *, waves: tuple[str, ...], before: str, stateless: str, links: tuple[str, ...], quorum: int,
    reaction: str, next_when: str, after_unwind: str, gate_default: str,
    make: Callable[..., Itinerary] = an_itinerary,
) -> Itinerary:  # fmt: skip
    """Three to five moves in two or three waves."""
    checks = tuple(a_check(f"f{n}", n, moves, quorum=quorum) for n, moves in enumerate(waves, 1))
    said = REACTIONS[reaction]
    policy = {"next_wave_when": next_when, "after_unwind": after_unwind}
    return make(
        waves=waves,
        links=links,
        before=(before,) if before else (),
        stateless=stateless,
        batch="d",
        checks=checks,
        policy={**policy, "gate_default": gate_default},
        on={Trouble.STEP_FAILED: said, Trouble.TIMED_OUT: said, Trouble.REFUSED: said},
    )


class EngineMachine(RuleBasedStateMachine):
    """Everything that can happen to a run, in any order."""

    player: Player

    @initialize(
        plan=st.fixed_dictionaries(PLANS), rounds=st.sampled_from([0, 0, 3, 8, 20, 35, 60, 90])
    )
    def begin(self, plan: dict[str, Any], rounds: int) -> None:
        self.play(a_plan(**plan), rounds)

    def play(self, itinerary: Itinerary, rounds: int) -> None:
        """Begin a run, and let it go well for some rounds."""
        self.player = Player(itinerary, dict(CODES))
        self.late: list[OperatorCommand] = []
        for _ in range(rounds):
            step_well(self.player)

    # --- what happens ---------------------------------------------------------------------------

    @rule(rounds=st.sampled_from([1, 2, 5, 12]))
    def goes_well(self, rounds: int) -> None:
        for _ in range(rounds):
            step_well(self.player)

    @precondition(lambda self: self.player.tasks)
    @rule(at=pick, how=st.sampled_from(["done", "done", "failed", "failed", "half", "late"]))
    def an_act_ends(self, at: int, how: str) -> None:
        self.player.end(one(sorted(self.player.tasks), at), how)

    @precondition(lambda self: self.player.tasks)
    @rule(at=pick)
    def an_act_fails_and_fails_again(self, at: int) -> None:
        key = one(sorted(self.player.tasks), at)
        for _ in range(6):
            if key in self.player.tasks:
                self.player.end(key, "failed")
            elif not self.player.wake():
                break

    @precondition(lambda self: self.player.tasks)
    @rule(at=pick, heard=st.booleans())
    def an_act_hangs_until_its_limit(self, at: int, heard: bool) -> None:
        key = one(sorted(self.player.tasks), at)
        if heard:
            self.player.effect(key)
        # Somebody may have given it more time: a hang lasts until the limit that holds now.
        limit = self.player.run.in_flight[key].limit_at
        left = 0.0 if limit is None else (limit - self.player.now).total_seconds() / 60
        self.player.pass_time(max(121, ceil(left) + 1))

    @rule(minutes=st.sampled_from([1, 3, 15, 16, 31, 61, 200]))
    def time_passes(self, minutes: int) -> None:
        self.player.pass_time(minutes)

    @rule()
    def the_engine_is_woken(self) -> None:
        self.player.wake()

    @rule(fates=st.lists(st.sampled_from(["none", "whole", "half"]), min_size=6, max_size=6))
    def the_process_dies(self, fates: list[str]) -> None:
        self.player.die(fates)

    @precondition(lambda self: self.player.doubts)
    @rule(at=pick, tells=st.sampled_from([True, True, False]))
    def the_world_answers(self, at: int, tells: bool) -> None:
        self.player.settle_doubt(one(sorted(self.player.doubts), at), tells=tells)

    # --- what people say ------------------------------------------------------------------------

    @rule(verb=st.sampled_from(["go", "go", "no-go", "postpone"]), at=pick, by=makers,
          minutes=st.sampled_from([-5, 30, 600, 6000]))  # fmt: skip
    def a_gate_is_answered(self, verb: str, at: int, by: str, minutes: int) -> None:
        until = (self.player.now + timedelta(minutes=minutes)).isoformat()
        target = self.wave_in(at, WaveState.DECIDING)
        self.player.say(verb, target, by, until=until)

    @rule(verb=st.sampled_from(["pause", "resume", "resume"]), by=people)
    def the_run_is_steered(self, verb: str, by: str) -> None:
        self.player.say(verb, "run", by)

    @rule(chance=pick, by=makers)
    def the_run_is_aborted_sometimes(self, chance: int, by: str) -> None:
        if chance == 0:
            self.player.say("abort", "run", by)

    @rule(at=pick, by=people, verb=st.sampled_from(["hold", "release", "veto"]))
    def a_wave_is_held_or_let_go(self, at: int, by: str, verb: str) -> None:
        wanted = WaveState.MOVING if verb == "hold" else WaveState.HELD
        self.player.say(verb, self.wave_in(at, wanted), by)

    @rule(at=pick, what=st.sampled_from(["wave", "wave", "move", "step", "everything"]), by=people)
    def an_unwind_is_asked_for(self, at: int, what: str, by: str) -> None:
        moves = list(self.player.run.moves)
        targets = {
            "wave": one(list(self.player.run.waves), at),
            "move": one(moves, at),
            "step": f"{one(moves, at)}/copy",
            "everything": "everything",
        }
        self.player.say("unwind", targets[what], by)

    @rule(at=pick, by=makers)
    def a_wave_is_signed(self, at: int, by: str) -> None:
        self.player.say("commit", self.wave_in(at, WaveState.ACCEPTED), by)

    @rule(at=pick, by=st.sampled_from((*HANDLERS, "", "anna")), verdict=verdicts)
    def a_check_is_ticked(self, at: int, by: str, verdict: str) -> None:
        check = self.check_in(at)
        known = self.player.run.checks.get(check)
        given = by or (known.person if known else "hanna")
        self.player.say("tick", check, given, verdict=verdict)

    @rule(at=pick, by=st.sampled_from((*HANDLERS, "")))
    def a_tick_is_taken_back(self, at: int, by: str) -> None:
        check = self.check_in(at)
        known = self.player.run.checks.get(check)
        said = next(iter(known.ticks), "hanna") if known else "hanna"
        self.player.say("withdraw", check, by or said)

    @rule(at=pick, verb=st.sampled_from(["claim", "hand-over", "arrive", "leave"]),
          by=st.sampled_from((*HANDLERS, "lena")), to=st.sampled_from(("", *HANDLERS)))  # fmt: skip
    def a_check_goes_to_another(self, at: int, verb: str, by: str, to: str) -> None:
        target = "run" if verb in {"arrive", "leave"} else self.check_in(at)
        self.player.say(verb, target, by, to=to)

    @precondition(lambda self: self.player.run.defects)
    @rule(at=pick, by=makers)
    def a_defect_is_taken_for_a_refusal(self, at: int, by: str) -> None:
        self.player.say("raise", one(sorted(self.player.run.defects), at), by)

    @rule(at=pick, verb=st.sampled_from(["retry", "skip", "force-done", "abandon"]), by=people,
          reason=st.sampled_from(["by hand", "by hand", ""]))  # fmt: skip
    def an_act_is_decided_on(self, at: int, verb: str, by: str, reason: str) -> None:
        failed = failed_acts(self.player)
        target = one(failed, at) if failed else f"{one(list(self.player.run.moves), at)}/copy"
        self.player.say(verb, target, by, reason=reason)

    @rule(at=pick, by=people)
    def a_wave_is_tried_again(self, at: int, by: str) -> None:
        self.player.say("retry", self.wave_in(at, WaveState.RETURNED), by)

    @rule(at=pick, by=people, second=seconds, user=st.sampled_from(["u1", "u2"]))
    def a_trouble_is_answered_for(
        self, at: int, by: str, second: dict[str, str], user: str
    ) -> None:
        run = self.player.run
        held = [hold.subject for wave in run.waves.values() for hold in wave.holds]
        held += [wave.stuck_on for wave in run.waves.values() if wave.stuck_on]
        self.player.say("override", one(held or ["f1@w1"], at), by, os_user=user, **second)

    @rule(at=pick, by=people, what=st.sampled_from(["gate", "check", "act", "act", "hold"]),
          minutes=st.sampled_from(["5", "45", "600", "9000", "-3"]))  # fmt: skip
    def more_time_is_asked_for(self, at: int, by: str, what: str, minutes: str) -> None:
        run = self.player.run
        acts = [f"{move}/{act}" for move, act in run.in_flight]
        held = [hold.subject for wave in run.waves.values() for hold in wave.holds]
        targets = {
            "gate": self.wave_in(at, WaveState.DECIDING),
            "check": self.check_in(at),
            "act": one(acts or ["a/copy"], at),
            "hold": one(held or ["w1"], at),
        }
        self.player.say("extend", targets[what], by, minutes=minutes)

    @rule(at=pick, by=st.sampled_from((*PEOPLE[:4], "hanna")))
    def a_link_is_waived(self, at: int, by: str) -> None:
        run = self.player.run
        held = [hold.subject for wave in run.waves.values() for hold in wave.holds]
        move = one(held or ["a/soak"], at).partition("/")[0]
        self.player.say("waive", f"l-{move}", by)

    @precondition(lambda self: any(act in LOOKS_BACK for _, act in self.player.tasks))
    @rule(at=pick, by=makers)
    def links_regress_and_are_let_be(self, at: int, by: str) -> None:
        key = one(sorted(key for key in self.player.tasks if key[1] in LOOKS_BACK), at)
        for _ in range(6):
            if key in self.player.tasks:
                self.player.end(key, "failed")
            elif held(self.player, key[0]) or not self.player.wake():
                break  # its clock runs; whoever waives comes before it ends
        self.player.say("waive", f"l-{key[0]}", by)

    @rule(at=pick, by=people, minutes=st.sampled_from([-5, 30, 6000]), text=anything)
    def words_are_put_on_record(self, at: int, by: str, minutes: int, text: str) -> None:
        until = (self.player.now + timedelta(minutes=minutes)).isoformat()
        self.player.say("sign", "no full unwind after", by, until=until)
        before = self.player.run.waves
        self.player.say("record", one([*before, "run", "a/copy", "zz"], at), by, text=text)

    @rule(verb=st.sampled_from(["disturb", "disturb", "staff", "log", "close", "close"]), at=pick,
          by=people, about=anything, cause=st.sampled_from(["a bug", "a bug", ""]))  # fmt: skip
    def a_disturbance_is_dealt_with(
        self, verb: str, at: int, by: str, about: str, cause: str
    ) -> None:
        given = {"disturb": {}, "log": {"note": "seen"}, "close": {"cause": cause}}
        words = given.get(verb, {"members": cause and "dora", "room": f"R{at}"})
        target = about if verb == "disturb" else one([*self.player.run.disturbances, "D9"], at)
        self.player.say(verb, target, by, **words)

    @rule(verb=st.sampled_from([*sorted(VERBS), "go!"]), by=people, about=anything)
    def nonsense_is_asked_for(self, verb: str, by: str, about: str) -> None:
        self.player.say(verb, about, by)

    @precondition(lambda self: self.player.given)
    @rule(at=pick)
    def a_command_comes_twice(self, at: int) -> None:
        self.player.give(one(self.player.given, at))

    @rule(verb=st.sampled_from(sorted(VERBS)), at=pick, by=makers)
    def a_command_is_written_and_not_sent(self, verb: str, at: int, by: str) -> None:
        target = one([*self.player.run.waves, *failed_acts(self.player), self.check_in(at)], at)
        self.late.append(self.player.word(verb, target, by, verdict="works"))

    @precondition(lambda self: self.late)
    @rule(at=pick)
    def a_command_comes_late(self, at: int) -> None:
        self.player.give(self.late.pop(at % len(self.late)))

    # --- where things are -----------------------------------------------------------------------

    def wave_in(self, at: int, state: WaveState) -> str:
        """A wave in this state, or, one time in four and where there is none, any wave."""
        fitting = [wave.id for wave in self.player.run.waves.values() if wave.state is state]
        return one(fitting if fitting and at % 4 else list(self.player.run.waves), at)

    def check_in(self, at: int) -> str:
        """A check that is open; any check where none is."""
        open_ones = [
            check.id
            for check in self.player.run.checks.values()
            if check.state in {CheckState.OPEN, CheckState.ASSIGNED}
        ]
        return one(open_ones or [check.id for check in self.player.run.itinerary.checks], at)

    @invariant()
    def every_promise_is_kept(self) -> None:
        if hasattr(self, "player"):
            wrong = self.player.wrong()
            assert wrong == []

    def teardown(self) -> None:
        if not hasattr(self, "player"):
            return
        mend(self.player)
        wrong = [*self.player.wrong(), *adrift(self.player)]
        note(f"{len(self.player.history)} facts, the run is {self.player.run.state.value}")
        assert wrong == []


def held(player: Player, move: str) -> bool:
    return player.run.waves[player.run.moves[move].wave].state is WaveState.HELD


Thing = TypeVar("Thing")


def one(of: Sequence[Thing], at: int) -> Thing:
    """One of them; the same number picks the same one."""
    return of[at % len(of)]
