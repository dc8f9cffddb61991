"""How a run is played well, and how everything that went wrong in it is mended.

Used by the machine and by tests of the player: one round of everything going well; then, at the
end of a play, rounds in which people retry, release, answer and unwind until the run is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from migrator.engine.run import Hold, WaveRecord
from migrator.engine.states import ActState, CheckState, RunState, WaveState
from simulation.player import Player

ROUNDS_MAX: Final = 600
"""A run of five moves needs about a hundred rounds; three attempts, each mended, some more."""

LEAD: Final = "anna"
KEPT: Final = frozenset({WaveState.ACCEPTED, WaveState.COMMITTING, WaveState.COMMITTED})


def step_well(player: Player) -> bool:
    """One round in which all goes well; False when nothing more will happen by itself."""
    if player.doubts:
        for key in sorted(player.doubts):
            player.settle_doubt(key)
        return True
    if _people_answer(player):
        return True
    for key in sorted(player.hands):
        return _done_by_hand(player, key)
    if player.tasks:
        player.pass_time(1)
        for key in sorted(player.tasks):
            if key in player.tasks:
                player.end(key)
        return True
    return player.wake()


def _people_answer(player: Player) -> bool:
    run = player.run
    if run.state is RunState.RUNNING:
        for wave in run.waves.values():
            if wave.state is WaveState.DECIDING:
                said = player.say("go", wave.id, LEAD)
                if len(said) > 1:
                    return True
    for check in run.checks.values():
        open_one = check.state is CheckState.ASSIGNED and check.person not in check.ticks
        if open_one and check.attempt == run.waves[check.wave].attempt:
            player.say("tick", check.id, check.person, verdict="works")
            return True
    return False


def _done_by_hand(player: Player, key: tuple[str, str]) -> bool:
    """Somebody who may does a task and says so."""
    may = player.witness.declared.may_tick
    person = next(str(who) for who in player.run.itinerary.members if may(*key, str(who)))
    player.pass_time(1)
    if key in player.hands:
        player.say("tick", "/".join(key), person, verdict="works")
    return True


def failed_acts(player: Player) -> list[str]:
    """Every act that a human may say something about."""
    return [
        f"{move.id}/{act.name}"
        for move in player.run.moves.values()
        for act in (*move.steps.values(), *move.undos.values())
        if act.state in {ActState.FAILED, ActState.UNKNOWN}
    ]


def mend(player: Player) -> None:
    """Mend everything that people can mend, and let time pass, until the run is over."""
    tried: Counter[str] = Counter()
    for _ in range(ROUNDS_MAX):
        if player.run.state is RunState.ENDED:
            return
        if not _mended(player, tried) and not step_well(player):
            return


def _mended(player: Player, tried: Counter[str]) -> bool:
    """Do one thing about what stands still; False when there is nothing to be done."""
    run = player.run
    for known in run.unsettled.values():
        player.say("close", known.id, LEAD, cause="found")
        return True
    if run.state is RunState.PAUSED:
        player.say("resume", "run", LEAD)
        return True
    for wave in run.waves.values():
        if wave.state is WaveState.HELD and _let_go(player, wave, wave.holds[0], tried):
            return True
        if wave.state is WaveState.STUCK:
            tried[wave.stuck_on] += 1
            player.say("retry", wave.stuck_on, LEAD)
            return tried[wave.stuck_on] < 5
        if wave.state is WaveState.COMMITTING:
            for act in failed_acts(player):
                if run.moves[act.partition("/")[0]].wave == wave.id and tried[act] < 5:
                    tried[act] += 1
                    player.say("retry", act, LEAD)
                    return True
    return False


def _let_go(player: Player, wave: WaveRecord, hold: Hold, tried: Counter[str]) -> bool:
    """Mend what holds a wave; what was mended twice and holds it again is taken back."""
    key = f"{wave.id}/{wave.attempt}/{hold.subject}"
    tried[key] += 1
    if tried[key] > 12:
        return False
    if tried[key] > 2:
        player.say("unwind", wave.id, LEAD)
        return tried[key] < 5  # while a copy is under way it is refused, and time must pass
    if hold.subject in player.run.checks:
        known = player.run.checks[hold.subject]
        naysayers = [who for who, said in known.ticks.items() if said == "does_not_work"]
        for person in naysayers:
            player.say("withdraw", hold.subject, person)
        if not naysayers:
            player.say("release", wave.id, LEAD)
    elif "/" in hold.subject and tuple(hold.subject.split("/")) in player.hands:
        move, _, act = hold.subject.partition("/")
        return _done_by_hand(player, (move, act))
    elif "/" in hold.subject:
        player.say("retry", hold.subject, LEAD)
    else:
        player.say("release", wave.id, LEAD)
    return True


def adrift(player: Player) -> Iterator[str]:
    """What is on no side after everything was mended, and a run that does not end."""
    run = player.run
    if run.state is not RunState.ENDED:
        held = {name: wave.state.value for name, wave in run.waves.items()}
        yield f"all was mended, and the run does not end: {run.state.value}, {held}"
    for name, move in run.moves.items():
        whole, seen = player.world.whole(name), player.witness.moves[name]
        if seen.given_up:
            continue
        kept = run.waves[move.wave].state in KEPT and not move.returned
        if whole != ("new" if kept else "old"):
            state = run.waves[move.wave].state.value
            yield f"{name} is whole on the side {whole!r}, its wave is {state}"
        if player.world.subsystems[name].retired and not kept:
            yield f"{name} was retired and is not kept"
