"""The table of commands: name, where its function lives, one line of help, and its place in the day.

`lazy.py` reads it to build the command line, the tests read it to compare it with the README.
To add a command: write a function with typer's annotations in a file beside this one, and one line here.
A line whose module does not exist yet is left out of the help, so parts can be built in any order.
Nothing here may import a command's module: that is what keeps `--help` quick.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Heading(Enum):
    """The day's order: what is done first stands first in the help."""

    PREPARE = "Prepare"
    PLAN = "Plan"
    REHEARSE = "Rehearse"
    RUN = "Run"
    DECIDE = "Decide and verify"
    AFTER = "After"


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `target` is `module:name` inside this package.

    The name is a function with typer's annotations, or a `typer.Typer` that has sub-commands.
    """

    name: str
    target: str
    summary: str
    heading: Heading

    @property
    def module(self) -> str:
        """The full name of the module that holds the command."""
        return f"migrator.cli.{self.target.partition(':')[0]}"

    @property
    def attribute(self) -> str:
        """The name of the function or sub-command table in that module."""
        return self.target.partition(":")[2]


COMMANDS: Final = (
    Command("sample", "sample:command", "Generate a believable estate to practise on.", Heading.PREPARE),
    Command("import", "imports:app", "Turn Kubernetes or Compose files into an inventory.", Heading.PREPARE),
    Command("check", "check:command", "Check an inventory and name every fault at once.", Heading.PREPARE),
    Command("schema", "schema:command", "Write JSON Schemas, so that editors help with the files.", Heading.PREPARE),
    Command("graph", "graph:command", "Show what depends on what, which cycles there are, and why.", Heading.PREPARE),
    Command("plan", "plan:command", "Make a plan: waves, moves, steps, gates.", Heading.PLAN),
    Command("lint", "lint:command", "Check a hand-edited plan against its inventory.", Heading.PLAN),
    Command("diff", "diff:command", "Say in words what changed between two plans, and what it costs.", Heading.PLAN),
    Command("explain", "explain:command", "Explain why a subsystem moves when it does.", Heading.PLAN),
    Command("brief", "brief:command", "Print one page for the person who decides.", Heading.PLAN),
    Command("approve", "approve:command", "Write an approval of a plan, for the merge request.", Heading.PLAN),
    Command("demo", "demo:command", "Rehearse the sample weekend, faults included, and report it.", Heading.REHEARSE),
    Command("rehearse", "rehearse:command", "Play a whole weekend on a virtual clock.", Heading.REHEARSE),
    Command("dry-run", "dry_run:command", "Exercise every step and every unwind, for CI.", Heading.REHEARSE),
    Command("print", "print:command", "Print the paper runbook, for the hour without migrator.", Heading.REHEARSE),
    Command("run", "run:command", "Carry out a plan.", Heading.RUN),
    Command("status", "status:command", "Say where a run stands and what it waits for.", Heading.RUN),
    Command("watch", "watch:command", "Follow a run on a live screen.", Heading.RUN),
    Command("pause", "verbs:pause", "Start nothing new in a run.", Heading.RUN),
    Command("resume", "verbs:resume", "Let a paused run go on.", Heading.RUN),
    Command("hold", "verbs:hold", "Stop one wave where it stands.", Heading.RUN),
    Command("release", "verbs:release", "Let a held wave go on.", Heading.RUN),
    Command("retry", "verbs:retry", "Try a failed step again.", Heading.RUN),
    Command("skip", "verbs:skip", "Leave a failed step out, with a reason.", Heading.RUN),
    Command("force-done", "verbs:force_done", "Declare a failed step done, with a reason.", Heading.RUN),
    Command("abandon", "verbs:abandon", "Give up a step that cannot be undone, with a reason.", Heading.RUN),
    Command("unwind", "verbs:unwind", "Undo a step, a move, a wave, or all that is not committed.", Heading.RUN),
    Command("abort", "verbs:abort", "End a run: nothing new starts, and its waves are unwound.", Heading.RUN),
    Command("go", "verbs:go", "Open a gate.", Heading.DECIDE),
    Command("no-go", "verbs:no_go", "Close a gate: its wave does not start.", Heading.DECIDE),
    Command("postpone", "verbs:postpone", "Move a gate's deadline.", Heading.DECIDE),
    Command("tick", "verbs:tick", "Give a case handler's verdict on a check.", Heading.DECIDE),
    Command("withdraw", "verbs:withdraw", "Take back a verdict given in error.", Heading.DECIDE),
    Command("veto", "verbs:veto", "Stop an unwind that is announced and not begun.", Heading.DECIDE),
    Command("override", "verbs:override", "Two named people decide against the policy.", Heading.DECIDE),
    Command("commit", "verbs:commit", "Make an accepted wave final: from then on no unwinding.", Heading.DECIDE),
    Command("decide", "decide:command", "Show what the engine wants next in a run, and why.", Heading.DECIDE),
    Command("codes", "codes:command", "Write single-use codes for the people who decide.", Heading.DECIDE),
    Command("report", "report:command", "Write the report of a run, as one page.", Heading.AFTER),
    Command("journal", "journal:command", "Print a run's facts in order, and check their chain.", Heading.AFTER),
    Command("doctor", "doctor:command", "Check this machine for what migrator needs.", Heading.AFTER),
    Command("version", "version:command", "Print the version.", Heading.AFTER),
)  # fmt: skip


def available() -> tuple[Command, ...]:
    """The commands whose modules exist; finding out imports none of them."""
    return tuple(c for c in COMMANDS if importlib.util.find_spec(c.module) is not None)
