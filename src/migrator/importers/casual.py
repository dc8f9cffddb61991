"""Reads Casual's domain configuration into a Draft: domains or groups become subsystems.

Called by `cli/imports_live.py`. Several files of one domain are merged, several domains are read
at once, and a link is made where one domain's gateway dials the address that another one listens
on. Nothing is connected to, and no secret of an openinfo is ever kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrator.errors import InputError
from migrator.importers.casual_domains import read_domains
from migrator.importers.casual_files import SUFFIXES
from migrator.importers.casual_links import Links
from migrator.importers.casual_model import Domain
from migrator.importers.casual_parts import Parts, Split
from migrator.importers.compose_variables import read_env
from migrator.importers.coverage import Collector, Ignored, Noted
from migrator.importers.draft import Draft
from migrator.importers.evidence import merge
from migrator.importers.files import collect


def read_casual(
    paths: Sequence[Path],
    name: str = "",
    *,
    split: Split = "domain",
    variables: Path | None = None,
) -> Draft:
    """Read the configuration under `paths`.

    `split` says whether a subsystem is a domain or a group of one; `variables` is a file of
    KEY=VALUE that overrules what the domains say themselves.
    """
    collector = Collector()
    collected = collect(paths, SUFFIXES)
    for passed in collected.passed_over:
        collector.ignored.add(Ignored(passed.shown, 1, "file", passed.why))
    given = _variables(variables)
    domains = read_domains(collected.files, given, collector)
    if not domains:
        raise InputError(
            "import-no-domains",
            f"no Casual domain in {len(collected.files)} files",
            hint="name the files whose root is `domain`: configuration in YAML, JSON, XML or INI",
        )
    _note_routes(domains, collector)
    parts = Parts(domains, split, collector)
    found = Links(parts, collector).all()
    return Draft(
        name or _default_name(paths),
        parts.subsystems(),
        merge(found, {}),
        (),
        collector.freeze("casual"),
    )


def _variables(path: Path | None) -> dict[str, str]:
    """The values of a file of variables; none where no file is given."""
    if path is None:
        return {}
    return read_env(collect([path], ()).files[0].text)


def _note_routes(domains: Sequence[Domain], collector: Collector) -> None:
    """Name the services that callers know by other names: a caller's log shows the route."""
    for domain in domains:
        for service, routes in sorted(domain.services.items()):
            if routes:
                said = f"callers use {', '.join(routes)} and not its name"
                collector.notes.add(
                    Noted("routes", f"{domain.name}/{service}", said, domain.node.file, 1)
                )


def _default_name(paths: Sequence[Path]) -> str:
    first = paths[0].resolve()
    return first.name if first.is_dir() else first.parent.name or first.stem
