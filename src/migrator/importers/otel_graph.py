"""Reads OpenTelemetry's service graph: Prometheus text, or the JSON answer of a query.

Called by `cli/imports_live.py`. The graph is a set of counters, one per caller, called and kind of
connection, and per collector that counted. A counter that falls was started anew, and goes on from
nothing. Several files are several looks at the same counters, in the order of their time stamps or
of their names. Spans without a partner mean that the graph is incomplete, and that is said.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.importers.coverage import Collector, Ignored, Noted
from migrator.importers.draft import Draft
from migrator.importers.evidence import Evidence, EvidenceKind
from migrator.importers.files import SourceFile, collect, read_all
from migrator.importers.otel_graph_draft import SeenCall, draft_of

SUFFIXES: Final = (".prom", ".txt", ".json")

TOTAL: Final = "traces_service_graph_request_total"
FAILED: Final = "traces_service_graph_request_failed_total"
GAPS: Final = {
    "traces_service_graph_unpaired_spans_total": "spans found no partner",
    "traces_service_graph_dropped_spans_total": "spans were dropped",
}
"""Counters that say that calls are missing from the graph."""

PROTOCOLS: Final = {"database": "database", "messaging_system": "messaging"}
"""What a kind of connection says about the protocol; any other says nothing."""

_LINE: Final = re.compile(
    r"(?P<name>[A-Za-z_:][\w:]*)\s*(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)"
    r"(?:\s+(?P<time>-?\d+))?(?:\s+#.*)?"
)
_LABEL: Final = re.compile(r'\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPE: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Sample:
    """One counter at one time. `at` is in seconds; None where the file does not say."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float
    at: float | None
    file: str
    line: int
    path: str

    def label(self, key: str) -> str:
        """The value of a label; empty where there is none."""
        return dict(self.labels).get(key, "")


@dataclass(frozen=True, slots=True)
class Increase:
    """How much a counter grew, and from when to when (None: not known)."""

    grown: float
    seconds: float | None
    first: Sample


def read_otel_graph(
    paths: Sequence[Path], name: str = "", *, window_hours: float | None = None
) -> Draft:
    """Read the graph. `window_hours` is the time that counters without time stamps cover."""
    collector = Collector()
    collected = collect(paths, SUFFIXES)
    for passed in collected.passed_over:
        collector.ignored.add(Ignored(passed.shown, 1, "file", passed.why))
    samples = [
        sample
        for found in read_all(collected.files, lambda file: _samples(file, collector))
        for sample in found
    ]
    window = None if window_hours is None else window_hours * 3600
    failed = {_ends(each.first): each.grown for each in _summed(samples, FAILED, window)}
    for gap, said in GAPS.items():
        for each in _increases(samples, gap, window):
            if each.grown > 0:
                text = f"{each.grown:.0f} {said}: calls are missing from this graph"
                first = each.first
                collector.notes.add(Noted("incomplete", gap, text, first.file, first.line))
    calls, outside = [], {}
    for each in _summed(samples, TOTAL, window):
        calls.append(_call(each, failed.get(_ends(each.first), 0.0)))
        if each.first.label("connection_type") == "virtual_node":
            outside[each.first.label("server")] = "the graph shows it without spans of its own"
    place = paths[0].resolve()
    own = name or (place.name if place.is_dir() else place.stem)
    return draft_of(calls, outside, own, "otel-graph", collector)


def _ends(sample: Sample) -> tuple[str, str, str]:
    """What makes counters the same link's."""
    return sample.label("client"), sample.label("server"), sample.label("connection_type")


def _call(each: Increase, failed: float) -> SeenCall:
    first = each.first
    client, server, kind = _ends(first)
    calls = round(each.grown)
    time = (
        "over a time that nobody gave"
        if each.seconds is None
        else f"in {each.seconds / 3600:.3g} hours"
    )
    share = f", {round(failed)} of them failed" if failed else ""
    what = f"{calls} requests {time}{share}"
    if kind:
        what += f", connection_type={kind}"
    evidence = Evidence(first.file, first.line, first.path, what, EvidenceKind.SERVICE_GRAPH)
    return SeenCall(client, server, PROTOCOLS.get(kind), calls, each.seconds, evidence)


def _summed(samples: Iterable[Sample], name: str, window: float | None) -> list[Increase]:
    """The increase of each link: what several collectors counted of it is added up."""
    by_ends: dict[tuple[str, str, str], list[Increase]] = {}
    for each in _increases(samples, name, window):
        by_ends.setdefault(_ends(each.first), []).append(each)
    return [
        Increase(
            sum(each.grown for each in members),
            _longest(each.seconds for each in members),
            members[0].first,
        )
        for _, members in sorted(by_ends.items())
    ]


def _longest(times: Iterable[float | None]) -> float | None:
    known = [each for each in times if each is not None]
    return max(known, default=None)


def _increases(samples: Iterable[Sample], name: str, window: float | None) -> list[Increase]:
    """The increase of every counter of that name."""
    series: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
    for sample in samples:
        if sample.name == name:
            series.setdefault(sample.labels, []).append(sample)
    return [_increase(looks, window) for _, looks in sorted(series.items())]


def _increase(looks: list[Sample], window: float | None) -> Increase:
    """One counter over its looks; after a fall it counts from nothing again."""
    if all(each.at is not None for each in looks):
        looks = sorted(looks, key=lambda each: each.at or 0.0)
    if len(looks) == 1:
        return Increase(looks[0].value, window, looks[0])
    grown = 0.0
    for before, after in pairwise(looks):
        fell = after.value < before.value
        grown += after.value if fell else after.value - before.value
    first, last = looks[0].at, looks[-1].at
    seconds = window
    if first is not None and last is not None and last > first:
        seconds = last - first
    return Increase(grown, seconds, looks[0])


def _samples(file: SourceFile, collector: Collector) -> list[Sample]:
    """Every counter of one file that belongs to the graph; raises with all its faults."""
    faults: list[Fault] = []
    if file.text.lstrip().startswith("{"):
        found = list(_of_json(file, faults))
    else:
        found = list(_of_text(file, faults))
    if faults:
        raise InputError(
            "import-broken-documents", "broken samples", hint="mend them", faults=tuple(faults)
        )
    collector.saw(file.shown)
    for each in found:
        collector.saw(file.shown, each.name)
    return found


def _of_text(file: SourceFile, faults: list[Fault]) -> Iterator[Sample]:
    """The text exposition: one counter a line."""
    for number, raw in enumerate(file.text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            faults.append(Fault(str(file.path), number, "", "no line of the text exposition"))
            continue
        if not _is_ours(match["name"]):
            continue
        labels = _labels(match["labels"] or "")
        value = _number(match["value"])
        if labels is None or value is None:
            what = "the labels are broken" if labels is None else "the value is no count"
            faults.append(Fault(str(file.path), number, match["name"], what))
            continue
        at = int(match["time"]) / 1000 if match["time"] else None
        yield Sample(match["name"], labels, value, at, file.shown, number, match["name"])


def _is_ours(name: str) -> bool:
    return name in {TOTAL, FAILED} or name in GAPS


def _labels(text: str) -> tuple[tuple[str, str], ...] | None:
    """The labels, sorted; None where they are broken."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _LABEL.match(text, at)
        if match is None:
            return None
        value = _ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], match[2])
        found.append((match[1], value))
        at = match.end()
    return tuple(sorted(found))


def _number(written: object) -> float | None:
    """A count: finite and not below nothing."""
    try:
        value = float(str(written))
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _of_json(file: SourceFile, faults: list[Fault]) -> Iterator[Sample]:
    """The answer of a query: a vector of values, or a matrix of values over time."""

    def fault(line: int | None, path: str, message: str) -> None:
        faults.append(Fault(str(file.path), line, path, message))

    try:
        answer = json.loads(file.text)
    except json.JSONDecodeError as error:
        fault(error.lineno, "", error.msg)
        return
    except RecursionError:
        fault(None, "", "nests too deep")
        return
    data = answer.get("data")
    results = data.get("result") if isinstance(data, dict) else None
    if not isinstance(results, list):
        said = str(answer.get("error", "it has no data.result"))[:200]
        fault(1, "data.result", f"no answer of a query: {said}")
        return
    for index, series in enumerate(results):
        path = f"data.result[{index}]"
        metric = series.get("metric") if isinstance(series, dict) else None
        if not isinstance(series, dict) or not isinstance(metric, dict):
            fault(1, path, "wants a metric and its values")
            continue
        texts = {str(key): str(value) for key, value in metric.items()}
        # What a function was laid over (increase, sum by) has lost its name: it is the total.
        name = texts.pop("__name__", TOTAL)
        if not _is_ours(name):
            continue
        if name == TOTAL and not {"client", "server"} <= texts.keys():
            fault(1, f"{path}.metric", "wants the labels client and server: keep them in the query")
            continue
        labels = tuple(sorted(texts.items()))
        values = series.get("values")
        pairs = values if isinstance(values, list) else [series.get("value")]
        for pair in pairs:
            whole = pair if isinstance(pair, list) and len(pair) == 2 else [None, None]
            at, value = _number(whole[0]), _number(whole[1])
            if at is None or value is None:
                fault(1, path, "wants [time, value] with a finite count")
                continue
            yield Sample(name, labels, value, at, file.shown, 1, path)
