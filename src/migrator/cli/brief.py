"""`migrator brief`: one A4 page about a plan for the person who decides.

Reads the plan, its inventory and, where a dry run has left one, its seal; `reports/brief.py` makes
the page. What is not known is said to be unknown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrator.cli.plan_files import (
    InventoryOption,
    PlanArgument,
    open_sound_plan,
    read_seal,
    seal_of,
)
from migrator.cli.print import PaperFormat, PracticeOption
from migrator.cli.report import FileOption, LanguageOption, deliver, language


def command(
    plan: PlanArgument,
    file: FileOption = None,
    form: Annotated[
        PaperFormat | None,
        typer.Option("--format", help="html (default with -o) or text (default without)."),
    ] = None,
    lang: LanguageOption = None,
    practice: PracticeOption = False,
    seal: Annotated[
        Path | None,
        typer.Option("--seal", metavar="FILE", help="The dry run's seal, if not beside the plan."),
    ] = None,
    inventory: InventoryOption = None,
) -> None:
    """Print one page for the person who decides.

    \b
    Examples:
      migrator brief plans/ours.yaml -o brief.html
      migrator brief plans/ours.yaml --lang sv

    What moves, the window, what is assumed, what cannot be undone and when, what no dry run has
    exercised, the handlers of each shift, and the seal beside the line for the signature.
    """
    from migrator.reports.brief import brief_html, brief_text
    from migrator.reports.texts import texts

    opened = open_sound_plan(plan, inventory)
    itinerary = opened.itinerary()
    wanted = form or (PaperFormat.html if file is not None else PaperFormat.text)
    t = texts(language(lang), itinerary.window.time_zone)
    make = brief_html if wanted is PaperFormat.html else brief_text
    text = make(
        t,
        itinerary,
        opened.plan.figures,
        seal=seal_of(plan) if seal is None else read_seal(seal),
        inputs=opened.inputs(),
        practice=practice,
    )
    deliver(text, file)
