"""The options that `migrator probe` and `baseline` share, spelled in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PathArgument = Annotated[
    Path, typer.Argument(metavar="DIR|PLAN", help="An inventory, or a plan with one.")
]
WaveOption = Annotated[
    str, typer.Option("--wave", metavar="W", help="Only what this wave of the plan touches.")
]
SubsystemOption = Annotated[
    list[str] | None,
    typer.Option("--subsystem", metavar="S", help="Only links from or to it; repeat it."),
]
AllOption = Annotated[bool, typer.Option("--all", help="Every link [default].")]
NewOption = Annotated[
    list[str] | None,
    typer.Option("--new", metavar="S", help="It is live on the new side; repeat it."),
]
RunOption = Annotated[
    str, typer.Option("--run", metavar="RUN", help="A run that knows who is live where.")
]
SweepsOption = Annotated[
    Path | None,
    typer.Option(
        "--sweeps", metavar="FOLDER", help="Where sweeps are kept [default: .migrator/sweeps]."
    ),
]
ResumeOption = Annotated[
    str, typer.Option("--resume", metavar="ID", help="Go on with a sweep that was broken off.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the sample of what is not touched.")]
InventoryOption = Annotated[
    Path | None,
    typer.Option("--inventory", metavar="DIR", help="Its inventory, if not as the plan says."),
]
