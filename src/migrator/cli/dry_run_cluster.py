"""`migrator dry-run --context`: every write of every move tried on a server, and shown.

Called by `dry_run.py` after the exercise on the simulated platform. It connects, tries, and looks
whether everything is as it was; nothing is ever written. What the server could not judge is shown
with the reason, because a gap that nobody mentions is taken for a test that passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.plan.model import Itinerary
    from migrator.platform.kubernetes.subject import Subject
    from migrator.platform.kubernetes.trials import Reach, ServerDryRun, Trial

ContextOption = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="Try every write on the cluster of this kubeconfig context, too."
    ),
]
KubeconfigOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The kubeconfig, if not where kubectl looks."),
]
CoverageOption = Annotated[
    float | None,
    typer.Option(
        min=0, max=100, metavar="PERCENT", help="Fail where the server judged less than this."
    ),
]

EXAMPLES_SHOWN_MAX: Final = 3
"""Of each reason; JSON has every trial."""

_WORDS: Final = {
    "server": "on the server",
    "simulated": "only simulated",
    "not": "not at all",
}


def refuse_lonely(context: str, kubeconfig: Path | None, min_coverage: float | None) -> None:
    """Options that mean nothing without a cluster are refused before anything is exercised."""
    given = {"--kubeconfig": kubeconfig, "--min-coverage": min_coverage}
    lonely = [name for name, value in given.items() if value is not None]
    if lonely and not context:
        raise InputError(
            "usage",
            f"{' and '.join(lonely)} {'is' if len(lonely) == 1 else 'are'} about a cluster, and "
            "none is named",
            hint="add --context NAME",
        )


def try_on_cluster(
    itinerary: Itinerary, inventory: Path, context: str, kubeconfig: Path | None
) -> ServerDryRun:
    """Try every write of the plan on the cluster of a context."""
    from migrator.platform.kubernetes.manifest_folders import read_subjects
    from migrator.platform.kubernetes.transport import load_library

    subjects = read_subjects(inventory)
    load_library()
    with output.progress("Trying every write on the server"):
        return asyncio.run(_tried(itinerary, subjects, context, kubeconfig))


async def _tried(
    itinerary: Itinerary, subjects: Mapping[str, Subject], context: str, kubeconfig: Path | None
) -> ServerDryRun:
    from migrator.conductor.clock import wall_now
    from migrator.platform.kubernetes.connecting import connected
    from migrator.platform.kubernetes.dry_acts import dry_run_on

    async with connected(context, wall=wall_now, kubeconfig=kubeconfig) as client:
        return await dry_run_on(client, subjects, itinerary)


def facts(tried: ServerDryRun, min_coverage: float | None) -> dict[str, object]:
    """All of it for programs."""
    return {
        "passed": tried.passed,
        "coverage_percent": tried.coverage,
        "coverage_percent_min": min_coverage,
        "counts": {reach.value: count for reach, count in tried.counts.items()},
        "by_act": {
            act: {reach.value: count for reach, count in counts.items()}
            for act, counts in tried.by_act.items()
        },
        "trials": [{**asdict(trial), "reach": trial.reach.value} for trial in tried.trials],
        "compared": tried.compared,
        "changed": [asdict(changed) for changed in tried.changed],
    }


def show(tried: ServerDryRun, context: str) -> None:
    """All of it for people, the coverage last."""
    output.show()
    output.show(f"every write tried on the server of context {context}; nothing was stored there")
    rows = [(act, *counts.values()) for act, counts in tried.by_act.items()]
    output.show(output.table(("act", *_WORDS.values()), rows))
    for trial in tried.trials:
        _show_trial(trial)
    for (reach, why), trials in tried.untried().items():
        output.show(f"{_WORDS[reach.value]} ({len(trials)}): {why}: {_places(trials)}")
    for changed in tried.changed:
        by = ", ".join(changed.managers) or "nobody knows whom"
        output.show(f"changed while this ran, by {by}: {changed.what}")
    if not tried.changed:
        output.show(f"nothing changed: {tried.compared} objects are at the version they were at")
    output.show(coverage_line(tried.counts, tried.coverage))


def coverage_line(counts: Mapping[Reach, int], percent: float) -> str:
    """How much of it the server has judged, in one line."""
    said = [f"{count} {_WORDS[reach.value]}" for reach, count in counts.items()]
    return f"coverage: {', '.join(said)}; {percent:.1f} % exercised on the server"


def is_covered(tried: ServerDryRun, min_coverage: float | None) -> bool:
    """Whether the server has judged as much as was asked for; says so where it has not."""
    if min_coverage is None or tried.coverage >= min_coverage:
        return True
    output.say(f"coverage is {tried.coverage:.1f} %, and {min_coverage:g} % were asked for")
    return False


def _show_trial(trial: Trial) -> None:
    for conflict in trial.conflicts:
        output.show(f"{output.colour('conflict', 'yellow')}: {trial.place}: {conflict}")
    for warning in trial.warnings:
        output.show(f"{output.colour('warning', 'yellow')}: {trial.place}: {warning}")
    if trial.fault:
        page = f" (see: runbooks/{trial.reference}.md)"
        output.show(f"{output.colour('refused', 'red')}: {trial.place}: {trial.fault}{page}")


def _places(trials: tuple[Trial, ...]) -> str:
    shown = ", ".join(trial.place for trial in trials[:EXAMPLES_SHOWN_MAX])
    more = len(trials) - EXAMPLES_SHOWN_MAX
    return f"{shown} and {more} more" if more > 0 else shown
