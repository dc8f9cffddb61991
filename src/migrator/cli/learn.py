"""`migrator learn`: what finished runs teach of durations, as a file that people review.

Reads journals, proves them, and asks `wiring/learning.py`; what a sample is and how few of them
are weighed stands there and in `forecast/durations.py`.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, StoreOption

if TYPE_CHECKING:
    from migrator.forecast.learned import Learned
    from migrator.wiring.learning import Finished


def command(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs that are over.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where to write it (YAML)."),
    ] = None,
    rehearsals: Annotated[
        bool,
        typer.Option("--rehearsals", help="Count rehearsals and practice runs, too."),
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Learn from finished runs how long things take; forecasts then use it.

    \b
    Examples:
      migrator learn autumn-p1 autumn-p2 -o plans/learned.yaml
      migrator learn latest --rehearsals -o learned.yaml
      migrator forecast plans/ours.yaml --learned plans/learned.yaml
      migrator learn autumn-p1 --format json | jq .durations.kinds

    Where samples are few, the estimate keeps most of its weight; the file says how much. A
    rehearsal's durations were drawn from the estimates, so they teach nothing of the world: they
    count only with --rehearsals, and the file tells which run was one. Read the file, and have it
    reviewed, before a forecast uses it.
    """
    from migrator.cli.report import write
    from migrator.forecast.learned_text import to_text
    from migrator.wiring.learning import learned_from

    with output.progress("Reading journals"):
        found = learned_from(_finished(runs, store), rehearsals=rehearsals)
    text = to_text(found)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write(out, text)
    if form is Format.json:
        output.emit({"file": out, **asdict(found)})
    elif out is None:
        output.show(text.rstrip("\n"))
    else:
        _show(found, out)


def _finished(names: list[str], store: str) -> list[Finished]:
    """The runs, each once, every line of them proven."""
    from migrator.store.find import find_run
    from migrator.wiring.learning import Finished as Run

    found: dict[str, Finished] = {}
    for name in names:
        opened, whole = find_run(name, store)
        with opened:
            journal = opened.journal(whole, lead=False)
            journal.verify()
            found[whole] = Run(whole, journal.head, journal.itinerary(), tuple(journal.lines()))
    return list(found.values())


def _show(learned: Learned, out: Path) -> None:
    durations, failures = learned.durations, learned.failures
    rows = [
        (
            kind.kind.act,
            kind.kind.of,
            kind.samples,
            f"{kind.factor:.2f}",
            f"{kind.sigma:.2f}",
            f"{kind.shrinkage:.0%}",
        )
        for kind in durations.kinds
    ]
    output.show(output.table(("act", "of", "samples", "factor", "sigma", "own word"), rows))
    output.show(
        f"a whole weekend varies by {durations.shock_sigma:.0%}; {failures.taken_back} of"
        f" {failures.tried} waves were taken back, {failures.expected:.1f} were expected"
    )
    for run in learned.runs:
        output.show(f"  {run.name}: {run.source}, {run.lines} lines")
    output.say(f"written: {out}")
    output.say(f"next: read it, then migrator forecast PLAN --learned {out}")
