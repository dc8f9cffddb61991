"""The two options by which a run is shown to log stores and to Prometheus: `--log`, `--metrics`.

Used by `run.py`. Opening comes before anything of a run has begun, so that a port that is taken
leaves nothing half begun; the libraries are loaded only where somebody asked.
"""

from __future__ import annotations

from typing import Annotated

import typer

from migrator.cli import output
from migrator.conductor.observing import LogForm, Observers, Wishes

LogOption = Annotated[
    LogForm,
    typer.Option("--log", help="Each line of the journal to stderr, in place of the news."),
]
MetricsOption = Annotated[
    str,
    typer.Option(
        "--metrics", metavar="PORT", help="Serve metrics to this machine.", show_default=False
    ),
]


def observers(log: LogForm, metrics: str) -> Observers:
    """Open what was asked for, and say where it is. Use it in a `with`, around the run."""
    opened = Observers(Wishes(log, metrics))
    if opened.metrics_at:
        output.say(f"metrics: {opened.metrics_at}")
    return opened
