"""Prometheus metrics of the run that this process leads, and the page that serves them.

Made by `observing.py`; fed by the same listener as the log, and by a journal that times its
commits. Label values come from closed sets only (kinds, states, outcomes), never from subsystems,
links or people, so the page stays small whatever the estate. Gauges are set in the conductor's
thread and read in the server's, which is the only thing that the two share. The page has no
password, so it is served to this machine only.
"""

from __future__ import annotations

import ipaddress
import socket
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    make_wsgi_app,
)
from prometheus_client.exposition import ThreadingWSGIServer

from migrator.conductor.clock import seconds, wall_now
from migrator.engine import events as ev
from migrator.engine.commands import VERBS
from migrator.engine.ports import Entry, Journal, Line, OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import CheckState, RunState, Side, State, WaveState
from migrator.errors import EnvironmentFailed, InputError
from migrator.incidents.model import Level
from migrator.plan.model import Itinerary, StepKind, Trouble, UndoKind

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PATH: Final = "/metrics"
LOOPBACK: Final = "127.0.0.1"

REQUEST_SECONDS_MAX: Final = 5
"""Whoever connects and says nothing is let go."""

CLOSING_SECONDS: Final = 0.1
"""How long closing takes at most: so often the server looks whether it should end."""

RUN_SECONDS: Final = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800)
"""From a probe of ten seconds to a copy of a night."""

COMMIT_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""A good disk commits in 1 ms, and 50 ms is the goal for the slowest hundredth."""

OTHER: Final = "other"
"""What is not in a closed set has one label value, so that no adapter can make thousands."""

ACTS: Final = frozenset(kind.value for each in (StepKind, UndoKind) for kind in each)
OUTCOMES: Final = frozenset({"done", "failed", "timed_out", "not_done", "unknown"})
TROUBLES: Final = frozenset(trouble.value for trouble in Trouble) | {"operator", "in_doubt"}
CHECK_KINDS: Final = (
    ev.CheckOpened, ev.CheckAssigned, ev.TickGiven, ev.TickWithdrawn, ev.WrongSideSeen,
    ev.CheckPassed, ev.CheckVoided, ev.CheckHandedOver, ev.CheckEscalated, ev.DefectRaised,
)  # fmt: skip

ACTS_ONLY: Final = (
    ev.StepStarted, ev.StepEnded, ev.StepDoubted, ev.UndoStarted, ev.UndoEnded, ev.UndoDoubted,
    ev.LinksJudged,
)  # fmt: skip
"""Most commits hold nothing else. They change no state of a wave and no hold (engine/states.py)."""

ActEnded = ev.StepEnded | ev.UndoEnded | ev.StepSettled | ev.UndoSettled


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served: this machine, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as a link."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{PATH}"


def read_address(text: str) -> Address:
    """`9464`, `127.0.0.1:9464` or `[::1]:9464`; InputError for anything that others can reach."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or LOOPBACK
    # The name is not looked up: what it means is up to a file that may say anything.
    host = LOOPBACK if host == "localhost" else host
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise InputError(
            "metrics-address",
            f"metrics are served to this machine only, and {host!r} is not an address of it alone",
            hint=f"give a port: {port or 9464}; from elsewhere, forward it: ssh -L, or a proxy "
            "with sign-in",
        )
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise InputError(
            "metrics-address",
            f"{port!r} is no port for the metrics",
            hint="give a number from 1 to 65535 that nobody uses, such as 9464",
        )
    return Address(host, int(port))


class Metrics:
    """The figures of one led run. `on_commit` is a listener; `timed` wraps the run's journal."""

    def __init__(self) -> None:
        """Make every series that is known beforehand, so that a rate begins at nought."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no type here
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._started: dict[tuple[str, str], datetime] = {}
        self._make_counters()
        self._make_gauges()

    def _make_counters(self) -> None:
        registry = self.registry
        self._events = Counter(
            "migrator_events", "Journal lines that this process wrote.", ["kind"], registry=registry
        )
        for kind in ev.KINDS:
            self._events.labels(kind)
        self._acts = Counter(
            "migrator_acts_ended",
            "Steps and undos that ended, or were settled after a doubt.",
            ["kind", "outcome"],
            registry=registry,
        )
        self._act_seconds = Histogram(
            "migrator_act_run_seconds",
            "How long steps and undos took, in seconds of run time.",
            ["kind"],
            buckets=RUN_SECONDS,
            registry=registry,
        )
        self._commands = Counter(
            "migrator_commands", "Verbs that were answered.", ["verb", "answer"], registry=registry
        )
        self._commits = Histogram(
            "migrator_commit_seconds",
            "How long a commit of the journal took, in seconds of the wall clock.",
            buckets=COMMIT_SECONDS,
            registry=registry,
        )
        self._refused = Counter(
            "migrator_commits_failed", "Commits that the store refused.", registry=registry
        )

    def _make_gauges(self) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"migrator_{name}", text, labels, registry=self.registry)

        self._info = gauge(
            "run_info", "Which run this process leads; always 1.", "run", "mode", "practice",
            "program",
        )  # fmt: skip
        self._run_state = gauge("run_state", "1 for the state the run is in.", "state")
        self._waves = gauge("waves", "Waves by state.", "state")
        self._checks = gauge("checks", "Checks by state.", "state")
        self._sides = gauge("subsystems", "Subsystems by the side with authority.", "authority")
        self._holds = gauge("holds_open", "Holds that stand, by trouble.", "trouble")
        self._disturbed = gauge("disturbances_open", "Disturbances that are open.", "level")
        self._in_flight = gauge("acts_in_flight", "Steps and undos that began and did not end.")
        self._unknown = gauge("acts_unknown", "Acts of which only a person can tell the outcome.")
        self._waiting = gauge("stalls_open", "Things that wait for longer than they should.")
        self._seq = gauge("last_line_seq", "Number of the journal's last line.")
        self._epoch = gauge("epoch", "Epoch in which this process leads; 0 before its first line.")
        self._at_wall = gauge(
            "last_line_timestamp_seconds", "When the last line was written, wall time."
        )
        self._at_run = gauge("last_line_run_timestamp_seconds", "The last line's run time.")
        self._dropped = gauge("log_lines_dropped", "Log lines that could not be written.")

    def begins(self, run_name: str, run: Run) -> None:
        """Show a run as it stands when this process begins to lead it."""
        started = run.started
        if started is not None:
            practice = str(started.practice).lower()
            self._info.labels(run_name, started.mode, practice, started.program).set(1)
        for (move, act), record in run.in_flight.items():
            if record.started is not None:
                self._started[move, act] = record.started
        self._seq.set(run.seq)
        if run.now is not None:
            self._at_run.set(run.now.timestamp())
        self._show_acts(run)
        self._show_states(run, checks=True)

    def counts_drops(self, dropped: Callable[[], int]) -> None:
        """Show how many lines the log has lost; asked at each look."""
        self._dropped.set_function(dropped)

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        """Count the lines of a commit, and show the run after it."""
        for line in lines:
            self._events.labels(type(line.event).__name__).inc()
            self._count(line)
        last = lines[-1]
        self._seq.set(last.seq)
        self._epoch.set(last.epoch)
        self._at_wall.set(wall_now().timestamp())
        self._at_run.set(last.at.timestamp())
        self._show_acts(run)
        if not all(isinstance(line.event, ACTS_ONLY) for line in lines):
            # Checks are the many: they are counted anew only where one may have changed.
            self._show_states(
                run, checks=any(isinstance(each.event, CHECK_KINDS) for each in lines)
            )

    def timed(self, journal: Journal) -> Journal:
        """The same journal, whose commits are timed."""
        return TimedJournal(journal, self._commits.observe, self._refused.inc)

    def _count(self, line: Line) -> None:
        match line.event:
            case ev.StepStarted(move=move, step=act) | ev.UndoStarted(move=move, undo=act):
                self._started[move, act] = line.at
            case ev.StepEnded(move=move, step=act) | ev.UndoEnded(move=move, undo=act):
                self._act_ended(line.event, act)
                began = self._started.pop((move, act), None)
                if began is not None:
                    took = (line.at - began).total_seconds()
                    self._act_seconds.labels(_one_of(act, ACTS)).observe(took)
            case ev.StepSettled(move=move, step=act) | ev.UndoSettled(move=move, undo=act):
                self._act_ended(line.event, act)
                self._started.pop((move, act), None)  # how long it took, nobody knows
            case ev.CommandTaken(verb=verb):
                self._commands.labels(_one_of(verb, VERBS), "taken").inc()
            case ev.CommandRefused(verb=verb):
                self._commands.labels(_one_of(verb, VERBS), "refused").inc()
            case _:
                pass

    def _act_ended(self, event: ActEnded, act: str) -> None:
        self._acts.labels(_one_of(act, ACTS), _one_of(event.outcome, OUTCOMES)).inc()

    def _show_acts(self, run: Run) -> None:
        self._in_flight.set(len(run.in_flight))
        self._unknown.set(len(run.unknown))
        self._waiting.set(len(run.stalled))

    def _show_states(self, run: Run, *, checks: bool) -> None:
        _set_states(self._run_state, RunState, [run.state])
        _set_states(self._waves, WaveState, [wave.state for wave in run.waves.values()])
        _set_states(self._sides, Side, run.authority.values())
        if checks:
            _set_states(self._checks, CheckState, [check.state for check in run.checks.values()])
        holds = Tally(
            _one_of(hold.trouble, TROUBLES) for wave in run.waves.values() for hold in wave.holds
        )
        for trouble in (*TROUBLES, OTHER):
            self._holds.labels(trouble).set(holds[trouble])
        levels = Tally(known.level for known in run.unsettled.values())
        for level in (Level.YELLOW, Level.RED):
            self._disturbed.labels(level.value).set(levels[level])


class TimedJournal:
    """A journal whose commits are timed by the wall; everything else is passed on."""

    def __init__(
        self, journal: Journal, took: Callable[[float], None], failed: Callable[[], None]
    ) -> None:
        """Time the commits of this journal."""
        self._journal, self._took, self._failed = journal, took, failed

    def append(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
        """Append, and say how long it took; a refused one is counted apart."""
        began = seconds()
        written = False
        try:
            lines = self._journal.append(entries)
            written = True
        finally:
            if not written:
                self._failed()
        self._took(seconds() - began)
        return lines

    def lines(self, after: int = 0) -> Iterable[Line]:
        """The lines after `after`, in order."""
        return self._journal.lines(after)

    def take_commands(self) -> tuple[OperatorCommand, ...]:
        """The commands that wait for an answer, oldest first."""
        return self._journal.take_commands()

    def itinerary(self) -> Itinerary:
        """The pinned itinerary of the run."""
        return self._journal.itinerary()


class MetricsPage:
    """The page at an address of this machine, served by a thread until it is closed."""

    def __init__(self, registry: CollectorRegistry, address: Address) -> None:
        """Open the port. Raises EnvironmentFailed where it cannot be had."""
        assert ipaddress.ip_address(address.host).is_loopback, "read_address lets no other through"
        kind = _Server6 if ":" in address.host else ThreadingWSGIServer
        try:
            self._server = make_server(
                address.host, address.port, _only_metrics(make_wsgi_app(registry)), kind, _Handler
            )
        except OSError as error:
            raise EnvironmentFailed(
                "metrics-port",
                f"the metrics cannot be served at {address}: {error.strerror or error}",
                hint="name another port, or leave --metrics out; `ss -ltnp` shows who has it",
            ) from error
        self.address = Address(address.host, self._server.server_port)
        # A daemon: nobody who looks at figures may keep the process of a run alive.
        self._thread = Thread(
            target=self._server.serve_forever, args=[CLOSING_SECONDS], name="metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Let go of the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server6(ThreadingWSGIServer):
    """The same, on an address with colons."""

    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    """Answers one request, without a line for each of them on somebody's screen."""

    timeout = REQUEST_SECONDS_MAX

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _only_metrics(everything: WSGIApplication) -> WSGIApplication:
    """The library answers every path with the metrics; a mistyped one should say so."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == PATH:
            return everything(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"the metrics are at {PATH}\n".encode()]

    return answer


def _set_states(gauge: Gauge, states: type[State], found: Iterable[State]) -> None:
    """Show how many are in each state, those with none included."""
    tally = Tally(found)
    for state in states:
        gauge.labels(str(state.value)).set(tally[state])


def _one_of(text: str, known: Iterable[str]) -> str:
    return text if text in known else OTHER
