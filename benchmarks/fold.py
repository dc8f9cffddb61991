"""How long a restart needs for a run's state: 1,000 events folded, and 50,000.

The events are those of rehearsed weekends of the sample estate, one after the other in one journal,
each over a copy of the estate with names of its own: one run with as many subsystems as so many
events need. The figure is the fold alone, as it is known how many lines a journal has; beside it
is what a restart does before: reading the lines from a store and proving each one's hash.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from _copies import Facts, many, repeated
from _runs import RUN, a_folder, an_estate, report

from migrator.engine.fold import fold
from migrator.engine.ports import Entry
from migrator.engine.run import new_run
from migrator.plan.model import Itinerary
from migrator.store.sql import open_store
from migrator.wiring import rehearsal

SIZES: Final = ((1_000, 15.0, 15), (50_000, 500.0, 5))
"""How many events, what folding them may take (ms), and how often it is measured."""


def main() -> None:
    """Measure, and print one line per figure."""
    estate = an_estate()
    weekend = [(line.at, line.event) for line in rehearsal(estate, seed=1, accidents=False).lines]
    with a_folder() as folder:
        for count, goal, times in SIZES:
            copies = -(-count // (len(weekend) - 2))
            itinerary = many(estate, copies)
            facts = repeated(weekend, copies)[:count]
            assert len(facts) == count
            assert fold(itinerary, facts).seq == count
            value = median_ms(partial(fold, itinerary, facts), times)
            others = {
                "a run without events, ms": median_ms(partial(new_run, itinerary), times),
                **restart(folder / str(count), itinerary, facts),
            }
            report(f"fold of {count:,} events", value, "ms", goal, others)


def restart(folder: Path, itinerary: Itinerary, facts: Facts) -> dict[str, object]:
    """What a restart needs to read and to prove the same journal (ms)."""
    with open_store(folder, practice=True) as store:
        journal = store.create_run(
            RUN, itinerary, seed=1, mode="virtual", target="nowhere", plan_digest=""
        )
        journal.append([Entry(at, "engine", event) for at, event in facts])
        return {
            "subsystems": len(itinerary.legs),
            "read from SQLite, ms": median_ms(journal.lines, 3),
            "prove every hash, ms": median_ms(journal.verify, 3),
        }


def median_ms(act: Callable[[], object], times: int) -> float:
    """Milliseconds of an act, the median of several; the first one does not count."""
    taken = []
    for _ in range(times + 1):
        gc.collect()
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(taken[1:]), 2)


if __name__ == "__main__":
    main()
