"""`migrator check --cluster`: can the cluster take what the plan moves onto it?

Called by `check.py` alone. It reads the manifests, opens the way to the cluster and tells every
finding at once; what each means is decided in the platform. It writes nothing to the cluster.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.cluster_inputs import agents_in, subjects_at
from migrator.cli.output import Format

if TYPE_CHECKING:
    from migrator.platform.kubernetes.checked import Looked
    from migrator.platform.kubernetes.subject import Subject

TRIES_MAX: Final = 4
"""Somebody waits at a terminal: a cluster that is not there is said to be so within seconds."""

HUES: Final = {"ok": "green", "warning": "yellow", "unknown": "yellow", "failed": "red"}


def check_cluster(
    path: Path, context: str, kubeconfig: Path | None, inventory: Path | None, form: Format
) -> int:
    """Tell what was found; the exit code is 1 where something failed."""
    subjects = subjects_at(path, inventory)
    looking = agents_in(path, inventory)
    with output.progress("Asking the cluster"):
        found = _ask(subjects, looking, context, kubeconfig)
    levels = Counter(each.level.value for each in found)
    if form is Format.json:
        rows = [{**asdict(each), "level": each.level.value} for each in found]
        output.emit({"findings": rows, "levels": dict(levels), "subsystems": len(subjects)})
    else:
        for each in found:
            word = output.colour(each.level.value.ljust(7), HUES[each.level.value])
            output.show(f"{word}  {each.what}: {each.found}")
            if each.mend:
                output.show(f"         mend: {each.mend}")
            if each.page:
                output.show(f"         see: runbooks/{each.page}.md")
        counted = ", ".join(f"{levels[word]} {word}" for word in HUES if levels[word])
        number = "1 subsystem" if len(subjects) == 1 else f"{len(subjects)} subsystems"
        output.say(f"{number} against this cluster: {counted}")
    return 1 if levels["failed"] else 0


def _ask(
    subjects: tuple[Subject, ...], looking: tuple[str, ...], context: str, kubeconfig: Path | None
) -> tuple[Looked, ...]:
    import asyncio

    from migrator.conductor.clock import wall_now
    from migrator.platform.kubernetes.asking import Patience
    from migrator.platform.kubernetes.checkup import check_up
    from migrator.platform.kubernetes.connecting import connected
    from migrator.platform.kubernetes.transport import load_library

    load_library()

    async def ask() -> tuple[Looked, ...]:
        async with connected(
            context, wall=wall_now, kubeconfig=kubeconfig, patience=Patience(tries_max=TRIES_MAX)
        ) as client:
            return await check_up(client, subjects, now=wall_now, agents_in=looking)

    return asyncio.run(ask())
