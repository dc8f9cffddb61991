"""summary.json: what a judged sweep found, in counts, causes and the names of who answers for what.

Written by `judging.py`, read by the commands, by gates and by whoever leads a run. It is complete
by itself: rules are kept with their words, so that it stays true when probes.yaml changes.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from migrator.errors import EnvironmentFailed
from migrator.probes.causes import Cause
from migrator.probes.model import SUMMARY_FILE
from migrator.probes.verdicts import GREEN, KNOWN, WORSE, Verdict

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Counts:
    """How many links of a pair of subsystems have a verdict for a reason."""

    target_subsystem: str
    source_subsystem: str
    verdict: str
    reason: str
    links: int
    touched: int  # of them, those of the members that the sweep is for


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver and how many links it covers; `ended` ones cover none."""

    who: str
    why: str
    until: str
    ended: bool
    links: int


@dataclass(frozen=True, slots=True)
class Untested:
    """A rule for what cannot be tested, and how many links it is for."""

    reason: str
    owner: str
    watch: str
    links: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sweep found.

    `suspects` counts looks that were much slower and too few to be sure; looking at them again
    (`again.py`) makes it sure. `dark` counts links that answered in the baseline and of which
    nothing is known now, those whose end is between the sides left out. `examined` is how many
    worse links the causes were found among.
    """

    sweep: str
    purpose: str
    scope: str
    baseline: str
    day: str
    links: int
    touched: int
    counts: tuple[Counts, ...]
    examples: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    unexplained: int = 0
    examined: int = 0
    waived: tuple[Waived, ...] = ()
    untestable: tuple[Untested, ...] = ()
    lost: dict[str, str] = field(default_factory=dict)
    suspects: int = 0
    dark: int = 0
    results_digest: str = ""
    warnings: tuple[str, ...] = ()

    def number(self, *verdicts: Verdict) -> int:
        """How many links have one of these verdicts."""
        wanted = {each.value for each in verdicts}
        return sum(each.links for each in self.counts if each.verdict in wanted)

    @property
    def worse(self) -> int:
        """Links that are worse than before: what holds a wave."""
        return self.number(*WORSE)

    @property
    def green(self) -> int:
        """Links that are proved to work."""
        return self.number(*GREEN)

    @property
    def known(self) -> int:
        """Links of which something was seen."""
        return self.number(*KNOWN)

    def reasons(self, verdict: Verdict) -> dict[str, int]:
        """Why links have that verdict, the most frequent reason first."""
        found: Counter[str] = Counter()
        for each in self.counts:
            if each.verdict == verdict.value:
                found[each.reason] += each.links
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def summary_facts(summary: Summary) -> dict[str, object]:
    """A summary as plain JSON data."""
    return {"version": VERSION, **asdict(summary)}


def read_summary(folder: Path) -> Summary | None:
    """The summary in a sweep's folder; None where it was not judged yet."""
    path = folder / SUMMARY_FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts.pop("version") != VERSION:
            raise _unreadable(path, "it is of another version of migrator")
        return Summary(
            **{
                **facts,
                "counts": tuple(Counts(**each) for each in facts["counts"]),
                "causes": tuple(_cause(each) for each in facts["causes"]),
                "waived": tuple(Waived(**each) for each in facts["waived"]),
                "untestable": tuple(Untested(**each) for each in facts["untestable"]),
                "examples": tuple(facts["examples"]),
                "warnings": tuple(facts["warnings"]),
            }
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(path, "it is not whole") from error


def _cause(facts: dict[str, object]) -> Cause:
    """A cause from JSON, where pairs have become lists."""
    pairs = ("attributes", "words")
    lists = {name: tuple(tuple(pair) for pair in _list(facts[name])) for name in pairs}
    return Cause(**{**facts, **lists, "examples": tuple(_list(facts["examples"]))})  # type: ignore[arg-type]


def _list(value: object) -> list[list[object]]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _unreadable(path: Path, why: str) -> EnvironmentFailed:
    return EnvironmentFailed(
        "sweep-unreadable",
        f"{path} cannot be used: {why}",
        hint="remove the file and judge the sweep again; its results are not touched by that",
    )
