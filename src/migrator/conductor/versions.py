"""Another version of the program goes on with a run: refused, or answered for by a person.

Called by whoever leads a run again, before its loop runs. A newer version may decide otherwise in
the same state, so going on is a decision: it becomes a line of the journal, and is asked about once
for each version. Nobody is asked here; the words are said where people are.
"""

from __future__ import annotations

from typing import Final

from migrator import __version__
from migrator.conductor.clock import wall_now
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.ports import Entry, Journal
from migrator.engine.run import Run
from migrator.engine.states import RunState
from migrator.errors import RefusedError

OTHER_VERSION: Final = "other-version"


def is_other(run: Run, version: str = __version__) -> bool:
    """Tell whether another version led it last; a run that has ended is only read."""
    return run.program != version and run.state is not RunState.ENDED


def other_version(run: Run, name: str, version: str = __version__) -> RefusedError:
    """The refusal to go on without an answer."""
    return RefusedError(
        OTHER_VERSION,
        f"version {run.program} led {name} last, and this is version {version}",
        hint="go on with the version that led it, or answer for the change: "
        f"migrator run --continue {name} --accept-version",
    )


def accept(journal: Journal, run: Run, by: str, version: str = __version__) -> None:
    """Keep in the journal who lets this version go on. The caller leads the run."""
    assert run.started is not None, "a run that is led has its first line"
    assert run.now is not None, "and that line has its time"
    at = max(run.now, wall_now()) if run.started.mode == "wall" else run.now
    accepted = ev.VersionAccepted(run.program, version, by)
    journal.append([Entry(at, by, accepted)])
    apply(run, at, accepted)
