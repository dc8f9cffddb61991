"""`migrator run`: carry a plan out, durably, on scaled time; and go on after an interruption.

Joins a plan, a store and the simulated platform through `wiring`, and leads the run until it ends
or is left. The plan is read in a process of its own, so that DuckDB never stands in the memory of
the process that people wait for. A live run is begun by `run_live.py`.
"""

from __future__ import annotations

import difflib
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.being_called import NoticesOption, calling, read_notices
from migrator.cli.cluster_options import (
    CommandsOption,
    ContextOption,
    FreezeOption,
    KubeconfigOption,
    OnDrift,
    OnDriftOption,
    OperatorOption,
    ProbeImageOption,
    UnfencedOption,
)
from migrator.cli.going_on import Answer, begun_already, free_name, go_on
from migrator.cli.identity import AsOption, person_id, who
from migrator.cli.observe import LogOption, MetricsOption, observers
from migrator.cli.output import Format, FormatOption
from migrator.cli.run_reading import Read, read_apart
from migrator.cli.run_result import HELD, exit_code, facts, mode_of, show
from migrator.cli.runs import DEFAULT_STORE, StoreOption, os_user
from migrator.cli.standing_by import take_over
from migrator.conductor.observing import LogForm, Observers
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.notices.policy_file import Source
    from migrator.plan.model import Itinerary
    from migrator.store.sql import Store
    from migrator.wiring import Practice, Setting
    from migrator.wiring.live import Live

SPEED: Final = 600.0
"""Ten minutes of run time a second: a weekend of sixty hours in six minutes."""

SIMULATED: Final = "simulated"
COMMANDS: Final = "commands"
KUBERNETES: Final = "kubernetes"
PLATFORMS: Final = (SIMULATED, COMMANDS, KUBERNETES)
LIVE: Final = (COMMANDS, KUBERNETES)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a run while it is led, and in which form its result."""

    every_line: bool
    form: Format
    observers: Observers
    forecast: bool | None = None  # None: of a live run, and of no other
    notices: Source | None = None  # None: people are called as before, if at all


def command(
    plan: Annotated[
        Path | None, typer.Argument(metavar="PLAN", help="The plan's file.", show_default=False)
    ] = None,
    *,
    platform: Annotated[
        str, typer.Option("--platform", metavar="NAME", help="Where the workloads live.")
    ] = SIMULATED,
    speed: Annotated[
        float | None,
        typer.Option(
            "--speed", min=0.01, max=100_000, help="Run time against wall time; 600 unless told."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="What chance follows from.")] = 1,
    play: Annotated[
        list[str] | None,
        typer.Option("--play", metavar="NAME", help="Somebody who is really there; repeat it."),
    ] = None,
    fault: Annotated[
        Path | None, typer.Option("--fault", metavar="FILE", help="What goes wrong, as YAML.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="RUN", help="The run's name; made up unless told."),
    ] = None,
    person: AsOption = None,
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = None,
    probe_image: ProbeImageOption = "",
    unfenced: UnfencedOption = False,
    freeze: FreezeOption = False,
    operators: OperatorOption = None,
    on_drift: OnDriftOption = OnDrift.stop,
    commands: CommandsOption = False,
    again: Annotated[
        str | None,
        typer.Option("--continue", metavar="RUN", help="Go on with a run that was left."),
    ] = None,
    or_continue: Annotated[
        bool, typer.Option("--or-continue", help="Go on with the run --name where it has begun.")
    ] = False,
    accept_version: Annotated[
        bool,
        typer.Option("--accept-version", help="Go on though another version led it last."),
    ] = False,
    standby: Annotated[
        bool,
        typer.Option("--standby", help="With --continue: wait beside who leads it, and take over."),
    ] = False,
    wall: Annotated[
        bool, typer.Option("--wall", help="Real time: wants a valid approval of the plan.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Begin a live run without asking for the target's name.")
    ] = False,
    leave_when_held: Annotated[
        bool,
        typer.Option(
            "--leave-when-held", help="Leave with exit code 3 where only a person can go on."
        ),
    ] = False,
    every_line: Annotated[
        bool, typer.Option("--all", help="Show every line of the journal, not only the news.")
    ] = False,
    forecast: Annotated[
        bool | None,
        typer.Option(
            "--forecast/--no-forecast",
            help="Forecast the run after every event; a live run is, unless told otherwise.",
            show_default=False,
        ),
    ] = None,
    notices: NoticesOption = None,
    log: LogOption = LogForm.off,
    metrics: MetricsOption = "",
    inventory: Annotated[
        Path | None,
        typer.Option("--inventory", metavar="DIR", help="Its inventory, if not as the plan says."),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Carry out a plan; other terminals steer it by the verbs.

    \b
    Examples:
      migrator run plans/ours.yaml --platform simulated --speed 600
      migrator run plans/ours.yaml --speed 60 --play anna --fault faults.yaml
      migrator run --continue latest
      migrator run --continue night-1 --standby
      migrator run plans/ours.yaml --name night-1 --or-continue
      migrator run plans/ours.yaml --speed 20000 --format json | jq .outcome
      migrator run plans/ours.yaml --log json --metrics 9464 2>> run.log
      migrator run plans/ours.yaml --platform commands --as anna --notices notices.yaml
      migrator run plans/ours.yaml --platform kubernetes --context target --as anna

    With --platform simulated (unless told otherwise) nothing real is moved. With --platform
    commands the run is LIVE: real time, every act performed by the command, call, person or wait
    that the plan declares; it wants a valid approval and begins inside the window. With --platform
    kubernetes, what the plan declares no means for is performed on the cluster of --context.

    Everybody is simulated who is not named by --play. Time stands still while a check or a gate
    waits for somebody who is named. Ctrl-C lets what is under way end and leaves; a second one
    leaves at once. Either way --continue goes on. Where another version of the program led the
    run, it asks first; --accept-version is the answer where nobody can type, and it is kept.

    With --forecast a process beside the run says after every event whether it fits the window and
    until when one may turn back; status, watch and the gates show it, and before turning back is
    too late the run holds until a decision maker has signed that. A forecaster that is slow or
    fails holds nothing. On a practice run with a high --speed it lags behind.

    With --notices people are called for what waits for them, by e-mail and webhooks, and others
    after them when nobody answers; the file stays with the run. A practice run calls nobody: it
    writes the messages into a folder, unless the file's mode is `test`.

    --continue is refused while another process leads the run. With --standby it waits, says on
    whom, and goes on when that process leaves, dies, or is frozen for longer than its lease.

    \b
    Exit code 0: every wave was accepted. 1: a wave was returned or blocked, or a promise was
    broken. 2: an input is to be mended. 3: stuck, held, or not approved. 130: interrupted.
    """
    from migrator.cli import run_live
    from migrator.store.find import find_run
    from migrator.store.sql import open_store

    if (plan is None) == (again is None):
        raise InputError(
            "usage",
            "name a plan to begin a run, or --continue RUN to go on with one",
            hint="`migrator run --help` shows both, with examples",
        )
    if or_continue and (plan is None or name is None):
        raise InputError(
            "usage",
            "--or-continue needs a plan to begin with and a --name to find the run by",
            hint="write migrator run PLAN --name RUN --or-continue",
        )
    if standby and again is None:
        raise InputError(
            "usage",
            "--standby waits for a run that was begun: it needs --continue RUN",
            hint="write migrator run --continue RUN --standby",
        )
    with observers(log, metrics) as seen:
        shown = Shown(every_line, form, seen, forecast, read_notices(notices))
        live = platform in LIVE
        again = begun_already(store, name, practice=not live) if or_continue and name else again
        if again is not None:
            answer = Answer(accept_version, person)
            found, again = find_run(again, store)
            with found:
                lead = take_over if standby else go_on
                return _go_on(lead(found, again, speed, answer), not leave_when_held, shown)
        assert plan is not None, "one of both is given"
        read = read_apart(plan, inventory)
        if notices is not None:
            read_notices(notices, read.itinerary.members)  # before anything is begun
        if wall or platform != SIMULATED:
            refused = _refuse_wall(plan, read, platform, form)
            if refused:
                return refused
        if live:
            asked = run_live.AskedCluster(
                context, kubeconfig, probe_image, unfenced, freeze, tuple(operators or ()), on_drift
            )
            where = asked if platform == KUBERNETES else None
            called, led = run_live.begin(
                plan, read, store, name, person, where, yes=yes, commands=commands
            )
            return _lead(led, called, not leave_when_held, shown)
        setting = _setting(read.itinerary, seed, speed, wall, play or [], fault, person)
        with open_store(store, practice=True) as opened:
            return _begin(opened, read, name, setting, not leave_when_held, shown)


# --- before the run -----------------------------------------------------------------------------


def _refuse_wall(plan: Path, read: Read, platform: str, form: Format) -> int:
    """Real time needs an approval that counts, a platform that is there, and its own hour."""
    from migrator.conductor.clock import wall_now

    if not read.approved:
        why = f": {'; '.join(read.lapsed)}" if read.lapsed else ""
        output.fail(
            InputError(
                "not-approved",
                f"no approval of {plan} counts{why}",
                hint="a decision maker approves it: `migrator approve PLAN --as NAME`",
            ),
            as_json=form is Format.json,
        )
        return HELD
    if platform not in PLATFORMS:
        near = difflib.get_close_matches(platform, PLATFORMS, 1)
        raise InputError(
            "platform-unknown",
            f"there is no platform {platform!r}" + (f"; {near[0]}?" if near else ""),
            hint=f"platforms are {', '.join(PLATFORMS)}; `simulated` moves nothing real",
        )
    window = read.itinerary.window
    if not window.start <= wall_now() < window.end:
        raise InputError(
            "outside-window",
            f"the window is from {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} "
            f"{window.time_zone}; a run in real time begins inside it",
            hint="practise with --speed, or plan for another window",
        )
    return 0


def _setting(
    itinerary: Itinerary,
    seed: int,
    speed: float | None,
    wall: bool,
    play: list[str],
    fault: Path | None,
    person: str | None,
) -> Setting:
    from migrator.platform.simulated.fault_file import read_faults
    from migrator.wiring import Setting

    members = itinerary.members
    present = tuple(dict.fromkeys(who(each, each, members) for each in play))
    user = os_user()
    by = who(person, user, members) if person else (person_id(user, members) or "conductor")
    return Setting(
        seed=seed,
        speed=1.0 if wall else speed or SPEED,
        by=by,
        play=present,
        faults=read_faults(fault, itinerary) if fault is not None else (),
        wall=wall,
    )


# --- the run ------------------------------------------------------------------------------------


def _begin(
    store: Store,
    read: Read,
    name: str | None,
    setting: Setting,
    waits: bool,
    shown: Shown,
) -> int:
    from migrator.wiring import begin_practice

    itinerary = read.itinerary
    called = name or free_name(store, itinerary.plan_name)
    led = begin_practice(store, itinerary, called, setting, read.files)
    minutes = (itinerary.window.end - itinerary.window.start).total_seconds() / 60 / setting.speed
    output.say(
        f"{mode_of(led)} {called}: {len(itinerary.legs)} subsystems in "
        f"{len(itinerary.waves)} waves, {setting.speed:g} times as fast as the wall; "
        f"the whole window takes {minutes:.1f} min"
    )
    if setting.play:
        output.say(f"really there: {', '.join(setting.play)}; everybody else is simulated")
    return _lead(led, called, waits, shown)


def _go_on(found: tuple[str, Practice | Live], waits: bool, shown: Shown) -> int:
    name, led = found
    output.say(f"{mode_of(led)} {name}: goes on after line {led.run.seq}")
    return _lead(led, name, waits, shown)


def _lead(led: Practice | Live, name: str, waits: bool, shown: Shown) -> int:
    """Lead the run until it ends or is left; tell the result, and give the exit code."""
    from migrator.cli.run_progress import Progress
    from migrator.cli.terminal import outliving_its_terminal, unheard
    from migrator.wiring import Practice, practise
    from migrator.wiring.forecast_process import forecaster_of

    wanted = shown.forecast if shown.forecast is not None else not isinstance(led, Practice)
    output.say(f"in another terminal: migrator watch {name}, migrator decide {name}")
    with outliving_its_terminal():
        # A log takes the place of the news: both on one stream would be neither.
        news = Progress(name, led.run, every_line=shown.every_line)
        with nullcontext() if shown.observers.logs else news as progress:
            seen = shown.observers
            with (
                calling(led, shown.notices) as caller,
                forecaster_of(led.store, led.journal, led.run, wanted=wanted) as beside,
            ):
                if wanted and beside is None:
                    output.say("nobody forecasts this run: its inventory was not pinned with it")
                if isinstance(led, Practice):
                    done = practise(
                        led, progress, waits_for_people=waits, observers=seen, forecaster=beside,
                        notifier=caller,
                    )  # fmt: skip
                else:
                    from migrator.wiring.live import conduct

                    done = conduct(
                        led, progress, waits_for_people=waits, observers=seen, forecaster=beside,
                        notifier=caller,
                    )  # fmt: skip
        with unheard():
            if shown.form is Format.json:
                output.emit(facts(name, done, mode_of(led)))
            else:
                show(name, done, mode_of(led))
    return exit_code(done)
