"""`migrator print`: the paper runbook of a plan, for the hour in which migrator itself is down.

Reads the plan and its inventory and hands them to `reports/paper.py`. Printed before the window and
kept in a binder; it shows no state of any run.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from migrator.cli.plan_files import (
    InventoryOption,
    PlanArgument,
    open_sound_plan,
)
from migrator.cli.report import FileOption, LanguageOption, deliver, language


class PaperFormat(Enum):
    """What the runbook is written as."""

    html = "html"
    text = "text"


PracticeOption = Annotated[
    bool,
    typer.Option(
        "--practice", help="Mark every page as practice; without it, as live with the target."
    ),
]


def command(
    plan: PlanArgument,
    file: FileOption = None,
    form: Annotated[
        PaperFormat | None,
        typer.Option("--format", help="html (default with -o) or text (default without)."),
    ] = None,
    lang: LanguageOption = None,
    practice: PracticeOption = False,
    inventory: InventoryOption = None,
) -> None:
    """Print the paper runbook, for the hour without migrator.

    \b
    Examples:
      migrator print plans/ours.yaml -o runbook.html --lang sv
      migrator print plans/ours.yaml --practice | lpr

    For each wave: its gate and who decides, every step with its undo and what to check by hand, who
    verifies, the order back, and the telephone list, with empty boxes for hour and signature.
    """
    from migrator.reports.paper import paper_html, paper_text
    from migrator.reports.texts import texts

    itinerary = open_sound_plan(plan, inventory).itinerary()
    wanted = form or (PaperFormat.html if file is not None else PaperFormat.text)
    t = texts(language(lang), itinerary.window.time_zone)
    make = paper_html if wanted is PaperFormat.html else paper_text
    deliver(make(t, itinerary, practice=practice), file)
