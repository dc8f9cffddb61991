"""What was learned, by hand, for tests of those who read it."""

from __future__ import annotations

from migrator.forecast.durations import Durations, Kind, LearnedKind, LearnedOwn
from migrator.forecast.learned import Failures, Learned, Taught


def a_learned(estate: str = "small") -> Learned:
    """From a live run and a simulated one."""
    return Learned(
        estate=estate,
        inventory_digest="ab" * 32,
        runs=(Taught("autumn", "live", "cd" * 32, 300), Taught("p1", "simulated", "ef" * 32, 20)),
        durations=Durations(
            kinds=(
                LearnedKind(Kind("copy", "stateful"), 40, 1.25, 0.3, 0.9),
                LearnedKind(Kind("tick", "function"), 3, 0.8, 0.4, 0.42),
            ),
            own=(LearnedOwn("ledger", "copy", 2, 1.1),),
            shock_sigma=0.08,
            together=0.75,
        ),
        failures=Failures(10, 2, 1.5),
    )
