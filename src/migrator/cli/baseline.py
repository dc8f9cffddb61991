r"""`migrator baseline`: look at links as they are now, so that later looks can be compared.

The same as `migrator probe` with another purpose; the flow stands in `sweeping.py`. A link that
does not answer now was broken before anything moved, and is never blamed on a move.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrator.cli.cluster_options import (
    CommandsOption,
    ContextOption,
    KubeconfigOption,
    ProbeImageOption,
)
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, StoreOption

InventoryOption = Annotated[
    Path | None,
    typer.Option("--inventory", metavar="DIR", help="Its inventory, if not as the plan says."),
]


def command(
    path: Annotated[
        Path, typer.Argument(metavar="DIR|PLAN", help="An inventory, or a plan with one.")
    ],
    *,
    wave: Annotated[
        str, typer.Option("--wave", metavar="W", help="Only what this wave of the plan touches.")
    ] = "",
    subsystem: Annotated[
        list[str] | None,
        typer.Option("--subsystem", metavar="S", help="Only links from or to it; repeat it."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every link [default].")] = False,
    new: Annotated[
        list[str] | None,
        typer.Option("--new", metavar="S", help="It is live on the new side; repeat it."),
    ] = None,
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="A run that knows who is live where.")
    ] = "",
    sweeps: Annotated[
        Path | None,
        typer.Option(
            "--sweeps", metavar="FOLDER", help="Where sweeps are kept [default: .migrator/sweeps]."
        ),
    ] = None,
    resume: Annotated[
        str, typer.Option("--resume", metavar="ID", help="Go on with a sweep that was broken off.")
    ] = "",
    seed: Annotated[int, typer.Option("--seed", help="Of the sample of what is not touched.")] = 1,
    inventory: InventoryOption = None,
    commands: CommandsOption = False,
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = None,
    probe_image: ProbeImageOption = "",
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Look at links as they are now, before anything moves, and keep that to compare with.

    \b
    Examples:
      migrator baseline inventories/ours
      migrator baseline plans/ours.yaml --wave w02 --context target --probe-image python:3-slim

    Exit code 0, also where links do not answer: they were broken before. 2: to be mended.
    """
    from migrator.cli.sweeping import Cluster, Wanted, carry_out

    return carry_out(
        Wanted(
            path=path,
            purpose="baseline",
            wave=wave,
            subsystems=tuple(subsystem or ()),
            everything=everything,
            on_new_side=tuple(new or ()),
            run=run,
            store=store,
            sweeps=sweeps,
            resume=resume,
            seed=seed,
            inventory=inventory,
            cluster=Cluster(context, kubeconfig, probe_image),
            form=form,
            commands=commands,
        )
    )
