"""The table of commands: name, where its function lives, one line of help, its place in the day.

`lazy.py` reads it to build the command line, the tests read it to compare it with the README.
To add a command: write a function with typer's annotations in a file beside this one, and one line
here. A line whose module does not exist is left out of the help.
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


_TABLE: Final = {
    Heading.PREPARE: (
        ("sample", "sample:command", "Generate a believable estate to practise on."),
        ("import", "imports:app", "Turn other systems' files and exports into an inventory."),
        ("check", "check:command", "Check an inventory and name every fault at once."),
        ("rights", "rights:command", "Print the rights that migrator needs on a cluster."),
        ("schema", "schema:command", "Write JSON Schemas, so that editors help with the files."),
        ("graph", "graph:command", "Show what depends on what, which cycles there are, and why."),
    ),
    Heading.PLAN: (
        ("plan", "plan:command", "Make a plan: waves, moves, steps, gates."),
        ("lint", "lint:command", "Check a hand-edited plan against its inventory."),
        ("diff", "diff:command", "Say in words what changed between two plans, and what it costs."),
        ("explain", "explain:command", "Explain why a subsystem moves when it does."),
        ("forecast", "forecast:command", "Say whether a weekend fits, rollback included."),
        ("learn", "learn:command", "Learn from finished runs how long things take."),
        ("brief", "brief:command", "Print one page for the person who decides."),
        ("approve", "approve:command", "Write an approval of a plan, for the merge request."),
    ),
    Heading.REHEARSE: (
        ("demo", "demo:command", "Rehearse the sample weekend, faults included, and report it."),
        ("rehearse", "rehearse:command", "Play a whole weekend on a virtual clock."),
        ("dry-run", "dry_run:command", "Exercise every step and every unwind, for CI."),
        ("print", "print:command", "Print the paper runbook, for the hour without migrator."),
    ),
    Heading.RUN: (
        ("run", "run:command", "Carry out a plan."),
        ("call", "call:command", "Check a notices file, and try its channels out."),
        ("service", "service:command", "Print a systemd unit that carries a plan out."),
        ("status", "status:command", "Say where a run stands and what it waits for."),
        ("since", "since:command", "Brief the next shift: what happened since, what comes next."),
        ("handover", "handover:command", "Write the shift handover note, on one page."),
        ("watch", "watch:command", "Follow a run on a live screen."),
        ("serve", "serve:command", "Serve a run's pages to handlers and the operations room."),
        ("invite", "invite:command", "Invite people to a run's pages, by link and code."),
        ("token", "tokens:command", "Make a token with which a program uses a run's API."),
        ("access", "access:command", "Say who is signed in to a run, and what its pages refused."),
        ("notices", "notices:notices", "List who was called for what, and who has it in hand."),
        ("ack", "notices:ack", "Say that you have a call in hand."),
        ("baseline", "baseline:command", "Look at links before a move, to compare with later."),
        ("probe", "probe:command", "Look at links now, and say what is worse than before."),
        ("links", "links:command", "Say which links are proved, which are not, and why."),
        ("drift", "drift:command", "Name what somebody else changed in applied objects."),
        ("said", "said:command", "Print what the program of an act said, all of it."),
        ("pause", "verbs:pause", "Start nothing new in a run."),
        ("resume", "verbs:resume", "Let a paused run go on."),
        ("hold", "verbs:hold", "Stop one wave where it stands."),
        ("release", "verbs:release", "Let a held wave go on."),
        ("retry", "verbs:retry", "Try a failed step again."),
        ("skip", "verbs:skip", "Leave a failed step out, with a reason."),
        ("force-done", "verbs:force_done", "Declare a failed step done, with a reason."),
        ("abandon", "verbs:abandon", "Give up a step that cannot be undone, with a reason."),
        ("record", "saying:record", "Write down what was done by hand."),
        ("amend", "amend:command", "Give a failed or held step another file, with a reason."),
        ("unwind", "unwind:command", "Undo a step, a move, a wave, or all that is not committed."),
        ("replan", "replan:command", "Plan anew what has not started, and let the run follow it."),
        ("abort", "verbs:abort", "End a run: nothing new starts, and its waves are unwound."),
    ),
    Heading.DECIDE: (
        ("go", "verbs:go", "Open a gate."),
        ("no-go", "verbs:no_go", "Close a gate: its wave does not start."),
        ("postpone", "verbs:postpone", "Move a gate's deadline."),
        ("tick", "verbs:tick", "Give a case handler's verdict on a check."),
        ("withdraw", "verbs:withdraw", "Take back a verdict given in error."),
        ("claim", "handing:claim", "Take an open check yourself."),
        ("hand-over", "handing:hand_over", "Give a check to another person, with a reason."),
        ("raise", "handing:raise_defect", "Take a defect that was noted for a refusal."),
        ("arrive", "handing:arrive", "Say that you are there: checks may be given to you."),
        ("leave", "handing:leave", "Say that you are gone; your check is given to another."),
        ("gate", "gate:command", "Show what a gate's decider must see, and decide on it."),
        ("extend", "saying:extend", "Give a gate, a check, a task or an act more time."),
        ("sign", "saying:sign", "State a limit, such as the last hour of a full unwind."),
        ("waive", "saying:waive", "Let a regressed link of a held wave be, with a reason."),
        ("veto", "verbs:veto", "Stop an unwind that is announced and not begun."),
        ("override", "verbs:override", "Two named people decide against the policy."),
        ("commit", "verbs:commit", "Make an accepted wave final: from then on no unwinding."),
        ("disturb", "disturb:disturb", "Open a disturbance: yellow, with an owner and a clock."),
        ("staff", "disturb:staff", "Say whose a disturbance is, and who works on it."),
        ("log", "disturb:log", "Write into the log of a disturbance."),
        ("close", "disturb:close", "Close a disturbance, with its cause and a note."),
        ("disturbances", "disturb:disturbances", "List disturbances, and how all stands."),
        ("decide", "decide:command", "Show what the engine wants next in a run, and why."),
        ("codes", "codes:command", "Write single-use codes for the people who decide."),
    ),
    Heading.AFTER: (
        ("report", "report:command", "Write the report of a run, as one page."),
        ("draw", "draw:command", "Draw a plan or a run: waves, turn-back, exposure, graph."),
        ("evidence", "evidence:command", "Hand out what was kept before a wave was taken back."),
        ("erase", "erase:command", "Erase a note or a picture that came with a verdict."),
        ("journal", "journal:app", "Print a run's facts in order, and check their chain."),
        ("backup", "backup:command", "Copy a store while its runs go on, and prove the copy."),
        ("doctor", "doctor:command", "Check this machine for what migrator needs."),
        ("version", "version:command", "Print the version."),
    ),
}

COMMANDS: Final = tuple(
    Command(name, target, summary, heading)
    for heading, rows in _TABLE.items()
    for name, target, summary in rows
)


def available() -> tuple[Command, ...]:
    """The commands whose modules exist; finding out imports none of them."""
    return tuple(c for c in COMMANDS if importlib.util.find_spec(c.module) is not None)
