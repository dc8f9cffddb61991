"""Rules of a probes.yaml that no link fits: misspelt protocols, links that are gone.

Called by `migrator check` and where an inventory is read for sweeps, once the links are at hand.
Such a rule does no harm and does nothing, which nobody would notice; so it is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrator.errors import Fault
from migrator.inventory.door import did_you_mean
from migrator.inventory.reader import PROBES_FILE
from migrator.links.table import LinkTable
from migrator.probes.columns import missing_links
from migrator.probes.model import Declared, Match


def unmatched(declared: Declared, table: LinkTable) -> tuple[Fault, ...]:
    """What each rule names that no link has."""
    found = [_protocol(path, match, table) for path, match in _matches(declared)]
    wanted = {match.link: path for path, match in _matches(declared) if match.link is not None}
    gone = set(missing_links(table.parquet, sorted(wanted))) if wanted else set()
    links = [
        Fault(PROBES_FILE, None, f"{path}.link", f"there is no link '{link}'")
        for link, path in wanted.items()
        if link in gone
    ]
    return (*(fault for fault in found if fault is not None), *links)


def _matches(declared: Declared) -> Iterator[tuple[str, Match]]:
    """Every rule's match, with the rule's place in the file."""
    for number, check in enumerate(declared.checks):
        yield f"checks[{number}]", check.match
    for number, untestable in enumerate(declared.untestable):
        yield f"untestable[{number}]", untestable.match
    for number, waiver in enumerate(declared.waived):
        yield f"waived[{number}]", waiver.match


def _protocol(path: str, match: Match, table: LinkTable) -> Fault | None:
    if match.protocol is None or match.protocol in table.by_protocol:
        return None
    near = did_you_mean(match.protocol, table.by_protocol)
    message = f"no link speaks '{match.protocol}'{near}"
    return Fault(PROBES_FILE, None, f"{path}.match.protocol", message)
