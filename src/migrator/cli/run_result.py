"""How a led run ended: on the screen, as JSON, and as an exit code.

Used by `run`. It reads what the loop gave back and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.app import INTERRUPTED
from migrator.cli.runs import mode_words
from migrator.cli.sentences import OUTCOME_WORDS, printable
from migrator.cli.status import wave_facts, waves_table

if TYPE_CHECKING:
    from migrator.wiring import Practice, Practised
    from migrator.wiring.live import Live

HELD: Final = 3
ENDS: Final = {"completed": 0, "with_exceptions": 0, "returned": 1, "stuck": HELD}
FAULTY: Final = 1


def exit_code(done: Practised) -> int:
    """The exit code of the command: see `run --help`."""
    from migrator.conductor.attending import Leaving

    if done.run.state.value == "ended":
        broken = done.ledger is not None and done.ledger.violations
        return max(ENDS[done.run.outcome], FAULTY if broken else 0)
    return HELD if done.leaving is Leaving.HELD else INTERRUPTED


def show(name: str, done: Practised, mode: str) -> None:
    """Show the waves, the exceptions and, after a practice, the simulated world's ledger."""
    run = done.run
    ended = run.state.value == "ended"
    output.show(f"{mode} {name}: {OUTCOME_WORDS[run.outcome] if ended else 'left, not ended'}")
    output.show(waves_table(run))
    for each in run.exceptions:
        output.show(printable(f"exception: {each}"))
    if done.ledger is not None:
        world = done.ledger
        output.show(
            f"the simulated world: {world.rows_lost} rows lost, {world.effects_doubled} effects "
            f"doubled, both sides live for {world.both_live_seconds:.0f} s"
        )
        for broken in world.violations:
            output.show(output.colour(f"BROKEN: {broken}", "red"))
    output.show(f"line {run.seq}, head {done.head}")
    if ended:
        output.say(f"next: migrator report {name} -o report.html")
    else:
        output.say(f"go on: migrator run --continue {name}; see: migrator decide {name}")


def facts(name: str, done: Practised, mode: str) -> dict[str, object]:
    """The result for programs."""
    run, ledger = done.run, done.ledger
    return {
        "run": name,
        "mode": mode,
        "ended": run.state.value == "ended",
        "outcome": run.outcome or None,
        "left": done.leaving,
        "waves": [
            {
                **wave_facts(run, wave),
                "outcome": wave.state,
                "attempts": wave.attempt,
            }
            for wave in run.waves.values()
        ],
        "moved": sum(side.value == "new" for side in run.authority.values()),
        "returned": sum(move.returned for move in run.moves.values()),
        "both_live_seconds": ledger.both_live_seconds if ledger else None,
        "rows_lost": ledger.rows_lost if ledger else None,
        "effects_doubled": ledger.effects_doubled if ledger else None,
        "violations": ledger.violations if ledger else [],
        "exceptions": run.exceptions,
        "events": run.seq,
        "journal_hash": done.head,
    }


def mode_of(led: Practice | Live) -> str:
    """PRACTICE or LIVE, as every screen begins."""
    started = led.run.started
    assert started is not None, "a run that is led has its first line"
    return mode_words(practice=started.practice, target=started.target)
