"""What older programs wrote, read by this one: one small function from each version to the next.

`chain.to_line` calls `upcast` for every line that it reads. A line in a store is never rewritten,
because its hash covers what it was: only what is read is carried over. To change what an event's
fields mean, raise its version in `engine/events.py` and add the function from the version before;
a new field with a default needs neither. A version that nothing here leads from is refused, and
with it the run whose journal holds it; other runs do not notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from migrator.engine.events import VERSIONS, Value
from migrator.errors import JournalError

Data = dict[str, Value]
Upcasters = Mapping[tuple[str, int], Callable[[Data], Data]]

UPCASTERS: Final[Upcasters] = MappingProxyType({})
"""(kind, version) -> the function that makes data of the next version out of data of this one."""


def upcast(
    seq: int, kind: str, version: int, data: Data, upcasters: Upcasters | None = None
) -> Data:
    """The data of a line as this version of its kind has it. An unknown kind passes: see events.

    Raises JournalError where no way leads from the line's version to ours.
    """
    ways = UPCASTERS if upcasters is None else upcasters
    known = VERSIONS.get(kind, version)
    while version != known:
        step = ways.get((kind, version))
        if step is None:
            raise JournalError(
                "journal-unknown-kind",
                f"line {seq} holds a {kind} of version {version}; "
                f"this program reads version {known} and has no way from there",
                hint="open the run with the program version that wrote it, or a newer one",
            )
        version, data = version + 1, step(data)
    return data
