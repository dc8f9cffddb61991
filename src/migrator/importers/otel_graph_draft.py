"""Counted calls between named services into a Draft: for sources that saw calls and no addresses.

Called by `otel_graph.py` and `jaeger.py`. Names are taken as they are: two that differ are two
services, because whoever draws such a graph knows them by these names only. A count becomes calls
per day only where the time that it covers is known; otherwise nobody counted, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from migrator.errors import InputError
from migrator.ids import ComponentId, SubsystemId
from migrator.importers.coverage import Collector, Ignored
from migrator.importers.draft import Draft, DraftComponent, DraftSubsystem, as_id, unique_id
from migrator.importers.evidence import Evidence, FoundLink, merge
from migrator.inventory.model import Kind

SECONDS_PER_DAY: Final = 86_400

NO_SYSTEMS: Final = frozenset(("", "unknown", "user"))
"""What a graph writes where it does not know who called or was called."""


@dataclass(frozen=True, slots=True)
class SeenCall:
    """Calls from one service to another. `seconds` is None where the time is not known."""

    source: str
    target: str
    protocol: str | None  # None: the source does not say
    calls: int
    seconds: float | None
    evidence: Evidence

    @property
    def calls_per_day(self) -> int | None:
        """Calls in a day; at least one where any was seen. None where nobody knows the time."""
        if not self.seconds:
            return None
        return max(round(self.calls * SECONDS_PER_DAY / self.seconds), 1 if self.calls else 0)


def draft_of(
    calls: Iterable[SeenCall],
    outside: Mapping[str, str],
    name: str,
    what: str,
    collector: Collector,
) -> Draft:
    """The services and their links. `outside` says why a service is no service of ours."""
    kept = [each for each in calls if _is_between_systems(each, collector)]
    if not kept:
        raise InputError(
            "import-no-calls",
            "the files name no call from one system to another",
            hint="take the graph over a time in which there was traffic, and see that the query "
            "keeps the names of both sides",
        )
    names = sorted({end for each in kept for end in (each.source, each.target)})
    stores = {each.target for each in kept if each.protocol == "database"}
    ids: dict[str, str] = {}
    for each in names:
        ids[each] = unique_id(as_id(each), ids.values())
    subsystems = [
        _subsystem(each, ids[each], outside.get(each), holds=each in stores) for each in names
    ]
    found = [
        FoundLink(
            ComponentId(ids[each.source]),
            ComponentId(ids[each.target]),
            each.protocol,
            None,
            each.evidence,
            each.calls_per_day,
        )
        for each in kept
    ]
    ordered = tuple(sorted(subsystems, key=lambda each: each.id))
    return Draft(name, ordered, merge(found, {}), (), collector.freeze(what))


def _is_between_systems(call: SeenCall, collector: Collector) -> bool:
    """Tell whether both ends are systems and differ; keep account of the call if not."""
    why = ""
    if call.source in NO_SYSTEMS or call.target in NO_SYSTEMS:
        why = "one end is not known to the graph: an entry from outside, or a service without spans"
    elif call.source == call.target:
        why = "the service calls itself"
    if why:
        place = call.evidence
        said = f"{call.source or '(nobody)'} to {call.target or '(nobody)'}, {call.calls} calls"
        collector.ignored.add(Ignored(place.file, place.line, said, why))
    return not why


def _subsystem(name: str, own: str, outside: str | None, *, holds: bool) -> DraftSubsystem:
    kind, role = Kind.STATELESS, "process"
    why = "a service that was seen in traces; nothing says what it keeps"
    if outside is not None:
        kind, role, why = Kind.EXTERNAL, "external", outside
    elif holds:
        kind, role, why = Kind.STATEFUL, "store", "calls to it are calls to a database"
    component = DraftComponent(ComponentId(own), name, role, None)
    return DraftSubsystem(SubsystemId(own), name, kind, why, (component,))
