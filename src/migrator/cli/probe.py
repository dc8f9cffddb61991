r"""`migrator probe`: look at links from where they are used, and compare with the baseline.

The flow stands in `sweeping.py`; this file is the command's words. Nothing outside the allow-list
of probes.yaml is ever touched, and nothing is ever written where it looks.
"""

from __future__ import annotations

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
from migrator.cli.sweep_options import (
    AllOption,
    InventoryOption,
    NewOption,
    PathArgument,
    ResumeOption,
    RunOption,
    SeedOption,
    SubsystemOption,
    SweepsOption,
    WaveOption,
)


def command(
    path: PathArgument,
    *,
    wave: WaveOption = "",
    subsystem: SubsystemOption = None,
    everything: AllOption = False,
    new: NewOption = None,
    run: RunOption = "",
    sweeps: SweepsOption = None,
    resume: ResumeOption = "",
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
    seed: SeedOption = 1,
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
