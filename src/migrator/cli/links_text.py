"""The words of `migrator links`: coverage, lists, causes and one link's history, as text and facts.

Called by `links.py` only. Made for a person at 03:00 on a terminal of 80 columns: the one line that
matters comes first, then who must act, then the table.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.probes.causes import sentence
from migrator.probes.coverage import coverage_facts, share, why
from migrator.probes.verdicts import WORSE, Verdict

if TYPE_CHECKING:
    from migrator.probes.coverage import Coverage, Covered
    from migrator.probes.summary import Summary

WIDE: Final = 100
"""From this many columns on there is room for owners beside the figures."""

UNPROVED_SHOWN_MAX: Final = 12
ASIDE_SHOWN_MAX: Final = 8
SUBSYSTEMS_SHOWN_MAX: Final = 20

SAID: Final = {
    Verdict.REGRESSED: "answered before, and do not now",
    Verdict.WRONG_SIDE: "are answered by the other side",
    Verdict.SLOWER: "answer, by far more slowly",
    Verdict.FLAKY: "answer, and not every time",
    Verdict.WAS_BROKEN: "did not answer before either",
    Verdict.UNPROVED: "nothing is known of them",
    Verdict.UNTESTABLE: "have an owner who watches them otherwise",
    Verdict.WAIVED: "somebody answers for them",
}
"""What is not simply good, the worst first."""


def width() -> int:
    """How wide the terminal is; as wide as paper where nobody looks."""
    return shutil.get_terminal_size((WIDE, 24)).columns


def cut(text: str, most: int) -> str:
    """A text that fits."""
    return text if len(text) <= most else text[: max(most - 1, 0)] + "…"


def overview(
    estate: str,
    summaries: Sequence[Summary],
    covered: Coverage,
    aside: Sequence[Mapping[str, object]],
    columns: int,
) -> Iterator[str]:
    """Everything that is known, in one screen."""
    whole = covered.whole
    about = f"{estate}: {whole.links:,} links" if estate else f"{whole.links:,} links"
    yield f"{about}, {whole.proved:,} proved ({share(whole.proved, whole.links)})"
    if not summaries:
        yield "no sweep was made or judged yet"
    digits = len(f"{whole.links:,}")
    for verdict, said in SAID.items():
        number = whole.number(verdict)
        if number:
            name = verdict.value.replace("_", " ")
            line = f"  {number:>{digits},}  {name:<10}  {said}"
            yield output.colour(line, "red") if verdict in WORSE else line
    if whole.worse:
        yield "(--causes says why, --regressed lists them)"
    yield from _unproved(covered, columns)
    yield from _set_aside_by(aside, columns)
    yield from _by_subsystem(covered, columns)
    for summary in summaries[-1:]:
        yield from _warnings(summary, columns)


def _unproved(covered: Coverage, columns: int) -> Iterator[str]:
    """What is unproved, why, and whose it is."""
    if not covered.unproved:
        return
    yield ""
    yield "Unproved, why, and who can change that:"
    shown = covered.unproved[:UNPROVED_SHOWN_MAX]
    number = max(len(f"{each.links:,}") for each in shown)
    reason = max(len(why(each.reason)) for each in shown)
    subsystem = min(max(len(each.subsystem) for each in shown), 20 if columns < WIDE else 40)
    known = any(each.owner for each in shown)
    for each in shown:
        owner = (each.owner or "nobody is known") if known else ""
        line = (
            f"  {each.links:>{number},}  {why(each.reason):<{reason}}"
            f"  {cut(each.subsystem, subsystem):<{subsystem}}  {owner}"
        )
        yield cut(line.rstrip(), columns)
    rest = covered.unproved[UNPROVED_SHOWN_MAX:]
    if rest:
        yield f"  {sum(each.links for each in rest):,} more in {len(rest)} lines: --format json"


def _set_aside_by(aside: Sequence[Mapping[str, object]], columns: int) -> Iterator[str]:
    """Who answers for links that are not judged, why, and what is watched instead."""
    if not aside:
        return
    yield ""
    yield "Set aside, by whom, and why:"
    shown = aside[:ASIDE_SHOWN_MAX]
    number = max(len(f"{each['links']:,}") for each in shown)
    for each in shown:
        line = f"  {each['links']:>{number},}  {_set_aside(each, str(each['verdict']), '')}"
        yield from textwrap.wrap(line, columns, subsequent_indent=" " * (number + 4))
    if len(aside) > len(shown):
        yield f"  and {len(aside) - len(shown)} rules more: --format json"


def _by_subsystem(covered: Coverage, columns: int) -> Iterator[str]:
    """The table by who answers; the subsystems with the least proved first."""
    if not covered.subsystems:
        return
    yield ""
    order = sorted(
        covered.subsystems, key=lambda each: (-each.worse, each.proved - each.links, each.subsystem)
    )
    header = ["answered by", "links", "proved", "worse", "broken", "flaky", "unproved", "set aside"]
    shown, rest = order[:SUBSYSTEMS_SHOWN_MAX], order[SUBSYSTEMS_SHOWN_MAX:]
    rows = [_row(each, columns) for each in shown]
    if columns >= WIDE:
        header.append("owner")
        rows = [[*row, cut(each.owner, 20)] for row, each in zip(rows, shown, strict=True)]
    yield output.table(header, rows)
    if rest:
        worse = sum(each.worse for each in rest)
        said = f"{worse:,} links of them worse" if worse else "nothing worse"
        yield f"{len(rest)} more subsystems, {said}: --format json"


def _row(each: Covered, columns: int) -> list[object]:
    aside = each.number(Verdict.UNTESTABLE, Verdict.WAIVED)
    return [
        cut(each.subsystem, 18 if columns < WIDE else 30),
        each.links,
        share(each.proved, each.links),
        each.worse,
        each.number(Verdict.WAS_BROKEN),
        each.number(Verdict.FLAKY),
        each.number(Verdict.UNPROVED),
        aside,
    ]


def _warnings(summary: Summary, columns: int) -> Iterator[str]:
    said = [f"vantage point {name} was lost: {reason}" for name, reason in summary.lost.items()]
    said += summary.warnings
    if said:
        yield ""
        yield f"To know of {summary.sweep}:"
        for each in said:
            yield from textwrap.wrap(each, columns, initial_indent="  ", subsequent_indent="    ")


# --- Lists -----------------------------------------------------------------------------------


def listed(rows: Sequence[Mapping[str, object]], number: int, columns: int) -> Iterator[str]:
    """Links, two lines each: who calls whom, and what is known of it."""
    if not number:
        yield "no such links"
        return
    for row in rows:
        port = f":{row['port']}" if row["port"] else ""
        yield cut(f"{row['link']}  {row['source']} -> {row['target']}{port}", columns)
        yield cut(f"    {_known(row)}", columns)
    if number > len(rows):
        yield f"{number - len(rows):,} more; all of them: -o FILE.csv"


def _known(row: Mapping[str, object]) -> str:
    """What is known of one link, in a line."""
    verdict, reason = str(row["verdict"]), str(row["reason"] or "")
    parts = [verdict.replace("_", " ")]
    if verdict == Verdict.UNPROVED.value:
        parts = [f"unproved: {why(reason)}"]
    elif verdict in {Verdict.WAIVED.value, Verdict.UNTESTABLE.value}:
        parts = [_set_aside(row, verdict, reason)]
    elif reason:
        parts[0] += f" ({reason.replace('-', ' ')})"
    word = str(row["word"] or "")
    if word and word != "ok":
        detail = str(row["detail"] or "")
        parts.append(f"{word}: {detail}" if detail else word)
    if verdict == Verdict.SLOWER.value:
        parts.append(f"{_ms(row['before_ms'])} before, {_ms(row['total_ms'])} now")
    if verdict == Verdict.WRONG_SIDE.value:
        parts.append(f"answered by {row['side']}, expected {row['expected']}")
    return "; ".join(parts)


def _set_aside(row: Mapping[str, object], verdict: str, reason: str) -> str:
    """Who answers for a link that is not judged, why, and what instead."""
    owner = row["owner"] or "nobody is named"
    if verdict == Verdict.UNTESTABLE.value:
        instead = f"; instead: {row['instead']}" if row["instead"] else ""
        return f"untestable: {row['why']}; owner: {owner}{instead}"
    bare = f" ({reason.replace('_', ' ').replace('-', ' ')})" if reason else ""
    until = f" until {row['until']}" if row["until"] else ""
    return f"waived{bare} by {owner}{until}: {row['why']}"


def _ms(value: object) -> str:
    return f"{value:,.0f} ms" if isinstance(value, float) else "unknown"


def causes(summaries: Sequence[Summary]) -> Iterator[str]:
    """Why so much is worse, a sweep at a time, the newest first."""
    if not summaries:
        yield "nothing is worse than before"
    for summary in reversed(summaries):
        yield f"{summary.sweep}: {summary.worse:,} links are worse than before"
        if summary.examined < summary.worse:
            yield f"  ({summary.examined:,} of them, taken evenly, were examined)"
        for number, cause in enumerate(summary.causes, start=1):
            yield f"  {number:>2}. {sentence(cause)}"
            yield f"      e.g. {', '.join(cause.examples)}"
        if summary.unexplained:
            yield f"      and {summary.unexplained:,} more links that no line above explains"


def history(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """One link through all sweeps, the oldest first."""
    last = rows[-1]
    port = f":{last['port']}" if last["port"] else ""
    yield f"{last['link']}: {last['source']} -> {last['target']}{port} ({last['protocol']})"
    named = max(len(str(row["sweep"])) for row in rows)
    for row in rows:
        seen = f", {_ms(row['total_ms'])}" if isinstance(row["total_ms"], float) else ""
        place = f", from {row['vantage']}" if row["vantage"] else ""
        yield f"  {row['sweep']:<{named}}  {_known(row)}{seen}{place}"


# --- Facts -----------------------------------------------------------------------------------


def facts(
    summaries: Sequence[Summary],
    covered: Coverage,
    aside: Sequence[Mapping[str, object]],
    rows: Sequence[Mapping[str, object]],
    number: int,
    explained: Sequence[Summary],
) -> dict[str, object]:
    """The same for programs."""
    return {
        "sweeps": [coverage_facts(summary) for summary in summaries],
        "whole": _covered(covered.whole),
        "subsystems": [_covered(each) for each in covered.subsystems],
        "unproved": [{**asdict(each), "why": why(each.reason)} for each in covered.unproved],
        "set_aside": list(aside),
        "matching": number,
        "links": list(rows),
        "causes": [
            {
                "sweep": summary.sweep,
                "worse": summary.worse,
                "examined": summary.examined,
                "unexplained": summary.unexplained,
                "causes": [
                    {**asdict(cause), "sentence": sentence(cause)} for cause in summary.causes
                ],
            }
            for summary in explained
        ],
    }


def _covered(each: Covered) -> dict[str, object]:
    return {
        "subsystem": each.subsystem,
        "owner": each.owner,
        "links": each.links,
        "proved": each.proved,
        "worse": each.worse,
        "known": each.known,
        "by_verdict": {verdict.value: each.number(verdict) for verdict in Verdict},
    }
