"""A world of small files, moved by real programs: what a live run by command is tested on.

Each subsystem has a folder with two sides; a side that may let work take effect has a file
`authority`. Every act of the recipes is one call of the script below, which notes its token in
`effects`, refuses to take effect twice for one token, and refuses to make both sides live. It is a
test's world, and says so; the guard, the programs and their deaths are real.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.policy import ENGINE_STEPS
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.run import Run
from migrator.plan.means import Command, InDoubt, Means, Wait
from migrator.plan.model import Act, Itinerary, Reaction, Recipe, Trouble
from migrator.plan.recipes import RECIPES
from migrator.store.pinned_files import SCRIPT, FileToPin, file_to_pin, with_files
from migrator.store.sql_journal import SqlJournal

SCRIPT_NAME: Final = "act.sh"
SCRIPT_TEXT: Final = r"""#!/bin/sh
# $1 subsystem, $2 act, $3 what to do: act, observe or prove. WORLD is the world's folder.
set -eu
place="$WORLD/$1"
mkdir -p "$place"
if [ "$3" = observe ]; then
  grep -qxF "$MIGRATOR_TOKEN $1/$2" "$WORLD/effects" 2>/dev/null && exit 0
  exit 3
fi
if [ "$3" = prove ]; then
  if [ -e "$WORLD/lossy" ]; then
    printf '{"complete": false, "on_target": 5, "returned": 2, "lost": ["3 rows of %s"]}' "$1"
  else
    echo '{"complete": true, "on_target": 5, "returned": 5, "lost": []}'
  fi
  exit 0
fi
echo "migrator: progress 50 % $2 of $1"
if [ -e "$WORLD/fail-$1-$2" ]; then echo "told to fail: $2 of $1"; exit 1; fi
if [ -e "$WORLD/slow-$2" ]; then sleep "$(cat "$WORLD/slow-$2")"; fi
# The target honours the token: the same act again finds it done.
grep -qxF "$MIGRATOR_TOKEN $1/$2" "$WORLD/effects" 2>/dev/null && exit 0
case "$2" in
  fence | switch-stateless) rm -f "$place/old" ;;
  fence-target) rm -f "$place/new" ;;
esac
case "$2" in
  grant | switch-stateless)
    if [ -e "$place/old" ]; then echo "both sides would be live"; exit 9; fi
    touch "$place/new" ;;
  grant-source)
    if [ -e "$place/new" ]; then echo "both sides would be live"; exit 9; fi
    touch "$place/old" ;;
  switch-back-stateless) rm -f "$place/new"; touch "$place/old" ;;
esac
echo "$MIGRATOR_TOKEN $1/$2" >>"$WORLD/effects"
echo "did $2 of $1"
"""


def by_command(world: Path, **changes: object) -> tuple[Itinerary, tuple[FileToPin, ...]]:
    """An itinerary whose every act is a command on the world, and the files to pin with it."""
    plan = world.parent / "plan"
    plan.mkdir(exist_ok=True)
    script = plan / SCRIPT_NAME
    script.write_text(SCRIPT_TEXT, "utf-8")
    script.chmod(0o755)
    at_once = {
        trouble: Reaction(Act.UNWIND)
        for trouble in (Trouble.STEP_FAILED, Trouble.TIMED_OUT, Trouble.REFUSED)
    }
    at_once[Trouble.UNDO_FAILED] = Reaction(Act.HOLD)
    once = {"waves_per_attempt_max": 1}  # a second attempt would wait an hour for somebody
    itinerary = an_itinerary(
        **{"waves": ("a", "b"), "stateless": "b", "on": at_once, "policy": once, **changes}  # type: ignore[arg-type]  # a test's own data
    )
    recipes = {name: declared(recipe, world) for name, recipe in RECIPES.items()}
    files = (file_to_pin(SCRIPT + SCRIPT_NAME, script),)
    for move in itinerary.legs:
        place = world / move
        place.mkdir(parents=True, exist_ok=True)
        (place / "old").touch()
    return with_files(replace(itinerary, recipes=recipes), files), files


def declared(recipe: Recipe, world: Path) -> Recipe:
    """The recipe with a command for every act that a platform would perform."""

    def means(key: str) -> Means | None:
        if key in ENGINE_STEPS:
            return None
        if key == "soak":
            return Means(InDoubt.REPEAT, wait=Wait(minutes=0.0))
        moves_authority = not recipe.stateful and key in {"switch", "switch-back"}
        name = f"{key}-stateless" if moves_authority else key

        def command(what: str) -> Command:
            return Command(
                argv=(f"./{SCRIPT_NAME}", "{subsystem}", name, what),
                files=(SCRIPT_NAME,),
                environment={"WORLD": str(world)},
            )

        proof = command("prove") if key == "bring-back" else None
        return Means(
            InDoubt.OBSERVE, command=command("act"), observe=command("observe"), proof=proof
        )

    return Recipe(
        recipe.name,
        tuple(replace(step, means=means(step.key)) for step in recipe.steps),
        tuple(replace(undo, means=means(undo.key)) for undo in recipe.unwind),
        tuple(replace(step, means=means(step.key)) for step in recipe.commit),
    )


def live_sides(world: Path) -> Mapping[str, str]:
    """Which side of each subsystem may let work take effect: old, new, none or both."""
    sides = {}
    for place in sorted(world.iterdir()):
        if place.is_dir():
            old, new = (place / "old").exists(), (place / "new").exists()
            sides[place.name] = (
                "both" if old and new else "old" if old else "new" if new else "none"
            )
    return sides


def effects(world: Path) -> tuple[str, ...]:
    """What took effect, in its order: `token move/act` each."""
    path = world / "effects"
    return tuple(path.read_text("utf-8").splitlines()) if path.exists() else ()


class Willing:
    """Onlooker that answers like willing people: go, `verdict` on checks, and commit."""

    def __init__(self, journal: SqlJournal, verdict: str = "works") -> None:
        """Answer by commands on the run's desk, as another process would."""
        self._journal = journal
        self._verdict = verdict
        self.lines: list[Line] = []

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        """Answer what is asked."""
        self.lines += lines
        for line in lines:
            if isinstance(line.event, ev.GateOpened):
                self._say("go", line.event.wave, "anna", line.seq)
            elif isinstance(line.event, ev.CheckAssigned):
                self._say("tick", line.event.check, line.event.person, line.seq)
            elif isinstance(line.event, ev.WaveAccepted):
                self._say("commit", line.event.wave, "anna", line.seq)

    def on_beat(self, run: Run, now: object) -> None:
        """Nothing to show."""

    def on_leaving(self, why: object) -> None:
        """Nothing to say."""

    def _say(self, verb: str, target: str, who: str, seq: int) -> None:
        details = (("verdict", self._verdict),) if verb == "tick" else ()
        self._journal.submit(
            OperatorCommand(f"{verb}-{target}-{seq}", verb, who, True, target, "", seq, details)
        )
