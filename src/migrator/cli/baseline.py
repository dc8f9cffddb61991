r"""`migrator baseline`: look at links as they are now, so that later looks can be compared.

The same as `migrator probe` with another purpose; the flow stands in `sweeping.py`. A link that
does not answer now was broken before anything moved, and is never blamed on a move.
"""

from __future__ import annotations

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
    seed: SeedOption = 1,
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
