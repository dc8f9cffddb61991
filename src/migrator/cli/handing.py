"""The verbs of handlers beside their verdicts: who has a check, who is there, what is no small one.

Made like the verbs of `verbs.py`; `engine/handing.py` and `engine/attendance.py` know what they
mean.
"""

from __future__ import annotations

from typing import Annotated

import typer

from migrator.cli.identity import AsOption
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, StoreOption
from migrator.cli.steering import Given, steer
from migrator.cli.verb_making import (
    WAIT_SECONDS,
    IdOption,
    WaitOption,
    YesOption,
    about,
    about_the_run,
)

claim = about(
    "claim",
    "CHECK",
    "The check's id, as decide shows it.",
    """Take an open check yourself.

    \b
    Examples:
      migrator claim latest pay-out@w02 --as karin

    Only who may verify it can, and only one check at a time. What somebody else has is handed over.
    """,
)
arrive = about_the_run(
    "arrive",
    """Say that you are there: checks may be given to you in this shift.

    \b
    Examples:
      migrator arrive latest --as karin

    Where the plan's policy says `presence: required`, nobody gets a check before that, and whoever
    is on shift and has not been heard of after ten minutes is named.
    """,
)
leave = about_the_run(
    "leave",
    """Say that you are gone before the shift is over; a check that you have is given to another.

    \b
    Examples:
      migrator leave latest --as karin --reason "the school called"
    """,
)
raise_defect = about(
    "raise",
    "DEFECT|CHECK",
    "The defect's name, such as F1; or its check, where it has only one.",
    """Take a defect that a handler noted for a refusal: its wave is held at once.

    \b
    Examples:
      migrator raise latest F1 --as lena --reason "the sum is wrong on every letter"

    Only who leads the wave may. It can be taken back for five minutes: migrator withdraw.
    """,
)


def hand_over(
    run: RunArgument,
    check: Annotated[
        str, typer.Argument(metavar="CHECK", help="The check's id, as decide shows it.")
    ],
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the journal.")
    ],
    to: Annotated[
        str, typer.Option("--to", metavar="NAME", help="Who gets it; else anybody who may.")
    ] = "",
    person: AsOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Give a check that you have to another person, or back to everybody who may verify it.

    \b
    Examples:
      migrator hand-over latest pay-out@w02 --to heidi --as karin --reason "she knows the case"
      migrator hand-over latest pay-out@w02 --as karin --reason "called away"

    Whoever has it may, and who leads its wave. The engine does not ask the same person again; who
    handed it over can claim it back.
    """
    details = (("to", to),) if to else ()
    return steer(
        Given("hand-over", run, check, store, form, person, reason, command_id, yes, wait, details)
    )
