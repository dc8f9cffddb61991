"""The verbs that take a person's own words or hours: extend, sign, waive, record.

Given to the run like all others (`steering.py`). What must never lie in a journal, or on a desk, is
refused here already, before anything is written.
"""

from __future__ import annotations

from typing import Annotated

import typer

from migrator.cli.hours import in_the_plans_zone, minutes_of
from migrator.cli.identity import AsOption
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, StoreOption
from migrator.cli.steering import Given, steer
from migrator.cli.verb_making import (
    WAIT_SECONDS,
    IdOption,
    ReasonOption,
    WaitOption,
    YesOption,
    about,
)
from migrator.errors import InputError

WhyOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is listed in the report.")
]

waive = about(
    "waive",
    "LINK",
    "The link's id, as the hold of its wave names it.",
    """Let a regressed link of a held wave be: a decision, never evidence.

    \b
    Examples:
      migrator waive latest l-00042 --as anna --reason "the partner is closed until Monday"
      migrator waive latest l-00042 --as anna --format json | jq -r '.follows[]'

    Only the wave's lead, its deciders or a decision maker may. It counts for the look that found
    it, and is listed as an exception. The wave goes on once every regressed link of that look is
    waived; the answer says how many are left. A look names five links at most: where more have
    stopped working, mend them, override the look with two people, or unwind.
    """,
)


def extend(
    run: RunArgument,
    subject: Annotated[
        str,
        typer.Argument(metavar="SUBJECT", help="A gate (its wave), a check, or SUBSYSTEM/STEP."),
    ],
    *,
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="By the plan's clocks: 09:30, or dated.")
    ] = "",
    by: Annotated[
        str, typer.Option("--by", metavar="DURATION", help="So much more: 15m, 1.5h.")
    ] = "",
    reason: WhyOption,
    person: AsOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Give a gate, an assigned check, a person's task or an act under way more time.

    \b
    Examples:
      migrator extend latest w02 --until 09:30 --as anna --reason "the bank opens at nine"
      migrator extend latest pay-out@w02 --by 15m --as bo --reason "she is on her way"
      migrator extend latest payments/copy --by 1h --as bo --reason "the disk is slow, not dead"

    Never beyond the window's end. The clock of an announced unwind is not extended: only a veto
    stops it. Every extension is listed in the report.

    The answer says what follows. Exit code 0: done, or kept for the process that leads the run.
    2: refused, with the reason. On a live run the name must be whole, and the wave's id is asked
    for; --yes leaves that out.
    """
    if bool(until) is bool(by):
        raise InputError(
            "usage",
            "extend takes either --until TIME or --by DURATION",
            hint="--until 09:30 names the hour, --by 15m adds to the present one",
        )
    details = (
        ("until", in_the_plans_zone(until, run, store))
        if until
        else ("minutes", minutes_of(by, "--by"))
    )
    return steer(
        Given(
            "extend", run, subject, store, form, person, reason, command_id, yes, wait, (details,)
        )
    )


def sign(
    run: RunArgument,
    limit: Annotated[
        str, typer.Argument(metavar="LIMIT", help="In words, with its hour at the end.")
    ],
    *,
    reason: WhyOption,
    person: AsOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """State a limit that everybody is to keep, such as the last hour of a full unwind.

    \b
    Examples:
      migrator sign latest "no full unwind after 2023-10-15T18:00" --as anna \\
          --reason "the payments of the night are out by then"
      migrator sign latest "no new wave after 04:00" --as anna --reason "the shift is over"

    Only a decision maker may. It stops nothing by itself: status, decide, since and the report
    show it, and abort and `unwind everything` say loudly when its hour has passed. The same words
    with another hour take the place of the earlier ones.

    The answer says what follows. Exit code 0: done, or kept for the process that leads the run.
    2: refused, with the reason. On a live run the name must be whole, and is asked for; --yes
    leaves that out.
    """
    words, _, hour = limit.strip().rpartition(" ")
    if not words:
        raise InputError(
            "usage",
            f"LIMIT {limit!r} has no words, or no hour at its end",
            hint='write it like "no full unwind after 2023-10-15T18:00"',
        )
    _keepable(words, "LIMIT")
    _keepable(reason, "--reason")
    details = (("until", in_the_plans_zone(hour, run, store, "the hour of LIMIT:")),)
    words = " ".join(words.split())
    return steer(
        Given("sign", run, words, store, form, person, reason, command_id, yes, wait, details)
    )


def record(
    run: RunArgument,
    subject: Annotated[
        str,
        typer.Argument(metavar="SUBJECT", help="A wave, SUBSYSTEM, SUBSYSTEM/STEP, or run."),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was done by hand.")],
    *,
    person: AsOption = None,
    reason: ReasonOption = "",
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Write down in the journal what was done by hand. No state of the run changes by it.

    \b
    Examples:
      migrator record latest payments/start "restarted the pod twice" --as bo
      migrator record latest run "called the bank, they are ready" --as anna --reason "asked to"

    It is read in `since`, in the report and in the journal, which never forgets: 500 characters at
    most, and no citizen's number. A step that was done by hand is declared with `force-done`.

    The answer says what follows. Exit code 0: done, or kept for the process that leads the run.
    2: refused, with the reason. On a live run the name must be whole, and the wave's id is asked
    for; --yes leaves that out.
    """
    _keepable(text, "TEXT")
    if reason:
        _keepable(reason, "--reason")
    details = (("text", text.strip()),)
    return steer(
        Given("record", run, subject, store, form, person, reason, command_id, yes, wait, details)
    )


def _keepable(text: str, what: str) -> None:
    """Refuse before it lies on a desk: a command row is kept as long as its journal."""
    from migrator.engine.statements import TEXT_MAX, unfit

    why = unfit(text)
    if why:
        raise InputError(
            "text-not-kept",
            f"{what} is not kept: {why}",
            hint=f"say in {TEXT_MAX} characters what was done; name a case by its own number",
        )
