"""The components of a sample subsystem: its processes, stores, queues and gateways.

Called by `estate.py`. Links start and end at components, so hubs have more of them than leaves.
The first components of each kind are always there; chance adds the rest. No I/O, no numpy.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from migrator.importers.sample_estate.catalogue import Entry

COMPONENTS_MAX: Final = 24
"""More would make the file of subsystems longer than anybody reads."""


@dataclass(frozen=True, slots=True)
class ComponentDraft:
    """One component of a sample subsystem."""

    id: str
    role: str
    technology: str


_CHANNEL: Final = (("webb", "frontend", "node"),)
_STATELESS: Final = (("api", "gateway", "nginx"), ("tjanst", "process", "java"))
_STATEFUL: Final = (
    ("tjanst", "process", "java"),
    ("db", "store", "postgresql"),
    ("api", "gateway", "nginx"),
    ("ko", "queue", "rabbitmq"),
)
_BATCH: Final = (
    ("korning", "batch", "java-batch"),
    ("mellanlager", "store", "postgresql"),
    ("styrning", "process", "java"),
)
_STAYS: Final = (
    ("program", "process", "cobol"),
    ("natt", "batch", "cobol"),
    ("filer", "store", "isam"),
)
_EXTERNAL: Final = (("port", "external", "unknown"),)

_MORE: Final = (
    ("mottagning", "process"),
    ("validering", "process"),
    ("urval", "process"),
    ("sammanstallning", "process"),
    ("inlasning", "batch"),
    ("svar", "process"),
    ("handelser", "queue"),
    ("sokning", "process"),
    ("historik-db", "store"),
    ("rattning", "process"),
    ("export", "batch"),
    ("behandling", "process"),
    ("prioritering", "process"),
    ("tidsregler", "process"),
    ("indata-ko", "queue"),
    ("kontroll", "process"),
    ("rapport", "batch"),
    ("uppslag", "process"),
    ("formatering", "process"),
    ("arkivering", "batch"),
    ("cache", "store"),
    ("omsandning", "process"),
)
_TECHNOLOGIES: Final = {
    "process": ("java", "java", "java", "quarkus", "python", "cpp"),
    "batch": ("java-batch", "java-batch", "python"),
    "queue": ("rabbitmq", "artemis"),
    "store": ("postgresql", "postgresql", "oracle", "db2"),
}


def components_of(entry: Entry, draw: random.Random) -> tuple[ComponentDraft, ...]:
    """Draw the components of one subsystem."""
    if entry.kind == "external":
        return _drafts(entry, _EXTERNAL)
    first = {"stateful": _STATEFUL, "batch": _BATCH, "stays": _STAYS}.get(entry.kind, _STATELESS)
    if entry.tier == "channel":
        first = (*_CHANNEL, *first)
    # Pareto with exponent 1.5: most have a handful, the hubs many times that.
    extra = int(draw.paretovariate(1.5)) + entry.pull // 3
    room = COMPONENTS_MAX - len(first)
    more = tuple(
        (word, role, _technology(entry, role, draw)) for word, role in _MORE[: min(extra, room)]
    )
    if entry.kind == "stays":
        more = tuple(row for row in more if row[1] in {"process", "batch"})
    return _drafts(entry, (*_with_xatmi(entry, first), *more))


def _with_xatmi(
    entry: Entry, rows: tuple[tuple[str, str, str], ...]
) -> tuple[tuple[str, str, str], ...]:
    """The heart of the older benefits and cases runs in the XATMI middleware Casual."""
    if entry.tier not in {"benefit", "case"} or entry.kind != "stateful":
        return rows
    return tuple((word, role, "casual" if word == "tjanst" else tech) for word, role, tech in rows)


def _technology(entry: Entry, role: str, draw: random.Random) -> str:
    if entry.kind == "stays":
        return "cobol"
    return draw.choice(_TECHNOLOGIES[role])


def _drafts(entry: Entry, rows: tuple[tuple[str, str, str], ...]) -> tuple[ComponentDraft, ...]:
    return tuple(ComponentDraft(f"{entry.id}.{word}", role, tech) for word, role, tech in rows)
