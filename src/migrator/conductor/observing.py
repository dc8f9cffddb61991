"""What is shown of a run beside its screen: a log, and metrics. Off unless somebody asks.

Opened by the command line before a run begins, so that a port that is taken stops nothing half
begun; attached to the conductor by `wiring`. The two libraries are loaded here when they are asked
for and nowhere else: a run without them, and every other command, never waits for them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from migrator.conductor.loop import Conductor
    from migrator.conductor.metrics import Metrics, MetricsPage
    from migrator.conductor.telling import Telling


class LogForm(Enum):
    """How the log is written, if at all."""

    console = "console"  # aligned words, for a person
    json = "json"  # one object a line, for a log store
    off = "off"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants to see. `metrics` is a port or an address of this machine."""

    log: LogForm = LogForm.off
    metrics: str = ""


class Observers:
    """The log and the metrics of one run. Use it in a `with`, around the run."""

    def __init__(self, wishes: Wishes) -> None:
        """Open the port. Raises InputError or EnvironmentFailed before anything has begun."""
        self._log = wishes.log
        self._telling: Telling | None = None
        self._metrics: Metrics | None = None
        self._page: MetricsPage | None = None
        self._conductor: Conductor | None = None
        if wishes.metrics:
            from migrator.conductor.metrics import Metrics, MetricsPage, read_address

            address = read_address(wishes.metrics)
            self._metrics = Metrics()
            self._page = MetricsPage(self._metrics.registry, address)

    @property
    def metrics_at(self) -> str:
        """The link of the metrics; empty where nobody asked for them."""
        return "" if self._page is None else str(self._page.address)

    @property
    def logs(self) -> bool:
        """Tell whether a log is written."""
        return self._log is not LogForm.off

    def attach(self, conductor: Conductor, run_name: str) -> None:
        """Observe a conductor from here on, the line that began its run included."""
        self._conductor = conductor
        run = conductor.run
        # A run that begins here has one line that was written before anybody could listen.
        first = tuple(conductor.journal.lines()) if run.seq == 1 else ()
        if self._metrics is not None:
            self._metrics.begins(run_name, run)
            conductor.journal = self._metrics.timed(conductor.journal)
            conductor.listeners.append(self._metrics.on_commit)
            if first:
                self._metrics.on_commit(run, first)
        if self.logs:
            from migrator.conductor.telling import STDERR, Sink, Telling

            colours = os.isatty(STDERR) and "NO_COLOR" not in os.environ
            as_json = self._log is LogForm.json
            self._telling = Telling(run_name, Sink(), as_json=as_json, colours=colours)
            self._telling.begins(run)
            self._telling(run, first)
            conductor.listeners.append(self._telling)
            if self._metrics is not None:
                sink = self._telling.sink
                self._metrics.counts_drops(lambda: sink.dropped)

    def close(self) -> None:
        """Write what waits to be written, and let go of the port."""
        if self._telling is not None:
            assert self._conductor is not None, "it tells of a conductor"
            self._telling.ends(self._conductor.run)
            self._telling.close()
            self._telling = None
        if self._page is not None:
            self._page.close()
            self._page = None

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
