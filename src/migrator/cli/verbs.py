"""The verbs by which people steer a run: one function for each, all of them made alike.

A verb about the run, a wave, a step or a check needs no more than its words here; those that take
something of their own (a time, a verdict, a second person) are written out. What then happens is
the same for all and stands in `steering.py`; `engine/commands.py` knows what a verb means.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from migrator.cli.hours import in_the_plans_zone
from migrator.cli.identity import AsOption
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, StoreOption, os_user
from migrator.cli.steering import Given, steer
from migrator.cli.verb_making import (
    WAIT_SECONDS,
    IdOption,
    ReasonOption,
    WaitOption,
    YesOption,
    about,
    about_a_step,
    about_a_wave,
    about_the_run,
)
from migrator.errors import InputError

WaveArgument = Annotated[str, typer.Argument(metavar="WAVE", help="The wave's id, such as w01.")]
CheckArgument = Annotated[
    str, typer.Argument(metavar="CHECK", help="The check's id, as decide shows it.")
]


class Verdict(Enum):
    """What a case handler may say of a check."""

    works = "works"
    works_but = "works_but"
    does_not_work = "does_not_work"
    cannot_judge = "cannot_judge"


class SideSeen(Enum):
    """What a check's mark on the screen told."""

    old = "old"
    new = "new"


pause = about_the_run(
    "pause",
    """Start nothing new in a run; what is under way ends.

    \b
    Examples:
      migrator pause latest --as anna --reason "fire alarm"
    """,
)
resume = about_the_run(
    "resume",
    """Let a paused run go on where it stands.

    \b
    Examples:
      migrator resume latest --as anna --reason "false alarm"
    """,
)
abort = about_the_run(
    "abort",
    """End a run: nothing new starts, and everything not committed goes back to the old side.

    \b
    Examples:
      migrator abort latest --as anna --reason "the partner's line is down for the night"

    Only a decision maker may. Committed waves stay.
    """,
)
go = about_a_wave(
    "go",
    """Open a gate: the wave's moves begin.

    \b
    Examples:
      migrator go latest w01 --as anna
      migrator go autumn-p1 w02 --as anna --reason "pilot is green, all teams are here"
      migrator go autumn-p1 w02 --as anna --format json | jq -r .answer
    """,
)
no_go = about_a_wave(
    "no-go",
    """Close a gate: its wave does not start, and waves that need it are blocked.

    \b
    Examples:
      migrator no-go latest w02 --as anna --reason "the partner is not ready"
    """,
)
hold = about_a_wave(
    "hold",
    """Stop one wave where it stands: nothing new starts in it, what is under way ends.

    \b
    Examples:
      migrator hold latest w02 --as bo --reason "odd figures in the ledger"
    """,
)
release = about_a_wave(
    "release",
    """Let a held wave go on.

    \b
    Examples:
      migrator release latest w02 --as bo --reason "the figures were right"

    A wave that is held for a failure is not released: retry or skip the step, override the
    evidence, or unwind the wave.
    """,
)
veto = about_a_wave(
    "veto",
    """Stop an unwind that is announced and not begun.

    \b
    Examples:
      migrator veto latest w02 --as bo --reason "we see the cause; ten minutes"

    One person stops its clock for 15 minutes; when a second one vetoes too, it stands for good.
    """,
)
commit = about_a_wave(
    "commit",
    """Make an accepted wave final: the old side is retired, from then on nothing takes it back.

    \b
    Examples:
      migrator commit latest w01 --as anna --reason "a quiet day and a quiet night"

    Only a decision maker may.
    """,
)
skip = about_a_step(
    "skip",
    """Leave a failed step out; it is listed as an exception.

    \b
    Examples:
      migrator skip latest payments/prepare --as bo --reason "prepared by hand yesterday"

    What keeps both sides from being live at once is never skipped, nor is evidence.
    """,
)
force_done = about_a_step(
    "force-done",
    """Declare a failed step done by hand; it is listed as an exception.

    \b
    Examples:
      migrator force-done latest payments/fence --as bo --reason "stopped in the machine room"
    """,
)
abandon = about_a_step(
    "abandon",
    """Give up an undo that cannot be done; it is listed as an exception.

    \b
    Examples:
      migrator abandon latest payments/discard-copy --as bo --reason "the disk is gone"
    """,
)
retry = about(
    "retry",
    "SUBSYSTEM/STEP|WAVE",
    "A failed step or undo, or a returned wave.",
    """Try a failed step again; or a returned wave, as its next attempt.

    \b
    Examples:
      migrator retry latest payments/start --as bo --reason "the quota was raised"
      migrator retry latest w02 --as anna --reason "cause found and mended"
    """,
)
withdraw = about(
    "withdraw",
    "CHECK",
    "The check's id, as decide shows it.",
    """Take back a verdict given in error.

    \b
    Examples:
      migrator withdraw latest pay-out@w02 --as karin --reason "I looked at the wrong case"
    """,
)


def postpone(
    run: RunArgument,
    wave: WaveArgument,
    *,
    until: Annotated[
        str,
        typer.Option(
            "--until", metavar="TIME", help="As the plan's clocks show it: 09:30, or with its date."
        ),
    ],
    person: AsOption = None,
    reason: ReasonOption = "",
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Move a gate's deadline.

    \b
    Examples:
      migrator postpone latest w02 --until 09:30 --as anna --reason "wait for the bank"
      migrator postpone latest w02 --until 2023-10-14T09:30+02:00 --as anna
    """
    details = (("until", in_the_plans_zone(until, run, store)),)
    return steer(
        Given("postpone", run, wave, store, form, person, reason, command_id, yes, wait, details)
    )


def tick(
    run: RunArgument,
    check: CheckArgument,
    verdict: Annotated[Verdict, typer.Argument(metavar="VERDICT", help="What you saw.")],
    *,
    person: AsOption = None,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="What you saw; kept apart, erasable.")
    ] = "",
    side: Annotated[
        SideSeen | None,
        typer.Option("--side", help="Which side the screen showed, where the check has a mark."),
    ] = None,
    reason: ReasonOption = "",
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Give a case handler's verdict on a check: works, works_but, does_not_work, cannot_judge.

    \b
    Examples:
      migrator tick latest pay-out@w02 works --as karin
      migrator tick latest pay-out@w02 does_not_work --as karin --note "the sum is missing"

    `does_not_work` holds the wave at once. `cannot_judge` gives the check to somebody else. What
    was seen on the old side (--side old) does not count: sign out there and in, and tick anew.
    A note never enters the journal: name no citizen in it all the same.
    """
    details = (("verdict", verdict.value), *((("side", side.value),) if side is not None else ()))
    return steer(
        Given("tick", run, check, store, form, person, reason, command_id, yes, wait, details, note)
    )


def override(
    run: RunArgument,
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="A check, or SUBSYSTEM/LOOK, as decide shows.")
    ],
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; it is listed in the report.")
    ],
    person: AsOption = None,
    second: Annotated[
        str | None, typer.Option("--second", metavar="NAME", help="The second person.")
    ] = None,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="CODE", help="That person's single-use code."),
    ] = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Two named people answer for a look that failed or a check that was refused.

    \b
    Examples:
      migrator override latest pay-out@w02 --as anna --second bo --code 7KQM-2XWD-RB9T \\
          --reason "the test case itself was wrong"
      migrator override latest payments/probe-links --as anna --reason "a known dead partner"

    Without --second it is asked for, and joined by another operating-system user with the same
    command. `migrator codes RUN` makes the codes.
    """
    from migrator.store.codes import code_digest

    if (second is None) != (code is None):
        raise InputError(
            "usage",
            "--second and --code go together",
            hint="give both, or neither and let the other person join from another account",
        )
    details = [("os_user", os_user())]
    if second is not None and code is not None:
        details += [("second", second), ("code_digest", code_digest(code))]
    return steer(
        Given(
            "override", run, subject, store, form, person, reason, command_id, yes, wait,
            tuple(details),
        )
    )  # fmt: skip
