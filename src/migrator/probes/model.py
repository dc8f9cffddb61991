"""The facts of sweeps: what an inventory declares, what a plan of looks is, what its files hold.

Everybody in `probes/` and the commands above it build on these. Built by `declared.py` (from
`probes.yaml`) and `planning.py`; plain frozen data that go through JSON to the child processes.
Nothing here reads a file, and nothing here imports DuckDB or pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Final, Literal, TypeAlias

from migrator.ids import ComponentId, SubsystemId
from migrator.probes.agent import wire

SideWord: TypeAlias = Literal["old", "new"]
"""Where a component lives, or is looked for; `wire.OLD` and `wire.NEW`."""

OLD: Final[SideWord] = "old"
NEW: Final[SideWord] = "new"
SIDES: Final[tuple[SideWord, ...]] = (OLD, NEW)


# --- What probes.yaml declares ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Caps:
    """How much a sweep may ask of one vantage point, one target and one network (/24 or /64)."""

    in_flight: int = 256
    per_second: float = 500.0
    target_at_once: int = 1
    target_per_second: float = 20.0
    network_per_second: float = 200.0

    def on_the_wire(self) -> wire.Caps:
        """The same as an agent hears them."""
        return wire.Caps(
            in_flight=self.in_flight,
            per_second=self.per_second,
            target_at_once=self.target_at_once,
            target_per_second=self.target_per_second,
            network_per_second=self.network_per_second,
        )


@dataclass(frozen=True, slots=True)
class Patience:
    """A look counts as ok once `need` tries were, of at most `of`, each of `seconds` at most."""

    need: int = 1
    of: int = 3
    seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class Here:
    """A vantage point that is this machine."""

    id: str


@dataclass(frozen=True, slots=True)
class OverSsh:
    """A vantage point on an old host: `host` is a name of ssh's own configuration."""

    id: str
    host: str
    python: str = "python3"  # the program's name on that host


@dataclass(frozen=True, slots=True)
class InPod:
    """A prober pod with the labels and the service account of a workload, in its namespace."""

    id: str
    namespace: str
    workload: str  # Deployment/folkbok
    image: str = ""  # empty: as the command or the wiring says
    python: str = "python3"


VantagePoint: TypeAlias = Here | OverSsh | InPod


@dataclass(frozen=True, slots=True)
class Stand:
    """Which vantage point speaks for whom, by the side where the caller is; the first match wins.

    Without component and subsystem it matches everybody. An empty side has no vantage point.
    """

    component: ComponentId | None
    subsystem: SubsystemId | None
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a target answers. `port` None: the link's own."""

    host: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """Where one component answers: by its own side, and then by the side of who calls."""

    old_from_old: Address | None = None
    old_from_new: Address | None = None
    new_from_old: Address | None = None
    new_from_new: Address | None = None

    def at(self, target: SideWord, caller: SideWord) -> Address | None:
        """The address of a target on that side for a caller on that side; None: not declared."""
        if target == OLD:
            return self.old_from_old if caller == OLD else self.old_from_new
        return self.new_from_old if caller == OLD else self.new_from_new


@dataclass(frozen=True, slots=True)
class Match:
    """Which links a rule is for: every key that is given must agree; none given means all.

    `component` and `subsystem` are the target's. `source` and `source_subsystem` are known to
    `untestable` and `waived` alone, as a check belongs to the target.
    """

    protocol: str | None = None
    component: ComponentId | None = None
    subsystem: SubsystemId | None = None
    port: int | None = None
    source: ComponentId | None = None
    source_subsystem: SubsystemId | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class CheckRule:
    """What is asked of the links that match; the first rule that matches wins.

    `args` are what the kind asks for, as canonical JSON text. `old` and `new` are the marks that
    only that side's answer holds. What is None comes from the patience or from the kind.
    """

    match: Match
    kind: str
    tls: bool | None = None
    args: str = "{}"
    old: str = ""
    new: str = ""
    server_name: str = ""
    seconds: float | None = None
    need: int | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Untestable:
    """Links that cannot be tested: why, whose they are, and what is watched instead."""

    match: Match
    reason: str
    owner: str
    watch: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """Links that somebody answers for until a day, that day included."""

    match: Match
    who: str
    why: str
    until: date


@dataclass(frozen=True, slots=True)
class Declared:
    """A checked probes.yaml. Without one nothing is ever probed.

    `allow` are networks in their usual text; nothing outside of them is touched. `digest` is the
    SHA-256 of the canonical content (64 hex digits).
    """

    allow: tuple[str, ...]
    caps: Caps
    patience: Patience
    vantages: tuple[VantagePoint, ...]
    stands: tuple[Stand, ...]
    addresses: Mapping[ComponentId, Answers]
    checks: tuple[CheckRule, ...] = ()
    untestable: tuple[Untestable, ...] = ()
    waived: tuple[Waiver, ...] = ()
    sample: float = 0.02  # of the links that a wave does not touch
    digest: str = ""
    commands: bool = False  # programs may be run as checks: said by who looks, never in the file

    def vantage(self, name: str) -> VantagePoint | None:
        """The vantage point of that id."""
        return next((each for each in self.vantages if each.id == name), None)


# --- A sweep that was planned ----------------------------------------------------------------


class Purpose(Enum):
    """Why links are looked at. It says which links, and from and at which side."""

    BASELINE = "baseline"  # before a move: as everything stands now
    AHEAD = "ahead"  # before a switch: the new side, as if the members were switched
    PROBE_LINKS = "probe-links"  # right after a switch
    SOAK = "soak"  # the same again, through the soak
    PROVE_BACK = "prove-back"  # after an unwind: the old links again
    ALL = "all"  # every link, whoever moves


class NoLook(Enum):
    """Why a link has no look; the words of the column `reason`."""

    UNTESTABLE = "untestable"  # declared so, with an owner
    WAIVED = "waived"  # somebody answers for it
    NO_VANTAGE = "no-vantage"  # nobody speaks for its caller on that side
    NO_ADDRESS = "no-address"  # its target has no address on that side
    NO_PORT = "no-port"  # neither the address nor the link has one, and the check needs one
    NO_CHECK = "no-check"  # no check says anything of its protocol unless a rule tells it what
    NOT_ALLOWED = "not-allowed"  # its address stands outside the allow-list
    NO_SIDE = "no-side"  # nobody holds authority over its target, or over its caller, now
    SAME_ADDRESS = "same-address"  # ahead only: both sides of its target answer at one address
    UNCHANGED = "unchanged"  # only_changed: the same look proved it in the earlier sweep


@dataclass(frozen=True, slots=True)
class VantagePlan:
    """One vantage point's part of a sweep.

    `caps` are the declared ones, `target_per_second` and `network_per_second` divided where
    several vantage points look at one target, so that all of them together keep to its cap.
    `seconds` is how long the caps make it last if every look is answered at once.
    """

    id: str
    looks: int
    caps: Caps
    seconds: float


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """A sweep as `sweep.json` keeps it.

    `scope` names what it is for (a wave, a move, empty for everything) and `members` its
    subsystems. `links` counts the links in scope, `touched` those of the members, the rest of
    them being the sample. `reasons` counts the links without a look. `since` is the id of the
    earlier sweep that an only_changed one leans on. `seconds` is the longest of the vantage
    points' times.
    """

    id: str
    folder: Path
    purpose: Purpose
    scope: str
    members: tuple[SubsystemId, ...]
    seed: int
    links: int
    touched: int
    looks: int
    reasons: dict[str, int]
    vantages: tuple[VantagePlan, ...]
    seconds: float
    since: str = ""
    declared_digest: str = ""
    links_digest: str = ""
    sides: dict[SubsystemId, str] = field(default_factory=dict)  # new, or none; absent: old
    warnings: tuple[str, ...] = ()


# --- The folder of a sweep -------------------------------------------------------------------

VERSION: Final = 1

SWEEP_FILE: Final = "sweep.json"
LINKS_FILE: Final = "links.parquet"
LOOKS_FILE: Final = "looks.parquet"
LOOKS_FOLDER: Final = "looks"  # looks/<vantage>.jsonl: the lines for the agent, in order
RESULTS_FOLDER: Final = "results"  # results/<vantage>.jsonl: what came back, as it came
RESULTS_FILE: Final = "results.parquet"  # the same in columns, one row a look, made when judged
VERDICTS_FILE: Final = "verdicts.parquet"
SUMMARY_FILE: Final = "summary.json"


def lines_file(folder: Path, vantage: str) -> Path:
    """Where the looks of a vantage point stand, without the header line."""
    return folder / LOOKS_FOLDER / f"{vantage}.jsonl"


def results_file(folder: Path, vantage: str) -> Path:
    """Where what a vantage point saw is appended."""
    return folder / RESULTS_FOLDER / f"{vantage}.jsonl"


Columns: TypeAlias = tuple[tuple[str, str], ...]
"""Names and DuckDB types, in the file's order."""

LINKS_COLUMNS: Final[Columns] = (
    ("link", "VARCHAR"),
    ("look", "VARCHAR"),  # empty: none, and `reason` says why
    ("reason", "VARCHAR"),  # a word of NoLook; empty: there is a look
    ("rule", "INTEGER"),  # of `untestable` or `waived`, counted from 0; else null
    ("touched", "BOOLEAN"),  # a member's link; false: of the sample
    ("source", "VARCHAR"),
    ("target", "VARCHAR"),
    ("source_subsystem", "VARCHAR"),
    ("target_subsystem", "VARCHAR"),
    ("protocol", "VARCHAR"),
    ("port", "INTEGER"),  # the link's own; null: none
    ("criticality", "INTEGER"),
    ("vantage", "VARCHAR"),  # who speaks for the caller; empty: nobody
    ("expected", "VARCHAR"),  # the side whose mark the answer should hold: old or new
)
"""links.parquet: one row a link in scope, in no order. Either `look` or `reason` is filled."""

LOOKS_COLUMNS: Final[Columns] = (
    ("look", "VARCHAR"),
    ("vantage", "VARCHAR"),
    ("place", "INTEGER"),  # in the vantage point's order, from 1
    ("kind", "VARCHAR"),
    ("host", "VARCHAR"),
    ("port", "INTEGER"),
    ("criticality", "INTEGER"),  # the highest of its links
    ("links", "INTEGER"),  # how many it is the look of
    ("marked", "BOOLEAN"),  # whether the answer can tell the sides apart
    ("rule", "INTEGER"),  # of `checks`, counted from 0; null: by the link's protocol
)
"""looks.parquet. `look` is made from the vantage point, the address, the port and the check alone,
so the same look has the same id in every sweep, and another id if any of them changed."""

RESULTS_COLUMNS: Final[Columns] = (
    ("look", "VARCHAR"),
    ("vantage", "VARCHAR"),
    ("word", "VARCHAR"),
    ("side", "VARCHAR"),
    ("oks", "INTEGER"),
    ("tries", "INTEGER"),
    ("connect_ms", "DOUBLE"),
    ("total_ms", "DOUBLE"),
    ("detail", "VARCHAR"),
    ("source_address", "VARCHAR"),
    ("address", "VARCHAR"),
)
"""results.parquet: `wire.Result` in columns, the last whole line of each look."""

VERDICTS_COLUMNS: Final[Columns] = (
    ("link", "VARCHAR"),
    ("look", "VARCHAR"),
    ("verdict", "VARCHAR"),  # same, better, regressed, was_broken, flaky, slower, wrong_side, ...
    ("reason", "VARCHAR"),  # of untestable, waived and unproved
    ("rule", "INTEGER"),  # of `untestable` or `waived`, counted from 0; else null
    ("expected", "VARCHAR"),
    ("side", "VARCHAR"),
    ("word", "VARCHAR"),
    ("total_ms", "DOUBLE"),
    ("before_word", "VARCHAR"),  # of the baseline; empty: it did not look
    ("before_ms", "DOUBLE"),
    ("cause", "INTEGER"),  # the cause's number in summary.json; null: none
)
"""verdicts.parquet: one row a link in scope; `verdicts.py` says what each word means."""
