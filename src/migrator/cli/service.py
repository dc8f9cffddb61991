"""`migrator service`: a systemd unit that carries a plan out, so that no login shell holds it.

It prints the unit and installs nothing. The unit begins the run or goes on with it, whichever is
due: the service manager gives one command at every start, and never has to know which.
"""

from __future__ import annotations

import getpass
import math
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, StoreOption
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.plan.model import Itinerary

RESTART_SECONDS: Final = 1
"""A restart that is due at once takes the lease of a process that has died on this machine."""

LEAVING_SECONDS: Final = 60
"""On top of the longest step: the last commit, the lease, a slow disk."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is filled into the unit."""

    run: str
    program: tuple[str, ...]  # how migrator is called, by its whole path
    plan: Path
    folder: Path
    store: str
    speed: float | None  # None: real time
    stop_seconds: int
    user: str


def command(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan's file.")],
    *,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="RUN", help="The run's name; that of the plan unless told."),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option("--speed", min=0.01, max=100_000, help="Practise so fast; real time if not."),
    ] = None,
    inventory: Annotated[
        Path | None,
        typer.Option("--inventory", metavar="DIR", help="Its inventory, if not as the plan says."),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Print a systemd unit that carries a plan out and goes on with it after any death.

    \b
    Examples:
      migrator service plans/ours.yaml --name night-1 > migrator-night-1.service
      migrator service plans/ours.yaml --name drill --speed 600 > migrator-drill.service

    Nothing is installed. The comments in the unit say how to install, start, follow and leave it.

    \b
    Keys of the JSON document: run, name (the unit's file), unit (its text).
    """
    from migrator.cli.plan_files import open_sound_plan

    itinerary = open_sound_plan(plan, inventory).itinerary()
    called = name or itinerary.plan_name
    unit = Unit(
        run=called,
        program=_program(),
        plan=plan.resolve(),
        folder=Path.cwd(),
        store=store,
        speed=speed,
        stop_seconds=stop_seconds(itinerary, speed),
        user=getpass.getuser(),
    )
    text = unit_text(unit, inventory.resolve() if inventory is not None else None)
    file = f"migrator-{called}.service"
    if form is Format.json:
        output.emit({"run": called, "name": file, "unit": text})
        return
    output.show(text.rstrip("\n"))
    output.say(f"keep it as /etc/systemd/system/{file}; its comments say how it is started")


def stop_seconds(itinerary: Itinerary, speed: float | None) -> int:
    """How long the longest step may still take when the service is asked to stop, and leave."""
    legs = itinerary.legs.values()
    longest = max(
        (2 * each.p80 for leg in legs for each in (*leg.step_minutes.values(),)), default=0.0
    )
    minutes = max(itinerary.policy.step_minutes_max, longest)
    return math.ceil(minutes * 60 / (speed or 1.0)) + LEAVING_SECONDS


def _program() -> tuple[str, ...]:
    """The program by its whole path: a unit knows no PATH of ours."""
    beside = Path(sys.executable).with_name("migrator")
    found = str(beside) if beside.is_file() else shutil.which("migrator")
    if found:
        return (os.path.abspath(found),)  # noqa: PTH100 - a link is kept, so that upgrades count
    return (sys.executable, "-c", "from migrator.cli import main; main()")


def unit_text(unit: Unit, inventory: Path | None = None) -> str:
    """The unit's text."""
    pace = ["--speed", f"{unit.speed:g}"] if unit.speed is not None else ["--wall"]
    words = [*unit.program, "run", str(unit.plan), "--name", unit.run, "--or-continue", *pace]
    if inventory is not None:
        words += ["--inventory", str(inventory)]
    words += ["--store", unit.store, "--log", "json"]
    asked = [*unit.program, "status", unit.run, "--store", unit.store, "--format", "json"]
    over = f'! {shlex.join(asked)} 2>/dev/null | grep -q \'"state": "ended"\''
    begins = "inside its window, once it is approved" if unit.speed is None else "at any time"
    server = "://" in unit.store
    return _UNIT.format(
        run=unit.run,
        begins=begins,
        after=" postgresql.service" if server else "",
        user=unit.user,
        folder=_escaped(unit.folder),
        start=" ".join(_quoted(word) for word in words),
        over=" ".join(_quoted(word) for word in ("/bin/sh", "-c", over)),
        restart=RESTART_SECONDS,
        stop=unit.stop_seconds,
        again=shlex.join([*unit.program, "run", "--continue", unit.run, "--store", unit.store]),
    )


def _escaped(path: Path) -> str:
    """A path as a unit takes it unquoted; a line end would begin another setting."""
    text = str(path)
    if not text.isprintable():
        raise InputError(
            "usage",
            f"{text!r} cannot stand in a systemd unit",
            hint="use a folder whose name has no line ends or control characters",
        )
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word of a command line as systemd reads it: its own quotes, its own per cent signs."""
    if not word.isprintable():
        _escaped(Path(word))
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    plain = text == word and word and not set(word) & set(" '\t;")
    return text if plain else f'"{text}"'


_UNIT: Final = """\
# The run {run}, led by this machine's service manager. Printed by `migrator service`.
#
# Install:  save it as /etc/systemd/system/migrator-{run}.service; systemctl daemon-reload
# Begin:    systemctl start migrator-{run}      ({begins})
# Follow:   migrator watch {run}    or    journalctl -u migrator-{run} -f
# Leave:    systemctl stop migrator-{run}       (what is under way ends first; nothing is lost)
# Go on:    systemctl start migrator-{run}      (the same command: it goes on where it stood)

[Unit]
Description=migrator run {run}
Wants=network-online.target
After=network-online.target time-sync.target{after}
# Without this systemd gives up after five quick deaths, and the weekend stands still unseen.
StartLimitIntervalSec=0

[Service]
Type=exec
# Check that this is who may write the store and reach the platforms.
User={user}
WorkingDirectory={folder}
# A run that has ended is not led again: it may end with exit code 1, which asks for a restart.
ExecCondition={over}
# Begins the run, or goes on with it where it has begun.
ExecStart={start}
# Any death (kill -9, out of memory, a lost store) is followed by going on from the journal.
Restart=on-failure
RestartSec={restart}
# 2: something is to be mended first. 3: not approved. No restart helps; a person does. After an
# upgrade of the program it is 2 as well: answer once by hand, then start the service again:
#   {again} --accept-version
RestartPreventExitStatus=2 3
# Asked to stop, it leaves with 130: that is no failure.
SuccessExitStatus=130
# SIGTERM goes to the conductor alone: it starts nothing new and lets the steps under way end under
# their guards. What is left when it has gone is killed, as the guards do themselves when it dies.
KillSignal=SIGTERM
KillMode=mixed
# The longest that a step may take (the plan's limit, or twice its P80), and a minute to leave.
TimeoutStopSec={stop}
# A step that runs out of memory fails; it does not take the conductor with it.
OOMPolicy=continue
# No terminal: closing one, or a dropped ssh connection, does not concern this run.
StandardInput=null
StandardOutput=journal
StandardError=journal

[Install]
# With `systemctl enable` the run goes on after a restart of the machine.
WantedBy=multi-user.target
"""
