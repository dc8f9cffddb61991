"""The certificate's lines of a plan file: each figure with what it means beside it.

Called by `text.py`, which writes the rest of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from migrator.plan.assemble_means import flow_text
from migrator.plan.certificate import Certificate

_HOW: Final = {
    "compiled": "every decision was judged by playing it; the last ones on sampled weekends",
    "plain": "every decision was judged by its planned times; no weekends were played",
}


def certificate_lines(made: Certificate) -> Iterator[str]:
    """The block `certificate`."""
    yield "certificate:  # what was tried for this plan as it was made; hours of exposure"
    yield f"  search: {made.search}  # {_HOW.get(made.search, 'as it says')}"
    yield f"  objective_hours: {made.objective_hours!r}  # what the search lowered"
    if made.mean_hours is not None:
        yield f"  mean_hours: {made.mean_hours!r}  # over {made.weekends} weekends it had not seen"
        yield f"  tail_hours: {made.tail_hours!r}  # the mean of the worst fifth of them"
        yield f"  end_hours_p80: {made.end_hours_p80!r}  # four weekends of five end by then"
        yield f"  weekends: {made.weekends}"
    yield (
        f"  bound_hours: {made.bound_hours!r}"
        "  # no plan of expected durations is below it; a weak bound, good ones are not known"
    )
    yield (
        f"  restarts_hours: {list(made.restarts_hours)!r}"
        "  # the objective that other seeds ended with; far apart: search for longer"
    )
    yield f"  played: {made.played}"
    yield f"  inventory: {flow_text(made.inventory)}"
    if made.peers:
        yield f"  peers: {flow_text(made.peers)}"
