"""What a dry run on a server found: each trial, how far it got, and what was left untried. Pure.

Made by `dry_running.py`, shown by `migrator dry-run --context`. A trial is one write of one act, or
an act that writes nothing; what could not be tried is a trial as well, with the reason, because a
silent gap is what a dry run is believed not to have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Reach(Enum):
    """How far a trial got."""

    SERVER = "server"  # the server judged exactly this write, and stored nothing
    SIMULATED = "simulated"  # only the simulated platform performs it
    NOT = "not"  # nothing and nobody


@dataclass(frozen=True, slots=True)
class Trial:
    """One write of one act, or an act without one. `why` says why it got no further."""

    subsystem: str
    act: str
    what: str  # kind/namespace/name; empty: the act as a whole
    reach: Reach
    word: str = ""  # what the server would do: created, configured, unchanged, deleted
    why: str = ""
    fault: str = ""  # what would keep the act from being done
    reference: str = ""  # of the page about that fault
    conflicts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The act and the object as people name them."""
        return " ".join(word for word in (self.subsystem, self.act, self.what) if word)


@dataclass(frozen=True, slots=True)
class Changed:
    """An object that is not what it was before the dry run, and who wrote it since."""

    what: str
    managers: tuple[str, ...]
    by_us: bool


@dataclass(frozen=True, slots=True)
class ServerDryRun:
    """The whole of it. `compared` is how many objects were looked at before and after."""

    trials: tuple[Trial, ...]
    compared: int
    changed: tuple[Changed, ...]

    @property
    def counts(self) -> Mapping[Reach, int]:
        """How many trials got how far; each reach stands in it."""
        counted = Counter(trial.reach for trial in self.trials)
        return {reach: counted[reach] for reach in Reach}

    @property
    def by_act(self) -> Mapping[str, Mapping[Reach, int]]:
        """The same for each kind of step and undo, in the order in which they come."""
        acts = dict.fromkeys(trial.act for trial in self.trials)
        return {
            act: {
                reach: sum((t.act, t.reach) == (act, reach) for t in self.trials) for reach in Reach
            }
            for act in acts
        }

    @property
    def faults(self) -> tuple[Trial, ...]:
        """What would keep an act from being done."""
        return tuple(trial for trial in self.trials if trial.fault)

    @property
    def coverage(self) -> float:
        """The share of trials that the server judged, in per cent, rounded down to a tenth.

        Nothing to try is no coverage.
        """
        if not self.trials:
            return 0.0
        return (1000 * self.counts[Reach.SERVER] // len(self.trials)) / 10

    @property
    def passed(self) -> bool:
        """Whether nothing would be refused and nothing of ours was changed."""
        return not self.faults and not any(changed.by_us for changed in self.changed)

    def untried(self) -> Mapping[tuple[Reach, str], tuple[Trial, ...]]:
        """What the server did not judge, by how far it got and why."""
        found: dict[tuple[Reach, str], list[Trial]] = {}
        for trial in self.trials:
            if trial.reach is not Reach.SERVER:
                found.setdefault((trial.reach, trial.why), []).append(trial)
        return {key: tuple(trials) for key, trials in found.items()}
