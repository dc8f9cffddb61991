"""Which looks prove which links: a sweep, planned from the links and from what is declared.

Called in a child process (`child.py plan`). Says who stands where, what is asked of whom and what
an agent is told; `columns.py` does it for every link. A folder appears whole or not at all, and an
id that was planned before is answered with that plan. The same question has the same answer, from
whatever order of rows: chance is the seed's, and no clock is looked at.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from migrator.errors import EnvironmentFailed
from migrator.ids import ComponentId, SubsystemId
from migrator.links import database
from migrator.probes import columns
from migrator.probes.compaction import compact
from migrator.probes.facts import read_sweep, sweep_facts
from migrator.probes.model import (
    LINKS_FILE,
    LOOKS_FILE,
    LOOKS_FOLDER,
    RESULTS_FILE,
    RESULTS_FOLDER,
    SWEEP_FILE,
    Caps,
    Declared,
    Purpose,
    SweepPlan,
    VantagePlan,
    lines_file,
)
from migrator.probes.tables import Standing, check_tables, excuse_table, standing_tables

FLUSHED_MAX: Final = 100
"""Files; more of them are written out sooner by one call for all disks than by one for each."""

CHAIN_MAX: Final = 100
"""Sweeps that lean on one another; whoever judges follows as many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be planned.

    `sweeps` is the folder of sweeps; the sweep becomes the folder `id` in it. `scope` names a wave
    or a move in words and `members` its subsystems; none means everything. `sides` says where
    subsystems are live: new, or none; who is not named is on the old side. `links` is the checked
    Parquet file (None: no links), `owners` whose component is whose. `since` is the
    id of an earlier sweep in the same folder whose proofs still count; empty: none.
    """

    id: str
    sweeps: Path
    purpose: Purpose
    scope: str
    members: tuple[SubsystemId, ...]
    sides: Mapping[SubsystemId, str]
    seed: int
    today: date
    links: Path | None
    links_digest: str
    owners: Mapping[ComponentId, SubsystemId]
    declared: Declared
    since: str = ""


def plan_sweep(asked: Asked) -> SweepPlan:
    """Plan a sweep and write its folder; one that is there already is answered as it is."""
    folder = asked.sweeps / asked.id
    if (folder / SWEEP_FILE).exists():
        return read_sweep(folder)
    try:
        asked.sweeps.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{asked.id}-", dir=asked.sweeps))
        try:
            return _written(asked, work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except columns.failures() as error:
        # Two that plan the same sweep at once plan the same: the first one's folder stands.
        if (folder / SWEEP_FILE).exists():
            return read_sweep(folder)
        raise _failed(folder, error) from error


def seconds_needed(looks: int, at_target: int, at_network: int, caps: Caps) -> float:
    """How long one vantage point's looks take by their caps, if each is answered at once.

    `at_target` and `at_network` are the looks at its busiest target and into its busiest network.
    """
    return max(
        looks / caps.per_second,
        at_target / caps.target_per_second,
        at_network / caps.network_per_second,
    )


def shared(caps: Caps, at_target: int, at_network: int) -> Caps:
    """The caps of one of several vantage points that look at the same target, and network."""
    return replace(
        caps,
        target_per_second=caps.target_per_second / max(1, at_target),
        network_per_second=caps.network_per_second / max(1, at_network),
    )


def _written(asked: Asked, work: Path, folder: Path) -> SweepPlan:
    """Write everything into the work folder, then give it its name."""
    made = work / "sweep"
    for each in (made, made / LOOKS_FOLDER, made / RESULTS_FOLDER):
        each.mkdir()
    standing = Standing.of(asked.declared, asked.owners, asked.sides, asked.members, asked.purpose)
    excuses, warnings = excuse_table(asked.declared, standing, asked.today)
    with database.connect(work) as connection:
        for name, table in standing_tables(standing, asked.seed).items():
            columns.fill(connection, name, table)
        for name, table in check_tables(asked.declared, standing).items():
            columns.fill(connection, name, table)
        columns.choose_links(connection, asked.links, _below(asked))
        if excuses["number"][1]:
            columns.fill(connection, "excuses", excuses)
            columns.excuse(connection)
        columns.ask(connection)
        if asked.since:
            columns.forget_proved(connection, _results(asked, connection))
        columns.map_links(connection, made / LINKS_FILE, excuses=bool(excuses["number"][1]))
        columns.order_looks(connection, made / LOOKS_FILE)
        points = asked.declared.vantages
        columns.write_lines(connection, work, [lines_file(made, each.id) for each in points])
        plan = _plan(asked, folder, connection, made / LINKS_FILE, warnings)
    (made / SWEEP_FILE).write_text(json.dumps(sweep_facts(plan), indent=1) + "\n", "utf-8")
    _flush_all((*made.rglob("*"), made))
    made.rename(folder)
    _flush(asked.sweeps)
    return plan


def _plan(
    asked: Asked,
    folder: Path,
    connection: columns.Connection,
    links: Path,
    warnings: tuple[str, ...],
) -> SweepPlan:
    declared = asked.declared
    vantages = []
    for number, looks, target, network, sharing, sharing_network in columns.busiest(connection):
        caps = shared(declared.caps, sharing, sharing_network)
        seconds = round(seconds_needed(looks, target, network, caps), 3)
        vantages.append(VantagePlan(declared.vantages[number].id, looks, caps, seconds))
    in_scope, touched, reasons = columns.counts(connection, links)
    return SweepPlan(
        id=asked.id,
        folder=folder,
        purpose=asked.purpose,
        scope=asked.scope,
        members=tuple(sorted(asked.members)),
        seed=asked.seed,
        links=in_scope,
        touched=touched,
        looks=sum(each.looks for each in vantages),
        reasons=reasons,
        vantages=tuple(vantages),
        seconds=max((each.seconds for each in vantages), default=0.0),
        since=asked.since,
        declared_digest=declared.digest,
        links_digest=asked.links_digest,
        sides=dict(sorted(asked.sides.items())),
        warnings=warnings,
    )


def _results(asked: Asked, connection: columns.Connection) -> list[Path]:
    """The results of the earlier sweep and of those that it leans on itself, the newest first."""
    found: list[Path] = []
    since = asked.since
    while since and len(found) < CHAIN_MAX:
        folder = asked.sweeps / since
        earlier = read_sweep(folder)
        if not (folder / RESULTS_FILE).exists():
            compact(connection, folder)
        found.append(folder / RESULTS_FILE)
        # The first one must be there; what it leans on may have been thrown away since.
        since = earlier.since if (asked.sweeps / earlier.since / SWEEP_FILE).exists() else ""
    return found


def _below(asked: Asked) -> int | None:
    """The sample as a share of 2**64; None where every link is looked at."""
    if not asked.members or asked.purpose is Purpose.ALL:
        return None
    # Ahead of a switch only the members' links can be looked at in another way than now.
    share = 0.0 if asked.purpose is Purpose.AHEAD else asked.declared.sample
    return min(int(share * 2**64), 2**64 - 1)


def _flush_all(paths: Sequence[Path]) -> None:
    if len(paths) > FLUSHED_MAX:
        os.sync()
        return
    for path in paths:
        _flush(path)


def _flush(path: Path) -> None:
    """A plan that has its name survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(folder: Path, error: Exception) -> EnvironmentFailed:
    full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
    if full:
        return EnvironmentFailed(
            "disk-full",
            f"the disk is full; the sweep {folder.name} could not be planned",
            hint="make room and do the same again; nothing half-written is used",
        )
    said = (str(error).splitlines() or [type(error).__name__])[0]
    return EnvironmentFailed(
        "sweep-not-planned",
        f"the sweep {folder.name} could not be planned: {said}",
        hint="see that the folder can be written and that its files are whole, then do it again",
    )
