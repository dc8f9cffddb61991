"""Reads Jaeger's dependencies (`/api/dependencies`): who called whom, and how often.

Called by `cli/imports_live.py`. The answer does not say which time it covers; whoever asked knows,
and says it with the window. The same pair may stand there twice (once per source of spans): these
are different calls, and are added up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.importers.coverage import Collector, Ignored
from migrator.importers.draft import Draft
from migrator.importers.evidence import Evidence, EvidenceKind
from migrator.importers.files import SourceFile, collect, read_all
from migrator.importers.otel_graph_draft import SeenCall, draft_of

SUFFIXES: Final = (".json",)

COUNT_MAX: Final = 2**53
"""Beyond this a JSON number is no longer exact, and no count of calls."""


def read_jaeger(
    paths: Sequence[Path], name: str = "", *, window_hours: float | None = None
) -> Draft:
    """Read the dependencies. `window_hours` is the time that the counts cover."""
    collector = Collector()
    collected = collect(paths, SUFFIXES)
    for passed in collected.passed_over:
        collector.ignored.add(Ignored(passed.shown, 1, "file", passed.why))
    seconds = None if window_hours is None else window_hours * 3600
    found = read_all(collected.files, lambda file: _pairs(file, collector))
    counts: dict[tuple[str, str], tuple[int, str, str]] = {}
    for file, pairs in zip(collected.files, found, strict=True):
        for parent, child, count, path in pairs:
            before, shown, first = counts.get((parent, child), (0, file.shown, path))
            counts[parent, child] = (before + count, shown, first)
    time = "over a time that nobody gave" if seconds is None else f"in {window_hours:g} hours"
    calls = [
        SeenCall(
            parent,
            child,
            None,
            count,
            seconds,
            Evidence(shown, 1, path, f"{count} calls {time}", EvidenceKind.TRACES),
        )
        for (parent, child), (count, shown, path) in sorted(counts.items())
    ]
    first_path = paths[0].resolve()
    own = name or (first_path.name if first_path.is_dir() else first_path.stem)
    return draft_of(calls, {}, own, "jaeger", collector)


def _pairs(file: SourceFile, collector: Collector) -> list[tuple[str, str, int, str]]:
    """Parent, child, count and place of every dependency; raises with all faults of the file."""
    faults: list[Fault] = []

    def fault(line: int | None, path: str, message: str) -> None:
        faults.append(Fault(str(file.path), line, path, message))

    pairs: list[tuple[str, str, int, str]] = []
    entries = _entries(file, fault)
    for index, entry in enumerate(entries):
        path = f"data[{index}]"
        if not isinstance(entry, dict):
            fault(1, path, "wants parent, child and callCount")
            continue
        parent, child, count = entry.get("parent"), entry.get("child"), entry.get("callCount")
        if not isinstance(parent, str) or not isinstance(child, str):
            fault(1, path, "wants parent and child as text")
        elif isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= COUNT_MAX:
            fault(1, f"{path}.callCount", "wants a count of calls")
        else:
            pairs.append((parent, child, count, path))
    if faults:
        raise InputError(
            "import-broken-documents", "broken dependencies", hint="mend them", faults=tuple(faults)
        )
    collector.saw(file.shown)
    for _ in pairs:
        collector.saw(file.shown, "dependency")
    return pairs


def _entries(file: SourceFile, fault: Callable[[int | None, str, str], None]) -> list[object]:
    """The list of dependencies; empty, with a fault, where the file is none."""
    try:
        answer = json.loads(file.text)
    except json.JSONDecodeError as error:
        fault(error.lineno, "", error.msg)
        return []
    except RecursionError:
        fault(None, "", "nests too deep")
        return []
    data = answer.get("data") if isinstance(answer, dict) else answer
    if isinstance(data, list):
        return list(data)
    errors = answer.get("errors") if isinstance(answer, dict) else None
    said = f"the answer is an error: {str(errors)[:200]}" if errors else "it has no data"
    fault(1, "data", f"no dependencies: {said}")
    return []
