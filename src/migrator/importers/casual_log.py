"""Links from Casual's service logs: which domain's services call which, how often, how well.

Called by `cli/imports_live.py`. A call between domains stands in two logs: as an outgoing row
(order C) of the caller's gateway, and as a row of the called service. It is counted once, by the
called side's rows where they can be told apart. A service belongs to the domain whose log shows it
at work; who called is found by the parent's name. What no log explains is named and never dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from migrator.errors import Fault, InputError
from migrator.ids import ComponentId, SubsystemId
from migrator.importers.casual_log_lines import MICROSECONDS, DomainLog, PairSum, read_log
from migrator.importers.coverage import Collector, Ignored, Noted, Unresolved
from migrator.importers.draft import Draft, DraftComponent, DraftSubsystem, as_id, unique_id
from migrator.importers.evidence import Evidence, EvidenceKind, FoundLink, merge
from migrator.importers.otel_graph_draft import SECONDS_PER_DAY
from migrator.inventory.model import Kind


@dataclass(frozen=True, slots=True)
class _Call:
    """Calls of one service by another, from one domain to another."""

    caller: str
    called: str
    pair: tuple[str, str]
    calls: int
    seen: PairSum


def read_casual_log(words: Sequence[str], name: str = "", *, delimiter: str = "|") -> Draft:
    """Read logs, each given as FILE or DOMAIN=FILE; a file alone is its domain's by its name."""
    if not delimiter:
        raise InputError(
            "import-broken-documents",
            "the delimiter is empty",
            hint="name the sign between the columns with --delimiter, or leave the option away",
        )
    collector = Collector()
    logs = _read(words, delimiter, collector)
    at_work: dict[str, set[str]] = {}
    for log in logs.values():
        for (_, service), seen in log.pairs.items():
            if seen.calls > seen.outgoing:
                at_work.setdefault(service, set()).add(log.domain)
    calls = [call for log in logs.values() for call in _calls(log, logs, at_work, collector)]
    ids: dict[str, str] = {}
    for domain in sorted(logs):
        ids[domain] = unique_id(as_id(domain), ids.values())
    sums: dict[tuple[str, str], int] = {}
    for call in calls:
        ends = (call.caller, call.called)
        sums[ends] = sums.get(ends, 0) + call.calls
    found = [
        FoundLink(
            ComponentId(ids[call.caller]),
            ComponentId(ids[call.called]),
            "xatmi",
            None,
            _evidence(call),
            _per_day(sums[call.caller, call.called], logs[call.caller], logs[call.called]),
        )
        for call in calls
    ]
    subsystems = tuple(
        DraftSubsystem(
            SubsystemId(own),
            domain,
            Kind.STATELESS,
            "a domain that was seen in service logs; nothing says what it keeps",
            (DraftComponent(ComponentId(own), domain, "process", None),),
        )
        for domain, own in sorted(ids.items(), key=lambda item: item[1])
    )
    first = next(iter(logs.values())).domain
    return Draft(name or first, subsystems, merge(found, {}), (), collector.freeze("casual-log"))


def _read(words: Sequence[str], delimiter: str, collector: Collector) -> dict[str, DomainLog]:
    """The logs by domain; several files of one domain are one log."""
    named = [_named(word) for word in words]
    missing = [
        Fault(str(path), None, "", "there is no such file")
        for _, path in named
        if not path.is_file()
    ]
    if missing:
        raise InputError(
            "import-path-missing",
            "nothing can be read there",
            hint="name files that exist, as FILE or DOMAIN=FILE",
            faults=tuple(missing),
        )
    logs: dict[str, DomainLog] = {}
    for domain, path in sorted(named):
        log = logs.setdefault(domain, DomainLog(domain))
        before = log.lines
        read_log(path, path.name, delimiter, log)
        collector.saw(path.name)
        collector.kinds[path.name]["line"] = log.lines - before
    for domain, log in logs.items():
        for fault in log.faults:
            collector.ignored.add(Ignored(fault.file, fault.line or 1, "line", fault.message))
        if log.broken:
            said = f"{log.broken} of {log.lines} lines are no lines of a service log"
            collector.notes.add(Noted("broken lines", domain, said, log.faults[0].file, 1))
        if log.cut:
            said = "the last line is cut off: the log was being written"
            collector.notes.add(Noted("cut line", domain, said, domain, 1))
    return logs


def _named(word: str) -> tuple[str, Path]:
    """The domain and the file that one word of the command names."""
    domain, equals, rest = word.partition("=")
    if equals and domain and not Path(word).exists():
        return domain, Path(rest)
    return Path(word).name.partition(".")[0] or word, Path(word)


def _calls(
    log: DomainLog, logs: dict[str, DomainLog], at_work: dict[str, set[str]], collector: Collector
) -> list[_Call]:
    """The calls that this log tells of and that go to, or come from, another domain."""
    found: list[_Call] = []
    entries = 0
    for pair, seen in sorted(log.pairs.items()):
        parent, service = pair
        if seen.outgoing:
            found += _outgoing(log, pair, seen, logs, at_work, collector)
        inside = seen.calls - seen.outgoing
        if not inside:
            continue
        if not parent:
            entries += inside
            continue
        owners = at_work.get(parent, set())
        callers = [
            each.domain
            for each in logs.values()
            if each is not log and (known := each.pairs.get(pair)) and known.outgoing
        ]
        if log.domain in owners or callers:
            continue  # a call inside the domain, or one that the caller's own row tells of
        if len(owners) == 1:
            found.append(_Call(next(iter(owners)), log.domain, pair, inside, seen))
        else:
            why = f"{', '.join(sorted(owners))} all run it" if owners else "no log shows it at work"
            collector.unresolved.add(
                Unresolved(log.domain, f"caller {parent}", why, seen.file, seen.line, service)
            )
    if entries:
        said = f"{entries} calls without a caller: they come from outside, a forward or a program"
        collector.notes.add(Noted("entry points", log.domain, said, log.domain, 1))
    return found


def _outgoing(
    log: DomainLog,
    pair: tuple[str, str],
    seen: PairSum,
    logs: dict[str, DomainLog],
    at_work: dict[str, set[str]],
    collector: Collector,
) -> list[_Call]:
    """The calls of one pair that left the domain; counted by the called side where it is sure."""
    service = pair[1]
    targets = sorted(at_work.get(service, set()) - {log.domain})
    if len(targets) != 1:
        why = (
            f"{', '.join(targets)} all run it"
            if targets
            else f"{seen.outgoing} calls left for it, and no log of the other domain was read"
        )
        collector.unresolved.add(
            Unresolved(log.domain, f"service {service}", why, seen.file, seen.line, pair[0])
        )
        return []
    other = logs[targets[0]].pairs.get(pair)
    senders = [each for each in logs.values() if (known := each.pairs.get(pair)) and known.outgoing]
    if other is not None and len(senders) == 1:
        return [_Call(log.domain, targets[0], pair, other.calls - other.outgoing, other)]
    return [_Call(log.domain, targets[0], pair, seen.outgoing, seen)]


def _per_day(calls: int, *logs: DomainLog) -> int | None:
    """Calls a day over the longer of the two logs' times; None where there is no time at all."""
    seconds = max(log.last - log.first for log in logs) / MICROSECONDS
    return max(round(calls * SECONDS_PER_DAY / seconds), 1) if seconds >= 1 else None


def _evidence(call: _Call) -> Evidence:
    seen = call.seen
    hour = max(range(24), key=lambda each: (seen.hours[each], -each))
    since, until = (
        datetime.fromtimestamp(each / MICROSECONDS, UTC).strftime("%Y-%m-%dT%H:%MZ")
        for each in (seen.first, seen.last)
    )
    parent, service = call.pair
    what = (
        f"{parent or '(nobody)'} called {service} {call.calls} times from {since} to {until}, "
        f"{100 * seen.failed / seen.calls:.3g} % failed, 95 of 100 within "
        f"{seen.p95_milliseconds():.3g} ms, busiest hour {hour:02d} UTC"
    )
    if seen.in_transaction:
        what += ", in transactions"
    return Evidence(seen.file, seen.line, "", what, EvidenceKind.SERVICE_LOG)
