"""What `migrator doctor` looks at around a store and a plan: leaders, the window, what moves.

It reads stores through `store/look.py`, which changes nothing, and a plan with its inventory as
every other command does. An error of a store is a finding here, because the other stores and the
machine are still worth a look.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from migrator.cli.doctor_machine import OUTLIVE, PROC, Finding, hangs_on
from migrator.errors import MigratorError
from migrator.store.address import is_server, store_path

if TYPE_CHECKING:
    from migrator.inventory.model import Inventory, Subsystem
    from migrator.plan.model import Window
    from migrator.store.look import Look, SeenLease

SECOND: Final = timedelta(seconds=1)


def stores(where: str) -> tuple[list[Finding], list[Look]]:
    """Look at the store of practice runs and at that of live ones, as far as they are there."""
    from migrator.store.look import look

    findings: list[Finding] = []
    found: list[Look] = []
    # A file that is named itself is one store, whichever kind it says it holds.
    one = not is_server(where) and store_path(where, practice=True) == store_path(
        where, practice=False
    )
    for practice in (True,) if one else (False, True):
        try:
            seen = look(where, practice=practice)
        except MigratorError as error:
            findings.append(Finding("store", error.message, "failed", error.hint))
            if is_server(where):
                break  # both lie on it, and it would be said twice
            continue
        if seen is not None:
            found.append(seen)
            findings.append(_store(seen))
    if not findings:
        findings.append(Finding("store", f"none at {_shown(where)} yet: the first run makes one"))
    return findings, found


def writable(where: str) -> Finding | None:
    """Tell whether runs can be kept in a folder; None where nothing is wrong or it is a server."""
    if is_server(where):
        return None
    place = existing(store_path(where, practice=True).parent)
    if os.access(place, os.W_OK | os.X_OK):
        return None
    return Finding(
        "store", f"{place} cannot be written", "failed",
        "give this user the folder, or name another --store",
    )  # fmt: skip


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    for each in (folder, *folder.absolute().parents):
        if each.is_dir():
            return each
    return Path("/")


def leaders(found: Iterable[Look], proc: Path = PROC) -> Iterator[Finding]:
    """Tell who leads which run, and which leases nobody stands behind any more."""
    leases = [(seen, lease) for seen in found for lease in seen.leases]
    told = [_leader(lease, proc) for _, lease in leases if not lease.ended or not lease.gone]
    yield from told or [Finding("leaders", "no run is led at this moment")]


def window(planned: Window, now: datetime) -> Finding:
    """Look for what is special about a plan's hours: clocks that change, or hours that are over."""
    zone = ZoneInfo(planned.time_zone)
    start, end = planned.start.astimezone(zone), planned.end.astimezone(zone)
    said = f"{start:%a %Y-%m-%d %H:%M} to {end:%a %Y-%m-%d %H:%M} {zone.key}"
    changes = list(clock_changes(start, end, zone))
    if changes:
        told = ", ".join(
            f"at {before:%a %H:%M} (UTC{_offset(before)}) they go to {after:%H:%M} "
            f"(UTC{_offset(after)})"
            for before, after in changes
        )
        return Finding(
            "window",
            f"{said}; the clocks change inside it: {told}",
            "warning",
            "nothing is to be mended in the plan, whose times carry their offset, and limits count "
            "real minutes; tell the shifts which hour is meant, and look at nightly batches",
        )
    if end < now:
        return Finding("window", f"{said}; it is over", "warning", "plan for another window")
    return Finding("window", f"{said}; the clocks do not change inside it")


def clock_changes(
    start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """Each moment at which the clocks change: as the old offset tells it, and as the new one."""
    at, last = start.astimezone(UTC), end.astimezone(UTC)
    while at < last:
        following = min(at + timedelta(hours=1), last)
        old = at.astimezone(zone).utcoffset()
        if old is not None and old != following.astimezone(zone).utcoffset():
            low, high = at, following
            while high - low > SECOND:
                middle = low + (high - low) / 2
                if middle.astimezone(zone).utcoffset() == old:
                    low = middle
                else:
                    high = middle
            moment = high.replace(microsecond=0)
            yield moment.astimezone(timezone(old)), moment.astimezone(zone)
        at = following


def place_of(where: str, inventory: Inventory, moving: Iterable[str]) -> Finding:
    """Look whether the store stands on what the plan moves: it would go down with it."""
    hosts = _hosts(where)
    names = {name for host in hosts for name in (host.lower(), host.lower().partition(".")[0])}
    shown, moves = " or ".join(hosts), set(moving)
    for subsystem in inventory.subsystems:
        if names & _tagged(subsystem):
            if subsystem.id not in moves:
                said = f"{shown} belongs to {subsystem.id}, which this plan does not move"
                return Finding("store's place", said)
            return Finding(
                "store's place",
                f"{shown} belongs to {subsystem.id}, which this plan moves: the journal would go "
                "down with it",
                "failed",
                "keep the store on a machine that stays: --store FOLDER there, or PostgreSQL",
            )
    for subsystem in inventory.subsystems:
        if subsystem.id in moves and names & _called(subsystem):
            return Finding(
                "store's place",
                f"{shown} has the same name as something of {subsystem.id}, which this plan moves",
                "warning",
                "if it is the same machine, keep the store elsewhere; if not, say so in the "
                f"inventory: tag the subsystem that it belongs to with host:{hosts[0]}",
            )
    return Finding(
        "store's place",
        f"whether {shown} belongs to what moves cannot be known: no subsystem has the tag "
        f"host:{hosts[0]}",
    )


# --- inside ---------------------------------------------------------------------------------------


def _store(seen: Look) -> Finding:
    runs = "1 run" if seen.runs == 1 else f"{seen.runs} runs"
    finding = Finding(
        "store",
        f"{seen.place}: {seen.kind}, {runs}, tables of version {seen.version}, {seen.engine}"
        + (f", log mode {seen.log}" if seen.log else ""),
    )
    if seen.version > seen.version_known:
        return replace(
            finding,
            verdict="failed",
            mend=f"a newer migrator made it, this one knows version {seen.version_known}: use the "
            "newer program, or another --store",
        )
    if seen.loses:
        return replace(
            finding,
            verdict="failed",
            found=f"{finding.found}, {', '.join(seen.loses)}",
            mend="with these settings the server can lose what it has confirmed: switch them on",
        )
    if seen.version < seen.version_known:
        return replace(
            finding,
            verdict="warning",
            mend=f"the first command that opens it carries it over to version "
            f"{seen.version_known}, and an older migrator cannot read it then: copy it before",
        )
    if seen.log and seen.log != "wal":
        return replace(
            finding,
            verdict="warning",
            mend="its log is not written ahead: the next command that opens it turns that on; if "
            "it stays so, this file system does not allow it",
        )
    return finding


def _leader(lease: SeenLease, proc: Path) -> Finding:
    said = f"{lease.run} (epoch {lease.epoch})"
    if lease.gone:
        return Finding(
            "leaders",
            f"{said} was led by {lease.holder}, which is gone",
            "warning",
            f"nobody leads it now; go on: migrator run --continue {lease.run}",
        )
    if lease.seconds_left <= 0:
        return Finding(
            "leaders",
            f"{said}: the lease of {lease.holder} ran out {-lease.seconds_left:.0f} s ago, and "
            "that process did not renew it",
            "warning",
            "it is frozen, starved or on a machine that cannot be reached; `migrator run "
            f"--continue {lease.run}` takes over, and the old one can write nothing any more",
        )
    chain = hangs_on(lease.pid, proc) if lease.pid is not None and lease.mode == "wall" else ""
    if chain:
        return Finding(
            "leaders",
            f"{said} is a run in real time, led by {lease.holder}, and hangs on {chain}",
            "warning",
            OUTLIVE,
        )
    return Finding("leaders", f"{said} is led by {lease.holder}")


def _hosts(where: str) -> tuple[str, ...]:
    """The machines that the store stands on: those of its address, else this one."""
    from migrator.store.look import server_hosts

    return (server_hosts(where) if is_server(where) else ()) or (socket.gethostname(),)


def _tagged(subsystem: Subsystem) -> set[str]:
    hosts = {tag.partition(":")[2].lower() for tag in subsystem.tags if tag.startswith("host:")}
    return hosts | {host.partition(".")[0] for host in hosts}


def _called(subsystem: Subsystem) -> set[str]:
    parts = {word.lower() for each in subsystem.components for word in (each.id, each.name)}
    return parts | {subsystem.id.lower(), subsystem.name.lower()}


def _offset(moment: datetime) -> str:
    return f"{moment:%z}"[:3]


def _shown(where: str) -> str:
    """An address without its password."""
    from migrator.store.look import server_address

    if not is_server(where):
        return where
    return server_address(where).render_as_string(hide_password=True)
