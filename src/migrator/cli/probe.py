r"""`migrator probe`: look at links from where they are used, and compare with the baseline.

The flow stands in `sweeping.py`; this file is the command's words. Nothing outside the allow-list
of probes.yaml is ever touched, and nothing is ever written where it looks.
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
    since: Annotated[
        str,
        typer.Option("--since", metavar="ID", help="Only what an earlier sweep did not prove."),
    ] = "",
    against: Annotated[
        str,
        typer.Option("--baseline", metavar="ID", help="Compare with it [default: the newest]."),
    ] = "",
    ahead: Annotated[
        bool, typer.Option("--ahead", help="Look at the new side, as if all were switched.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of the sample of what is not touched.")] = 1,
    inventory: InventoryOption = None,
    commands: CommandsOption = False,
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = None,
    probe_image: ProbeImageOption = "",
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Look at links from where they are used, and say what is worse than before.

    \b
    Examples:
      migrator probe inventories/ours
      migrator probe plans/ours.yaml --wave w02 --run weekend
      migrator probe inventories/ours --subsystem payments --new payments
      migrator probe inventories/ours --resume all-probe-links-20231014-012233

    What may be looked at, and from where, stands in the inventory's probes.yaml. Broken off, it
    goes on with --resume where it was. Exit code 0: nothing is worse. 1: links are worse than in
    the baseline, or answered then and cannot be asked now. 2: something is to be mended.
    """
    from migrator.cli.sweeping import Cluster, Wanted, carry_out

    return carry_out(
        Wanted(
            path=path,
            purpose="ahead" if ahead else "probe-links",
            wave=wave,
            subsystems=tuple(subsystem or ()),
            everything=everything,
            on_new_side=tuple(new or ()),
            run=run,
            store=store,
            sweeps=sweeps,
            resume=resume,
            against=against,
            since=since,
            seed=seed,
            inventory=inventory,
            cluster=Cluster(context, kubeconfig, probe_image),
            form=form,
            commands=commands,
        )
    )
