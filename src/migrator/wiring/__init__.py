"""The only package that joins engine, conductor and adapters; called by the command line.

`rehearsing` (virtual time, simulated platform), `practising` (scaled time, durable) and `live`
(real time, real effects) differ in their clock, their journal, their platform and who is really
there, and in nothing else.
"""

from migrator.wiring.practising import (
    Practice,
    Practised,
    Setting,
    begin_practice,
    continue_practice,
    open_run,
    practise,
)
from migrator.wiring.rehearsing import (
    SIMULATED_TARGET,
    STATE_FOLDER,
    Exercised,
    Rehearsed,
    begin,
    dry_run,
    keep_rehearsal,
    rehearsal,
    run_name,
)

__all__ = [
    "SIMULATED_TARGET",
    "STATE_FOLDER",
    "Exercised",
    "Practice",
    "Practised",
    "Rehearsed",
    "Setting",
    "begin",
    "begin_practice",
    "continue_practice",
    "dry_run",
    "keep_rehearsal",
    "open_run",
    "practise",
    "rehearsal",
    "run_name",
]
