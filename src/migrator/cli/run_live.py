"""`migrator run --platform commands|kubernetes`: what a live run asks before its first line.

Used by `run`. A live run moves real systems: it wants an approval that counts, its own hour, a
machine that can perform every act, and the target's name typed by whoever begins it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.cli import output
from migrator.cli.going_on import free_name
from migrator.cli.identity import person_id, who
from migrator.cli.run_reading import Read
from migrator.cli.runs import mode_words, os_user
from migrator.errors import InputError, RefusedError

if TYPE_CHECKING:
    from migrator.wiring.live import Live
    from migrator.wiring.on_cluster import ClusterPlace


@dataclass(frozen=True, slots=True)
class AskedCluster:
    """What the command line says of the cluster that a run moves onto."""

    context: str
    kubeconfig: Path | None
    probe_image: str
    unfenced: bool = False
    freeze: bool = False
    operators: tuple[str, ...] = ()
    on_drift: str = "stop"


def begin(
    plan: Path,
    read: Read,
    place: str,
    name: str | None,
    person: str | None,
    where: AskedCluster | None = None,
    *,
    yes: bool,
    commands: bool = False,
) -> tuple[str, Live]:
    """Begin a live run in the live store; the caller has checked approval and window.

    Raises InputError for acts that cannot be performed here or on the cluster, RefusedError where
    nobody confirms.
    """
    from migrator.platform.legacy.preflight import refuse_what_cannot_be_performed
    from migrator.reports.linking import coverage_said
    from migrator.store.sql import open_store
    from migrator.wiring.live import Known, begin_live
    from migrator.wiring.proof_of_links import covered_by, declares_looks, with_looks

    itinerary = read.itinerary
    cluster = None if where is None else _found(where)
    otherwise = None if where is None else _otherwise(read)
    if declares_looks(frozenset(each.name for each in read.files)):
        otherwise = with_looks(otherwise)
    refuse_what_cannot_be_performed(itinerary, str(plan), otherwise)
    _confirm(itinerary.target, yes=yes)
    user, members = os_user(), itinerary.members
    by = who(person, user, members) if person else (person_id(user, members) or user)
    store = open_store(place, practice=False)
    called = name or free_name(store, itinerary.plan_name)
    covered = covered_by(store, itinerary)
    known = Known(covered, commands)
    led = begin_live(store, itinerary, called, by, read.files, cluster, known)
    mode = mode_words(practice=False, target=itinerary.target)
    output.say(
        f"{mode} {called}: {len(itinerary.legs)} subsystems in {len(itinerary.waves)} waves, in "
        "real time; every act is performed by what the plan declares"
        + (f", all others on {cluster.server} (context {cluster.context})" if cluster else "")
    )
    if covered is not None:
        output.say(f"links before the moves: {coverage_said(covered)}")
    return called, led


def _found(where: AskedCluster) -> ClusterPlace:
    """Reach the cluster before anything is begun, and take down who it is."""
    from migrator.wiring.on_cluster import ClusterPlace, identify

    file = str(where.kubeconfig.resolve()) if where.kubeconfig else ""
    unfenced = "begun with --without-admission-fence" if where.unfenced else ""
    frozen = ",".join(where.operators) if where.freeze else None
    if frozen is not None and unfenced:
        raise InputError(
            "usage",
            "--freeze keeps others out by the admission policies that --without-admission-fence "
            "does without",
            hint="leave one of the two out",
        )
    return identify(
        ClusterPlace(where.context, file, where.probe_image, unfenced, frozen, where.on_drift)
    )


def _otherwise(read: Read) -> Callable[[str, str], str]:
    """Why the cluster's platform cannot perform an act of a subsystem; empty where it can."""
    from migrator.platform.kubernetes.abilities import why_not
    from migrator.wiring.on_cluster import subjects_to_pin

    subjects = subjects_to_pin(read.files)
    itinerary = read.itinerary

    def answer(move: str, act: str) -> str:
        recipe = itinerary.recipes[next(e.recipe for e in itinerary.legs.values() if e.id == move)]
        return why_not(subjects.get(move), move, recipe, act)

    return answer


def _confirm(target: str, *, yes: bool) -> None:
    """Have the target's name typed: a habit of pressing y must not begin a weekend."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError(
            "live-not-confirmed",
            f"a live run on {target} wants to be confirmed, and nobody can type here",
            hint="a script says --yes; a person runs it in a terminal",
        )
    output.say(f"LIVE: type the target's name ({target}) to begin")
    if sys.stdin.readline().strip() != target:
        raise RefusedError(
            "live-not-confirmed",
            f"{target} was not typed; nothing was begun",
            hint="give the command again and type exactly what is asked for",
        )
